package surface

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"golang.org/x/net/html"

	lr "github.com/launchready/launchready"
)

const (
	maxLinks     = 500
	maxLinkBytes = 4 << 20 // of a body that is searched
)

// quotedPath finds paths in scripts: "/api/v1/chats", `/api/chats/${id}`.
var quotedPath = regexp.MustCompile("[\"'`](/[A-Za-z0-9_\\-./{}:$]{2,200})(?:\\?[^\"'`]{0,200})?[\"'`]")

// Page is an answer in which links are looked for.
type Page struct {
	URL    *url.URL // where it came from
	Header http.Header
	Body   []byte
}

// FromLinks gives templated routes for the links of a page that lead to the
// target below base and fit no known route: in Link headers (RFC 8288),
// Location, HTML, scripts, and strings of JSON. Values that look like keys
// become parameters.
func FromLinks(base *url.URL, page Page, known []*lr.Route) []*lr.Route {
	if base == nil || page.URL == nil {
		return nil
	}
	c := &linkCollector{base: base, page: page.URL, known: indexOf(known)}
	for _, v := range page.Header.Values("Link") {
		for part := range strings.SplitSeq(v, ",") {
			if i, j := strings.IndexByte(part, '<'), strings.IndexByte(part, '>'); i >= 0 && j > i {
				c.add(part[i+1 : j])
			}
		}
	}
	for _, h := range []string{"Location", "Content-Location"} {
		c.add(page.Header.Get(h))
	}
	body := page.Body[:min(len(page.Body), maxLinkBytes)]
	switch mt := mediaType(page.Header.Get("Content-Type")); {
	case strings.Contains(mt, "json"), mt == "" && json.Valid(body):
		c.json(body)
	case strings.Contains(mt, "html"):
		c.html(body)
		c.script(body)
	case strings.Contains(mt, "javascript"):
		c.script(body)
	}
	return c.out
}

type linkCollector struct {
	base, page *url.URL
	known      *routeIndex
	out        []*lr.Route
}

func (c *linkCollector) json(body []byte) {
	dec := json.NewDecoder(bytes.NewReader(body))
	for {
		tok, err := dec.Token()
		if err != nil {
			return
		}
		if s, ok := tok.(string); ok && len(s) < 2000 && (strings.HasPrefix(s, "/") || isURL(s)) {
			c.add(s)
		}
	}
}

func (c *linkCollector) html(body []byte) {
	z := html.NewTokenizer(bytes.NewReader(body))
	for {
		switch z.Next() {
		case html.ErrorToken:
			return
		case html.StartTagToken, html.SelfClosingTagToken:
			for _, a := range z.Token().Attr {
				switch a.Key {
				case "href", "src", "action", "formaction", "data-url", "data-href", "hx-get", "hx-post":
					c.add(a.Val)
				}
			}
		}
	}
}

func (c *linkCollector) script(body []byte) {
	for _, m := range quotedPath.FindAllSubmatch(body, maxLinks) {
		c.add(string(m[1]))
	}
}

// add keeps a link that is in scope, is no asset, and leads somewhere new.
func (c *linkCollector) add(raw string) {
	raw = strings.TrimSpace(raw)
	if raw == "" || len(c.out) >= maxLinks || strings.HasPrefix(raw, "#") {
		return
	}
	u, err := c.page.Parse(strings.ReplaceAll(raw, "${", "{"))
	if err != nil || !strings.EqualFold(u.Host, c.base.Host) || u.Scheme != c.base.Scheme {
		return
	}
	prefix := strings.TrimSuffix(c.base.Path, "/")
	p, ok := strings.CutPrefix(u.Path, prefix)
	if !ok || p == "" || p == "/" || !strings.HasPrefix(p, "/") || strings.Contains(p, "//") || asset(p) || strings.ContainsAny(p, "<>\" \\\x00") {
		return
	}
	segs := split(p)
	if len(segs) == 0 || len(segs) > 12 || c.known.tree.find(segs) != nil {
		return
	}
	rt := &lr.Route{Method: "GET", Path: Template(p), Source: "link in " + c.page.Path}
	for _, name := range rt.PathParams() {
		rt.Params = append(rt.Params, lr.Param{Name: name, In: lr.InPath, Required: true, Schema: &lr.Schema{Type: "string"}})
	}
	query := u.Query()
	for _, name := range sortedKeys(query) {
		if len(rt.Params) < 20 {
			rt.Params = append(rt.Params, lr.Param{Name: name, In: lr.InQuery, Schema: &lr.Schema{Type: "string"}, Example: query[name][0]})
		}
	}
	if c.known.add(rt) {
		c.out = append(c.out, rt)
	}
}

func asset(p string) bool {
	p = strings.ToLower(p)
	for _, ext := range []string{".css", ".js", ".mjs", ".map", ".png", ".jpg", ".jpeg", ".gif", ".svg", ".ico", ".webp", ".woff", ".woff2", ".ttf", ".mp4"} {
		if strings.HasSuffix(p, ext) {
			return true
		}
	}
	return false
}
