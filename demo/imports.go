package demo

import (
	"bytes"
	"encoding/xml"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

func (s *Server) importRoutes() []route {
	return []route{
		{method: "POST", pattern: "/v1/collections/{slug}/import", id: "importPage", tag: "knowledge", summary: "Add a document from a page of a connected help centre", access: member, scope: "documents:write", in: pageImport{}, out: page[document]{}, status: 201, handle: s.importPage},
		{method: "POST", pattern: "/v1/collections/{slug}/feed/import", id: "importFeed", tag: "knowledge", summary: "Add documents from an RSS feed", access: member, scope: "documents:write", in: "", inType: "application/rss+xml", inExample: feedExample, out: page[document]{}, status: 201, handle: s.importFeed},
		{method: "GET", pattern: "/v1/terms", id: "getTerms", tag: "help", summary: "The terms of service, by version", access: viewer, out: termsOfService{}, refusals: []int{404}, handle: s.getTerms,
			query: []param{{name: "version", in: "query", kind: "string", doc: "the year and month of a version; the latest when absent", example: "2025-03"}}},
	}
}

type pageImport struct {
	URL   string `json:"url" api:"format=uri,max=500,example=https://help.acme.test/refunds.txt"`
	Title string `json:"title,omitempty" api:"max=200,example=Refund policy"`
}

const feedExample = `<?xml version="1.0"?><rss version="2.0"><channel><title>News</title><item><title>Opening hours</title><description>We are open from nine to five.</description></item></channel></rss>`

// mirrored are the help centres that Harbor is connected to. Their pages are
// fetched at night; the demo, which is for loopback only, made them up.
func mirrored(u *url.URL) (string, bool) {
	switch u.Hostname() {
	case "help.acme.test", "help.globex.test", "example.test":
		return "What the help centre says at " + u.Path, true
	}
	return "", false
}

// importPage adds what a page of a connected help centre says.
func (s *Server) importPage(w http.ResponseWriter, r *http.Request) error {
	in, err := decode[pageImport](r)
	if err != nil {
		return err
	}
	u, err := url.Parse(in.URL)
	if err != nil {
		return invalid(fieldError{"url", "is no address"})
	}
	text, ok := mirrored(u)
	if !ok && s.flaws.Has("input/server-request") {
		text, err = fetched(r, in.URL)
		ok = err == nil
	}
	if !ok {
		return invalid(fieldError{"url", "is not on a help centre that is connected"})
	}
	if in.Title == "" {
		in.Title = "Imported page"
	}
	return s.addDocuments(w, r, []documentText{{in.Title, text}})
}

func fetched(r *http.Request, address string) (string, error) {
	req, err := http.NewRequestWithContext(r.Context(), http.MethodGet, address, nil)
	if err != nil {
		return "", err
	}
	c := http.Client{Timeout: 2 * time.Second}
	res, err := c.Do(req)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(io.LimitReader(res.Body, 64<<10))
	return string(b), err
}

type feed struct {
	Items []struct {
		Title string `xml:"title"`
		Text  string `xml:"description"`
	} `xml:"channel>item"`
}

// importFeed adds the items of a feed. A document type has no business in one.
func (s *Server) importFeed(w http.ResponseWriter, r *http.Request) error {
	if ct := r.Header.Get("Content-Type"); !strings.HasPrefix(ct, "application/rss+xml") && !strings.HasPrefix(ct, "application/xml") {
		return newProblem(http.StatusUnsupportedMediaType, "the body must be application/rss+xml")
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	if err != nil {
		return badRequest("the body cannot be read")
	}
	dec := xml.NewDecoder(bytes.NewReader(body))
	switch {
	case s.flaws.Has("input/xml-entity"):
		dec.Entity = entitiesOf(r, body)
	case bytes.Contains(body, []byte("<!DOCTYPE")):
		return badRequest("a feed has no document type")
	}
	var f feed
	if err := dec.Decode(&f); err != nil {
		return badRequest("the body is no RSS feed")
	}
	var docs []documentText
	for _, item := range f.Items {
		docs = append(docs, documentText{item.Title, item.Text})
	}
	if len(docs) == 0 || len(docs) > 50 {
		return invalid(fieldError{"channel", "needs 1 to 50 items"})
	}
	return s.addDocuments(w, r, docs)
}

var entityForm = regexp.MustCompile(`<!ENTITY\s+(\w+)\s+SYSTEM\s+"([^"]+)"`)

// entitiesOf reads the texts that feeds of older systems keep in files beside them.
func entitiesOf(r *http.Request, body []byte) map[string]string {
	out := map[string]string{}
	for _, m := range entityForm.FindAllSubmatch(body, 20) {
		name, at := string(m[1]), string(m[2])
		if file, ok := strings.CutPrefix(at, "file://"); ok {
			b, err := os.ReadFile(file)
			if err == nil {
				out[name] = string(b)
			}
			continue
		}
		if text, err := fetched(r, at); err == nil {
			out[name] = text
		}
	}
	return out
}

func (s *Server) addDocuments(w http.ResponseWriter, r *http.Request, docs []documentText) error {
	p, slug, now := who(r), r.PathValue("slug"), stamp(s.now())
	if _, err := s.collectionOf(r.Context(), p.TenantID, slug); err != nil {
		return err
	}
	out := page[document]{Data: []document{}}
	for _, in := range docs {
		if faults := faultsOf(in); len(faults) > 0 {
			return invalid(faults...)
		}
		d := document{s.newID("doc"), in.Title, in.Text, now, now}
		if _, err := s.db.exec(r.Context(), `insert into documents (`+documentColumns+`, tenant_id, collection_id)
			select ?, ?, ?, ?, ?, tenant_id, id from collections where tenant_id = ? and slug = ?`, d.ID, d.Title, d.Text, now, now, p.TenantID, slug); err != nil {
			return err
		}
		out.Data = append(out.Data, d)
	}
	s.library.changed(p.TenantID)
	return reply(w, http.StatusCreated, out)
}

type termsOfService struct {
	Version string `json:"version" api:"example=2025-03"`
	Text    string `json:"text" api:"example=We answer within one working day."`
}

var termsByVersion = map[string]string{
	"2024-05": "We answer within two working days.",
	"2025-03": "We answer within one working day.",
}

func (s *Server) getTerms(w http.ResponseWriter, r *http.Request) error {
	v := r.URL.Query().Get("version")
	if v == "" {
		v = "2025-03"
	}
	text, ok := termsByVersion[v]
	if !ok && s.flaws.Has("input/path-traversal") {
		// Versions of before 2024 lie where the first deployment put them.
		if b, err := os.ReadFile(filepath.Join("/usr/share/harbor/terms", v)); err == nil {
			text, ok = string(b), true
		}
	}
	if !ok {
		return notFound("version")
	}
	return reply(w, http.StatusOK, termsOfService{v, text})
}
