package surface

import (
	"fmt"
	"path"
	"strings"

	lr "github.com/launchready/launchready"
)

// methods are the members of a path item that are operations (OpenAPI 3.1,
// 4.8.9; "query" is of 3.2), in the order in which routes are listed.
var methods = []string{"get", "head", "post", "put", "patch", "delete", "options", "trace", "query"}

func loadOpenAPI(l *loader, data []byte) (*Surface, error) {
	doc, err := decode(l.src.Location, data, l.warn)
	if err != nil {
		return nil, err
	}
	l.docs[doc.loc] = doc
	if !isURL(doc.loc) && doc.loc != "" {
		l.docs[path.Clean(doc.loc)] = doc
	}
	r := &reader{loader: l, root: node{doc.root, doc}}
	r.schemas = newSchemaBuilder(r)
	s, err := r.surface()
	if err != nil {
		return nil, err
	}
	s.Warnings = l.warnings()
	Link(s.Routes)
	return s, nil
}

func (r *reader) surface() (*Surface, error) {
	loc := r.root.doc.loc
	if r.root.object() == nil {
		return nil, fmt.Errorf("%s: the document is %s, not an OpenAPI description", loc, kindOf(r.root.v))
	}
	if what := otherFormat(r.root.object()); what != "" {
		return nil, fmt.Errorf("%s: this is %s, not an OpenAPI description", loc, what)
	}
	s := &Surface{Title: strings.TrimSpace(r.get(r.get(r.root, "info"), "title").text())}
	s.Format = r.version()
	if s.Title == "" {
		r.warn("the description has no title")
	}
	s.Servers, s.BasePath = r.servers(r.root)
	s.Schemes = r.schemes()
	paths := r.get(r.root, "paths")
	if paths.object() == nil {
		if !paths.isNil() {
			r.warn("paths is %s, not an object", kindOf(paths.v))
		}
		return nil, fmt.Errorf("%s: %w: the description has no paths", loc, ErrNoRoutes)
	}
	b := &routeBuilder{reader: r, surface: s, ids: map[string]bool{}, seen: map[string]bool{}, byNode: map[string]*lr.Route{}}
	for _, p := range paths.keys() {
		if strings.HasPrefix(p, "x-") {
			continue
		}
		if err := r.ctx.Err(); err != nil {
			return nil, err
		}
		b.pathItem(p, r.get(paths, p))
	}
	b.resolveLinks()
	if len(s.Routes) == 0 {
		return nil, fmt.Errorf("%s: %w: the description names no operation", loc, ErrNoRoutes)
	}
	return s, nil
}

// version tells the format, and takes what lacks a version for the one that
// its shape shows.
func (r *reader) version() string {
	if v := r.get(r.root, "swagger").text(); v != "" {
		r.swagger = true
		if v == "2" {
			v = "2.0"
		}
		return "Swagger " + v
	}
	v := r.get(r.root, "openapi").text()
	if v != "" {
		if !strings.HasPrefix(v, "3") {
			r.warn("OpenAPI version %q is unknown; read as 3.x", v)
			r.swagger = strings.HasPrefix(v, "2")
		}
		return "OpenAPI " + v
	}
	m := r.root.object()
	_, defs := m["definitions"]
	_, base := m["basePath"]
	_, secs := m["securityDefinitions"]
	r.swagger = defs || base || secs
	r.warn("the description does not say its version; read as %s", map[bool]string{true: "Swagger 2.0", false: "OpenAPI 3"}[r.swagger])
	if r.swagger {
		return "Swagger 2.0"
	}
	return "OpenAPI 3"
}

func otherFormat(m map[string]any) string {
	switch {
	case m["paths"] != nil:
		return ""
	case m["log"] != nil:
		return "a HAR recording"
	case m["item"] != nil && m["info"] != nil:
		return "a Postman collection"
	case m["asyncapi"] != nil:
		return "an AsyncAPI description"
	case m["__schema"] != nil || m["data"] != nil:
		return "a GraphQL schema"
	}
	return ""
}

// schemes reads the declared security schemes of either version.
func (r *reader) schemes() map[string]Scheme {
	at := r.get(r.get(r.root, "components"), "securitySchemes")
	if at.object() == nil {
		at = r.get(r.root, "securityDefinitions")
	}
	out := make(map[string]Scheme, len(at.object()))
	for _, name := range at.keys() {
		n := r.get(at, name)
		s := Scheme{Type: r.get(n, "type").text(), Scheme: strings.ToLower(r.get(n, "scheme").text()), In: r.get(n, "in").text(),
			Name: r.get(n, "name").text(), Format: r.get(n, "bearerFormat").text()}
		if s.Type == "basic" {
			s.Type, s.Scheme = "http", "basic"
		}
		flows := r.get(n, "flows")
		for _, f := range flows.keys() {
			s.Flows = append(s.Flows, f)
			if s.TokenURL == "" {
				s.TokenURL = r.get(r.get(flows, f), "tokenUrl").text()
			}
		}
		if f := r.get(n, "flow").text(); f != "" { // 2.0
			s.Flows, s.TokenURL = append(s.Flows, f), r.get(n, "tokenUrl").text()
		}
		out[name] = s
	}
	return out
}
