package input

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"
)

// Spec is an API's description, compiled once: what each operation takes.
type Spec struct {
	Refuse bool     // what it does not list; as if there were no such route
	Strict bool     // names that it does not know are refused in queries and in bodies themselves, also where it does not say so
	Notes  []string // what of it is not asked
	root   node
	Count  int // of operations
}

type operation struct {
	names  []string // of the path's parameters, in their order
	params []*parameter
	query  map[string]bool // names that it knows; nil: any
	bodies map[string]*jsonschema.Schema
	types  map[string]types // of forms' members, by media type and name
	body   bool             // it takes one
	needs  bool             // it must come
}

// longest is the longest description that is read.
const longest = 16 << 20

var methods = []string{"get", "put", "post", "delete", "options", "head", "patch", "trace"}

// Compile reads OpenAPI 3.0 or 3.1, as YAML or JSON. What it refers to must stand
// in it. What is wrong is a *Mistake where its place can be told.
func Compile(text []byte, strict bool) (*Spec, error) {
	s, err := compile(text, strict)
	if err != nil {
		return nil, placed(text, err)
	}
	return s, nil
}

func compile(text []byte, strict bool) (*Spec, error) {
	if len(text) > longest {
		return nil, fmt.Errorf("the description is longer than %d bytes", longest)
	}
	doc, err := read(text)
	if err != nil {
		return nil, err
	}
	version, _ := doc["openapi"].(string)
	if !strings.HasPrefix(version, "3.") {
		err := errors.New("no OpenAPI 3 (openapi: 3.0.x or 3.1.x)")
		return nil, &astray{"/openapi", err}
	}
	m := &modern{}
	m.walk("", doc, false)
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	c.UseLoader(jsonschema.SchemeURLLoader{}) // nothing outside is loaded
	formats(c)
	const at = "mem:///openapi"
	if err := c.AddResource(at, map[string]any(doc)); err != nil {
		return nil, fmt.Errorf("read the description: %w", err)
	}
	s := &Spec{Strict: strict, Notes: m.notes}
	b := &builder{doc: doc, c: c, at: at, strict: strict}
	paths, _ := doc["paths"].(map[string]any)
	for _, path := range slices.Sorted(maps.Keys(paths)) {
		item, where := b.follow(paths[path], "/paths/"+escape(path))
		for _, method := range methods {
			raw, ok := item[method].(map[string]any)
			if !ok {
				continue
			}
			op, err := b.operation(raw, where+"/"+method, item, where)
			if err == nil {
				err = s.root.add(strings.ToUpper(method), base(doc)+path, op)
			}
			if err != nil {
				err = fmt.Errorf("%s %s: %w", strings.ToUpper(method), path, err)
				if at := (*astray)(nil); !errors.As(err, &at) {
					err = &astray{where + "/" + method, err}
				}
				return nil, err
			}
			s.Count++
		}
	}
	if s.Count == 0 {
		var err error = errors.New("the description has no operation")
		if doc["paths"] != nil {
			err = &astray{"/paths", err}
		}
		return nil, err
	}
	return s, nil
}

// read gives the document as JSON does, whatever it was written in.
func read(text []byte) (map[string]any, error) {
	var v any
	if trimmed := bytes.TrimSpace(text); len(trimmed) == 0 || trimmed[0] != '{' {
		if err := yaml.Unmarshal(text, &v); err != nil {
			return nil, fmt.Errorf("read the description: %w", err)
		}
		var err error
		if text, err = json.Marshal(plain(v, 0)); err != nil {
			return nil, fmt.Errorf("read the description: %w", err)
		}
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("read the description: %w", err)
	}
	doc, ok := v.(map[string]any)
	if !ok {
		return nil, errors.New("the description is no object")
	}
	return doc, nil
}

// plain makes every key a text, as the 200 of responses is one in JSON.
func plain(v any, depth int) any {
	if depth > 200 {
		return nil
	}
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			v[k] = plain(e, depth+1)
		}
		return v
	case map[any]any:
		out := map[string]any{}
		for k, e := range v {
			out[fmt.Sprint(k)] = plain(e, depth+1)
		}
		return out
	case []any:
		for i, e := range v {
			v[i] = plain(e, depth+1)
		}
	}
	return v
}

// base is the path of the first server.
func base(doc map[string]any) string {
	servers, _ := doc["servers"].([]any)
	if len(servers) == 0 {
		return ""
	}
	first, _ := servers[0].(map[string]any)
	address, _ := first["url"].(string)
	u, err := url.Parse(address)
	if err != nil || strings.ContainsAny(address, "{}") {
		return ""
	}
	return strings.TrimRight(u.Path, "/")
}

func escape(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(s, "~", "~0"), "/", "~1")
}

type builder struct {
	doc    map[string]any
	c      *jsonschema.Compiler
	at     string
	strict bool
}

// follow goes where a reference leads, and tells where that is.
func (b *builder) follow(v any, where string) (map[string]any, string) {
	for range 16 {
		m, _ := v.(map[string]any)
		ref, ok := m["$ref"].(string)
		if !ok {
			return m, where
		}
		inner, ok := strings.CutPrefix(ref, "#/")
		if !ok {
			return nil, where
		}
		v = any(b.doc)
		for s := range strings.SplitSeq(inner, "/") {
			if un, err := url.PathUnescape(s); err == nil {
				s = un
			}
			m, _ := v.(map[string]any)
			v = m[strings.ReplaceAll(strings.ReplaceAll(s, "~1", "/"), "~0", "~")]
		}
		where = "/" + inner
	}
	return nil, where
}

func (b *builder) compile(where string) (*jsonschema.Schema, error) {
	s, err := b.c.Compile(b.at + "#" + (&url.URL{Path: where}).EscapedPath())
	if err != nil {
		return nil, &astray{where, fmt.Errorf("compile the schema at %s: %w", where, err)}
	}
	return s, nil
}

func (b *builder) operation(raw map[string]any, where string, item map[string]any, above string) (*operation, error) {
	op := &operation{}
	seen := map[string]bool{}
	if b.strict {
		op.query = map[string]bool{}
	}
	for _, from := range []struct {
		m     map[string]any
		where string
	}{{raw, where}, {item, above}} { // the operation's own come first
		list, _ := from.m["parameters"].([]any)
		for i := range list {
			p, at := b.follow(list[i], fmt.Sprintf("%s/parameters/%d", from.where, i))
			name, _ := p["name"].(string)
			in, _ := p["in"].(string)
			if name == "" || seen[in+" "+name] {
				continue
			}
			seen[in+" "+name] = true
			one, err := b.parameter(p, at, name, in)
			if err != nil {
				return nil, err
			}
			if op.query != nil && in == "query" {
				op.query[name] = true
				if one != nil && one.loose {
					op.query = nil // its members' names are not known here
				}
			}
			if one != nil && !one.loose {
				op.params = append(op.params, one)
			}
		}
	}
	body, at := b.follow(raw["requestBody"], where+"/requestBody")
	content, _ := body["content"].(map[string]any)
	op.body = len(content) > 0
	op.needs, _ = body["required"].(bool)
	op.bodies = map[string]*jsonschema.Schema{}
	op.types = map[string]types{}
	for media, c := range content {
		kind, _, err := mime.ParseMediaType(media)
		if err != nil {
			return nil, fmt.Errorf("the media type %q cannot be read", media)
		}
		m, _ := c.(map[string]any)
		op.bodies[kind] = nil
		if m["schema"] == nil || kind == "multipart/form-data" {
			continue
		}
		place := at + "/content/" + escape(media) + "/schema"
		if op.bodies[kind], err = b.body(m["schema"], place); err != nil {
			return nil, err
		}
		if kind == "application/x-www-form-urlencoded" {
			s, _ := b.follow(m["schema"], place)
			props, _ := s["properties"].(map[string]any)
			for n, p := range props {
				op.types[n] = b.types(p, 0)
			}
		}
	}
	return op, nil
}

// body compiles the schema of a body. Where names are taken strictly, an object with
// known members takes no others, wherever in allOf they stand.
func (b *builder) body(raw any, where string) (*jsonschema.Schema, error) {
	s, _ := b.follow(raw, where)
	if _, open := s["additionalProperties"]; !b.strict || s == nil || open || s["unevaluatedProperties"] != nil || s["properties"] == nil && s["allOf"] == nil {
		return b.compile(where)
	}
	at := b.at + "/strict" + (&url.URL{Path: where}).EscapedPath()
	err := b.c.AddResource(at, map[string]any{"$ref": b.at + "#" + (&url.URL{Path: where}).EscapedPath(), "unevaluatedProperties": false})
	if err != nil {
		return nil, &astray{where, fmt.Errorf("compile the schema at %s: %w", where, err)}
	}
	c, err := b.c.Compile(at)
	if err != nil {
		return nil, &astray{where, fmt.Errorf("compile the schema at %s: %w", where, err)}
	}
	return c, nil
}

// media finds the schema of a body's type; ok tells whether the type is taken.
func (o *operation) media(kind string) (*jsonschema.Schema, bool) {
	if s, ok := o.bodies[kind]; ok {
		return s, true
	}
	major, _, _ := strings.Cut(kind, "/")
	if s, ok := o.bodies[major+"/*"]; ok {
		return s, true
	}
	s, ok := o.bodies["*/*"]
	return s, ok
}

// find gives the operation of a request, and nil when the description has none. The
// final slash is one more or less where the route says so. What passes though it is not
// listed is judged as the operation whose path it is but for that, its case or an
// extension: the application may take it for that one.
func (s *Spec) find(r *http.Request, path string, slash bool) (*operation, []string) {
	op, values := s.root.find(r.Method, path[1:], nil, false)
	if op != nil || !slash && s.Refuse {
		return op, values
	}
	other := strings.TrimSuffix(path, "/")
	if other == path {
		other += "/"
	}
	if other == "" {
		return nil, nil
	}
	if s.Refuse {
		return s.root.find(r.Method, other[1:], nil, false)
	}
	for _, p := range []string{path, other, stem(path)} {
		if op, values = s.root.find(r.Method, p[1:], nil, true); op != nil {
			break
		}
	}
	return op, values
}

// stem is the path without the extension of its last segment.
func stem(path string) string {
	if i := strings.LastIndexByte(path, '.'); i > strings.LastIndexByte(path, '/')+1 {
		return path[:i]
	}
	return path
}
