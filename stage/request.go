package stage

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"net/url"
	"sort"
	"strconv"
	"strings"
	"time"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/oracle"
	"github.com/launchready/launchready/surface"
)

// Request builds the route's request: path keys from the object or from the
// account itself, required query parameters, and a body. An update's body is the
// owner's last view of the object with one field changed.
func (s *Stage) Request(_ context.Context, rt *lr.Route, o *lr.Object, as *lr.Account) (*lr.Request, error) {
	f := s.filler(as, o)
	return s.build(rt, o, as, f, s.fullnessOf(rt, as))
}

// fullnessOf is the fullness that worked when the stage seeded by the route.
func (s *Stage) fullnessOf(rt *lr.Route, as *lr.Account) fullness {
	s.mu.Lock()
	defer s.mu.Unlock()
	if as != nil {
		if r := s.recipes[at(rt.Resource, as.Tenant)]; r != nil && r.route == rt {
			return r.full
		}
	}
	for _, tenant := range s.opt.Target.Tenants() {
		if r := s.recipes[at(rt.Resource, tenant)]; r != nil && r.route == rt {
			return r.full
		}
	}
	return texts
}

func (s *Stage) build(rt *lr.Route, o *lr.Object, as *lr.Account, f *filler, full fullness) (*lr.Request, error) {
	p, err := s.path(rt, o, as)
	if err != nil {
		return nil, err
	}
	r := &lr.Request{Method: rt.Method, Path: p, Route: rt, Header: http.Header{}}
	if rt.Kind == lr.Stream {
		r.StreamFor = streamTime
	}
	query := url.Values{}
	for _, q := range rt.Params {
		switch q.In {
		case lr.InQuery:
			if v, ok := s.queryValue(rt, q, o, f); ok {
				query.Set(q.Name, v)
			}
		case lr.InHeader:
			if q.Required && !credentialHeader(q.Name) {
				if v, ok := f.value(q.Name, orOpen(q.Schema), required, true, 0); ok {
					r.Header.Set(q.Name, fmt.Sprint(v))
				}
			}
		}
	}
	s.mu.Lock()
	linked := s.queries[r.Path]
	s.mu.Unlock()
	if linked != "" {
		r.Path += "?" + linked
	} else if len(query) > 0 {
		r.Path += "?" + query.Encode()
	}
	accept := "application/json"
	for _, a := range rt.Accepts {
		if a == "text/event-stream" && (rt.Kind == lr.Stream || len(rt.Accepts) == 1) {
			accept = a
		}
	}
	if rt.Kind == lr.Download || len(rt.Accepts) == 1 && accept == "application/json" && rt.Accepts[0] != "" && !strings.Contains(rt.Accepts[0], "json") {
		accept = "*/*"
	}
	r.Header.Set("Accept", accept)
	if err := s.body(r, rt, o, f, full); err != nil {
		return nil, err
	}
	return r, nil
}

// streamTime is how long a stream is read that does not end by itself.
const streamTime = 2 * time.Second

func orOpen(sc *lr.Schema) *lr.Schema {
	if sc == nil {
		return &lr.Schema{}
	}
	return sc
}

func credentialHeader(name string) bool {
	switch strings.ToLower(name) {
	case "authorization", "cookie", "x-api-key", "api-key", "apikey", "accept", "content-type":
		return true
	}
	return false
}

// path fills the route's template. A value is escaped, except where it is a
// resource path that the template takes whole ({name=projects/*}).
func (s *Stage) path(rt *lr.Route, o *lr.Object, as *lr.Account) (string, error) {
	p := rt.Path
	for _, name := range rt.PathParams() {
		v := s.keyFor(rt, name, o, as)
		if v == "" {
			return "", fmt.Errorf("build %s: no value for {%s}", rt, name)
		}
		esc := url.PathEscape(v)
		if strings.Contains(name, "=") && strings.Contains(v, "/") {
			esc = v
		}
		p = strings.ReplaceAll(p, "{"+name+"}", esc)
	}
	return p, nil
}

func (s *Stage) keyFor(rt *lr.Route, name string, o *lr.Object, as *lr.Account) string {
	k := rt.Keys[name]
	if o != nil {
		if v := o.Keys[k.Resource]; v != "" && k.Resource != "" {
			return v
		}
	}
	who := as
	if o != nil && o.Owner != nil {
		who = o.Owner
	}
	if o == nil {
		if own := s.Object(k.Resource, who); own != nil {
			return own.ID
		}
	}
	if v := oracle.SelfKey(name, rt, who); v != "" {
		return v
	}
	for _, p := range rt.Params {
		if p.In == lr.InPath && p.Name == name {
			if p.Schema != nil && len(p.Schema.Enum) > 0 {
				return fmt.Sprint(p.Schema.Enum[0])
			}
			// An example id may belong to anyone; it serves where nothing is owned.
			if e := first(p.Example, exampleOf(p.Schema)); e != nil && k.Resource == "" {
				return fmt.Sprint(e)
			}
		}
	}
	return ""
}

func exampleOf(sc *lr.Schema) any {
	if sc == nil {
		return nil
	}
	return first(sc.Example, sc.Default)
}

func (s *Stage) queryValue(rt *lr.Route, q lr.Param, o *lr.Object, f *filler) (string, bool) {
	if k, ok := rt.Keys[q.Name]; ok && o != nil && o.Keys[k.Resource] != "" {
		return o.Keys[k.Resource], true
	}
	n := norm(q.Name)
	if rt.Kind == lr.Search && searchName(n) {
		return s.searchTerm(rt, o, f), true
	}
	if rt.Kind == lr.Update && (n == "updatemask" || n == "fieldmask") {
		if field := changedField(rt, o); field != "" {
			return field, true
		}
	}
	if rt.Kind == lr.List && pageSize(n, q.Schema) {
		return largestPage(orOpen(q.Schema)), true
	}
	if !q.Required {
		return "", false
	}
	v, ok := f.value(q.Name, orOpen(q.Schema), required, true, 0)
	if !ok {
		return "", false
	}
	return fmt.Sprint(v), true
}

// pageSize reports whether a parameter of a list says how much one page holds.
func pageSize(n string, sc *lr.Schema) bool {
	switch n {
	case "limit", "perpage", "pagesize", "maxresults", "itemsperpage", "pagelimit":
		return true
	case "size", "take", "first", "count", "max", "top":
		return sc != nil && sc.Type == "integer"
	}
	return false
}

// largestPage asks for all that one page may hold: what this run made must not
// hide behind what was there before.
func largestPage(sc *lr.Schema) string {
	if len(sc.Enum) > 0 {
		return fmt.Sprint(sc.Enum[len(sc.Enum)-1])
	}
	if sc.Maximum != nil && *sc.Maximum >= 1 {
		return strconv.FormatInt(int64(min(*sc.Maximum, 1000)), 10)
	}
	return "100"
}

func searchName(n string) bool {
	switch n {
	case "q", "query", "search", "term", "text", "keyword", "keywords", "filter", "question":
		return true
	}
	return false
}

// searchTerm is what a search asks for: a word that only the tenant's own
// objects hold. Without an object, the run's name stands in every canary.
func (s *Stage) searchTerm(_ *lr.Route, o *lr.Object, f *filler) string {
	if o != nil && len(o.Canaries) > 0 {
		return o.Canaries[0]
	}
	for _, own := range s.Objects() {
		if own.Owner.Tenant == f.tenant && len(own.Canaries) > 0 {
			return own.Canaries[0]
		}
	}
	return f.canary()
}

func (s *Stage) body(r *lr.Request, rt *lr.Route, o *lr.Object, f *filler, full fullness) error {
	switch rt.Method {
	case "GET", "HEAD", "OPTIONS", "TRACE":
		return nil
	}
	b := rt.Body
	var d *Declared
	if surface.Creates(rt) {
		d = s.declaredFor(rt)
	}
	if b == nil && d != nil {
		b = &lr.Body{Type: "application/json"}
	}
	if b == nil {
		writes := rt.Kind == lr.Create || rt.Kind == lr.Update || rt.Kind == lr.Upload
		if rt.Declared && (!writes || full == required) || rt.Method == "DELETE" {
			return nil
		}
		// A plain list of routes tells no schema, and many specifications forget
		// the body: offer the usual fields.
		b = &lr.Body{Type: "application/json", Schema: usual(rt, full)}
		if rt.Kind == lr.Upload {
			b = &lr.Body{Type: "multipart/form-data"}
		}
	}
	if example, ok := first(b.Example, exampleOf(b.Schema)).(string); ok && strings.Contains(b.Type, "xml") {
		r.Body = []byte(example) // a document cannot be made up from a schema of JSON
		r.SetHeader("Content-Type", b.Type)
		return nil
	}
	var v any
	switch {
	case rt.Kind == lr.Update && o != nil:
		v = s.updateBody(b, o, f, rt.Method)
	case full == example && first(b.Example, exampleOf(b.Schema)) != nil:
		v = f.plant(first(b.Example, exampleOf(b.Schema)))
	default:
		var ok bool
		if v, ok = f.value("body", orOpen(b.Schema), full, true, 0); !ok {
			v = map[string]any{}
		}
	}
	v = s.declaredBody(d, v, f)
	if m, ok := v.(map[string]any); ok {
		nameBeside(m, rt, o)
		if rt.Kind == lr.Search {
			for k, p := range orOpen(b.Schema).Properties { // few descriptions call the term required
				if searchName(norm(k)) && p != nil && p.Type == "string" {
					m[k] = ""
				}
			}
			for k := range m {
				if searchName(norm(k)) {
					m[k] = s.searchTerm(rt, o, f)
				}
			}
		}
		for k, val := range f.set {
			if _, had := m[k]; !had {
				m[k] = val
			}
		}
	}
	return encode(r, b.Type, v, f)
}

// usual is the schema of a body that nobody describes: the usual fields, and at
// first also within an object named by what is made, as many APIs wrap it:
// {"comment": {"body": …}}.
func usual(rt *lr.Route, full fullness) *lr.Schema {
	fields := map[string]*lr.Schema{}
	for _, n := range []string{"title", "name", "content", "text", "description", "body"} {
		fields[n] = &lr.Schema{Type: "string"}
	}
	out := &lr.Schema{Type: "object", Properties: fields}
	noun := surface.Singular(lastNoun(rt.Resource))
	if full != texts || noun == "" || fields[noun] != nil {
		return out
	}
	wrapped := maps.Clone(fields)
	wrapped[noun] = &lr.Schema{Type: "object", Properties: fields}
	return &lr.Schema{Type: "object", Properties: wrapped, Required: []string{noun}}
}

// nameBeside puts the object's keys into the members of the body that name it:
// into all of them where the route reads by its body, and else into those that
// the body has anyway.
func nameBeside(m map[string]any, rt *lr.Route, o *lr.Object) {
	if o == nil || rt.Kind == lr.Update {
		return
	}
	reads := rt.Kind == lr.Read || rt.Kind == lr.List || rt.Kind == lr.Search || rt.Kind == lr.Export || rt.Kind == lr.Download
	for _, name := range oracle.Beside(rt) {
		v := o.Keys[rt.Keys[name].Resource]
		if v == "" || rt.Body == nil || rt.Body.Schema == nil || rt.Body.Schema.Properties[name] == nil {
			continue
		}
		if _, has := m[name]; has || reads {
			m[name] = typed(v, rt.Body.Schema.Properties[name])
		}
	}
}

// typed is a key as the schema wants it: many keys are integers.
func typed(v string, sc *lr.Schema) any {
	if sc.Type == "integer" || sc.Type == "number" {
		if n, err := strconv.ParseInt(v, 10, 64); err == nil {
			return n
		}
	}
	return v
}

// plant puts canaries into the free texts of an example.
func (f *filler) plant(v any) any {
	m, ok := v.(map[string]any)
	if !ok {
		return v
	}
	out := map[string]any{}
	for k, e := range m {
		switch e := e.(type) {
		case string:
			out[k] = e
			if freeText(k, &lr.Schema{Type: "string"}) {
				out[k] = f.canary()
			} else if strings.HasSuffix(norm(k), "email") {
				out[k] = f.short() + "@" + f.mailDomain()
			}
		case map[string]any:
			out[k] = f.plant(e)
		default:
			out[k] = e
		}
		if val, ok := f.set[k]; ok {
			out[k] = val
		}
	}
	return out
}

func encode(r *lr.Request, media string, v any, f *filler) error {
	switch {
	case strings.Contains(media, "multipart/form-data"):
		var buf bytes.Buffer
		w := multipart.NewWriter(&buf)
		m, _ := v.(map[string]any)
		if err := writeParts(w, m, f); err != nil {
			return fmt.Errorf("build %s %s: %w", r.Method, r.Path, err)
		}
		r.Body = buf.Bytes()
		r.SetHeader("Content-Type", w.FormDataContentType())
	case strings.Contains(media, "x-www-form-urlencoded"):
		form := url.Values{}
		m, _ := v.(map[string]any)
		for k, e := range m {
			form.Set(k, fmt.Sprint(e))
		}
		r.Body = []byte(form.Encode())
		r.SetHeader("Content-Type", "application/x-www-form-urlencoded")
	case strings.HasPrefix(media, "text/"), media == "application/octet-stream":
		r.Body = []byte(f.canary())
		r.SetHeader("Content-Type", media)
	default:
		b, err := json.Marshal(v)
		if err != nil {
			return fmt.Errorf("build %s %s: %w", r.Method, r.Path, err)
		}
		if media == "" || !strings.Contains(media, "json") {
			media = "application/json"
		}
		r.Body = b
		r.SetHeader("Content-Type", media)
	}
	return nil
}

func writeParts(w *multipart.Writer, m map[string]any, f *filler) error {
	names := make([]string, 0, len(m))
	for k := range m {
		names = append(names, k)
	}
	sort.Strings(names)
	wrote := false
	for _, k := range names {
		n := norm(k)
		if n == "file" || n == "files" || n == "upload" || n == "attachment" || n == "document" || n == "image" {
			if err := filePart(w, k, f); err != nil {
				return err
			}
			wrote = true
			continue
		}
		if err := w.WriteField(k, fmt.Sprint(m[k])); err != nil {
			return err
		}
	}
	if !wrote {
		if err := filePart(w, "file", f); err != nil {
			return err
		}
	}
	return w.Close()
}

func filePart(w *multipart.Writer, field string, f *filler) error {
	h := textproto.MIMEHeader{}
	h.Set("Content-Disposition", fmt.Sprintf(`form-data; name=%q; filename=%q`, field, "launchready-"+f.short()+".txt"))
	h.Set("Content-Type", "text/plain")
	part, err := w.CreatePart(h)
	if err != nil {
		return err
	}
	_, err = part.Write([]byte("Launch Ready test file " + f.canary() + "\n"))
	return err
}
