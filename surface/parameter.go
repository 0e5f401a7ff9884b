package surface

import (
	"slices"
	"strings"

	lr "github.com/launchready/launchready"
)

// formBody collects what Swagger 2.0 declares as parameters in "body" and
// "formData".
type formBody struct {
	whole    node // in: body
	required bool
	form     *lr.Schema
	file     bool
}

// parameters reads the path item's and the operation's parameters; the
// operation's win (OpenAPI 3.1, 4.8.9).
func (b *routeBuilder) parameters(rt *lr.Route, shared, op node) ([]lr.Param, *formBody) {
	var out []lr.Param
	form := &formBody{}
	for _, n := range []node{b.get(op, "parameters"), shared} {
		for _, p := range b.parameterNodes(n) {
			b.parameter(rt, p, &out, form)
		}
	}
	return out, form
}

// parameterNodes accepts a map of parameters where a list belongs.
func (b *routeBuilder) parameterNodes(n node) []node {
	var out []node
	for i := range n.list() {
		out = append(out, b.at(n, i))
	}
	if m := n.object(); m != nil {
		b.warn("parameters are an object where a list belongs")
		for _, k := range n.keys() {
			p := b.get(n, k)
			if o := p.object(); o != nil && o["name"] == nil {
				named := map[string]any{"name": k}
				for f, v := range o {
					named[f] = v
				}
				p.v = named
			}
			out = append(out, p)
		}
	}
	return out
}

func (b *routeBuilder) parameter(rt *lr.Route, n node, out *[]lr.Param, form *formBody) {
	if n.object() == nil {
		return // an unresolvable reference has been told already
	}
	p := lr.Param{Name: b.get(n, "name").text(), Required: b.get(n, "required").truth()}
	where := strings.ToLower(b.get(n, "in").text())
	if where == "body" {
		if form.whole.isNil() {
			form.whole, form.required = node{n.object()["schema"], n.doc}, p.Required
		}
		return
	}
	if p.Name == "" {
		b.warn("a parameter has no name; left out")
		return
	}
	p.Schema = b.parameterSchema(n)
	if p.Example = bounded(b.get(n, "example").v); p.Example == nil {
		p.Example = b.firstExample(n)
	}
	switch where {
	case "path":
		p.In, p.Required = lr.InPath, true
	case "query":
		p.In = lr.InQuery
	case "header":
		p.In = lr.InHeader
		switch strings.ToLower(p.Name) {
		case "authorization": // described elsewhere (OpenAPI 3.1, 4.8.12.1), and it is the account's
			rt.Secured = rt.Secured || p.Required
			return
		case "accept", "content-type":
			return
		}
	case "cookie":
		p.In = lr.InCookie
	case "formdata", "form":
		form.add(p)
		return
	default:
		p.In = lr.InQuery
		b.warn("parameter %q is in %q; taken for a query parameter", p.Name, where)
	}
	same := func(q lr.Param) bool { return q.Name == p.Name && q.In == p.In }
	if !slices.ContainsFunc(*out, same) {
		*out = append(*out, p)
	}
}

// parameterSchema reads a schema from where either version and "content" put it.
func (b *routeBuilder) parameterSchema(n node) *lr.Schema {
	m := n.object()
	if s, ok := m["schema"]; ok {
		return b.schemas.build(node{s, n.doc})
	}
	if content := b.get(n, "content"); content.object() != nil {
		for _, mt := range content.keys() {
			if s, ok := b.get(content, mt).object()["schema"]; ok {
				return b.schemas.build(node{s, content.doc})
			}
		}
	}
	if m["type"] == nil {
		return nil
	}
	flat := make(map[string]any, len(m)) // 2.0 mixes the schema into the parameter
	for k, v := range m {
		switch k {
		case "name", "in", "required", "description", "allowEmptyValue", "collectionFormat":
		default:
			flat[k] = v
		}
	}
	return b.schemas.build(node{flat, n.doc})
}

// firstExample reads 3.x "examples": a map of objects with a value.
func (b *routeBuilder) firstExample(n node) any {
	at := b.get(n, "examples")
	for _, k := range at.keys() {
		if v := b.get(b.get(at, k), "value"); !v.isNil() {
			return bounded(v.v)
		}
	}
	return nil
}

func (f *formBody) add(p lr.Param) {
	if f.form == nil {
		f.form = &lr.Schema{Type: "object", Properties: map[string]*lr.Schema{}}
	}
	s := p.Schema
	if s == nil {
		s = &lr.Schema{Type: "string"}
	}
	f.file = f.file || s.Format == "binary"
	f.form.Properties[p.Name] = s
	if p.Required {
		f.form.Required = append(f.form.Required, p.Name)
		f.required = true
	}
}

// reconcile makes path parameters and template agree: the template is right.
func (b *routeBuilder) reconcile(rt *lr.Route, t tmpl, params []lr.Param) []lr.Param {
	names := rt.PathParams()
	var out []lr.Param
	for _, p := range params {
		if p.In != lr.InPath {
			out = append(out, p)
			continue
		}
		if as, ok := t.renamed[p.Name]; ok {
			p.Name = as
		}
		if !slices.Contains(names, p.Name) {
			if !t.split[p.Name] {
				b.warn("%s: path parameter %q is not in the path; left out", rt, p.Name)
			}
			continue
		}
		out = append(out, p)
	}
	have := func(name string) bool {
		return slices.ContainsFunc(out, func(p lr.Param) bool { return p.In == lr.InPath && p.Name == name })
	}
	var missing []lr.Param
	for _, name := range names {
		if have(name) || slices.ContainsFunc(missing, func(p lr.Param) bool { return p.Name == name }) {
			continue
		}
		if !t.inferred[name] {
			b.warn("%s: path parameter %q is not declared; taken for a string", rt, name)
		}
		s := t.types[name]
		if s == nil {
			s = &lr.Schema{Type: "string"}
		}
		missing = append(missing, lr.Param{Name: name, In: lr.InPath, Required: true, Schema: s})
	}
	return append(missing, out...)
}

// patterns gives the patterns of declared path parameters, in which
// grpc-gateway hides resource paths.
func patterns(params []lr.Param) map[string]string {
	out := map[string]string{}
	for _, p := range params {
		if p.In == lr.InPath && p.Schema != nil && strings.Contains(p.Schema.Pattern, "/") {
			out[p.Name] = p.Schema.Pattern
		}
	}
	return out
}
