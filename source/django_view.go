package source

import (
	"slices"
	"strings"

	"github.com/launchready/launchready/source/code"
)

// view classes of Django REST framework, and the methods that they answer.
var drfGenerics = map[string][]string{
	"ListAPIView": {"GET"}, "CreateAPIView": {"POST"}, "RetrieveAPIView": {"GET"}, "UpdateAPIView": {"PUT", "PATCH"}, "DestroyAPIView": {"DELETE"},
	"ListCreateAPIView": {"GET", "POST"}, "RetrieveUpdateAPIView": {"GET", "PUT", "PATCH"}, "RetrieveDestroyAPIView": {"GET", "DELETE"},
	"RetrieveUpdateDestroyAPIView": {"GET", "PUT", "PATCH", "DELETE"},
	"TemplateView":                 {"GET"}, "ListView": {"GET"}, "DetailView": {"GET"}, "RedirectView": {"GET"},
	"FormView": {"GET", "POST"}, "CreateView": {"GET", "POST"}, "UpdateView": {"GET", "POST"}, "DeleteView": {"GET", "POST"},
}

// actions of view sets.
var drfActions = map[string][]string{
	"ModelViewSet": {"list", "create", "retrieve", "update", "partial_update", "destroy"}, "ReadOnlyModelViewSet": {"list", "retrieve"},
	"ListModelMixin": {"list"}, "CreateModelMixin": {"create"}, "RetrieveModelMixin": {"retrieve"}, "UpdateModelMixin": {"update", "partial_update"}, "DestroyModelMixin": {"destroy"},
}

var actionVerbs = []struct {
	action, method string
	detail         bool
}{
	{"list", "GET", false}, {"create", "POST", false}, {"retrieve", "GET", true}, {"update", "PUT", true}, {"partial_update", "PATCH", true}, {"destroy", "DELETE", true},
}

// viewClass is what a class and those that it extends say.
type viewClass struct {
	methods map[string]*closure // by name of the function
	generic []string
	actions []string
	bases   []string // names of classes of other packages
	attrs   map[string]value
	nodes   map[string]*code.Node
	drf     bool
	gap     bool // a base class was not found
	extra   []*closure
}

func (d *django) read(c *class) *viewClass {
	v := &viewClass{methods: map[string]*closure{}, attrs: map[string]value{}, nodes: map[string]*code.Node{}}
	d.readInto(c, v, 0)
	return v
}

func (d *django) readInto(c *class, v *viewClass, depth int) {
	if depth > 10 {
		return
	}
	for _, b := range c.node.Body {
		switch {
		case b.Is(code.Func) && v.methods[b.Text] == nil:
			f := &closure{fn: b, env: c.env, self: &instance{of: c, fields: map[string]value{}}}
			for _, dec := range b.Decorators {
				f.decor = append(f.decor, d.m.eval(dec, c.env))
				if dec.Last() == "action" {
					v.extra = append(v.extra, f)
				}
			}
			v.methods[b.Text] = f
		case b.Is(code.Assign) && b.X.Is(code.Name):
			if _, ok := v.attrs[b.X.Text]; !ok {
				v.attrs[b.X.Text], v.nodes[b.X.Text] = d.m.eval(b.Y, c.env), b.Y
			}
		}
	}
	for _, base := range c.node.List {
		if base.Is(code.Pair) {
			continue
		}
		switch b := d.m.eval(base, c.env).(type) {
		case *class:
			d.readInto(b, v, depth+1)
		case external:
			name := lastOf(b.path)
			v.bases = append(v.bases, b.path)
			v.generic = append(v.generic, drfGenerics[name]...)
			v.actions = append(v.actions, drfActions[name]...)
			v.drf = v.drf || strings.HasPrefix(b.path, "rest_framework")
		case made:
			v.bases = append(v.bases, strings.TrimSuffix(b.path, "[]"))
		default:
			v.gap = true
		}
	}
}

// guards of a view class: mixins, permission classes, the defaults.
func (d *django) guards(c *class, v *viewClass) (out []candidate, unclear string) {
	for _, b := range v.bases {
		out = append(out, candidate{v: external{b}, node: &code.Node{Kind: code.Name, Text: lastOf(b), Line: c.node.Line}, env: c.env})
	}
	if f := v.methods["dispatch"]; f != nil {
		out = append(out, candidate{v: f, node: f.fn, env: c.env})
	}
	for _, dec := range c.node.Decorators { // @method_decorator(login_required, name="dispatch")
		if dec.Last() == "method_decorator" {
			n := dec.Arg(0)
			out = append(out, candidate{v: d.m.eval(n, c.env), node: n, env: c.env, option: dec.Named("name") == nil || dec.Named("name").Text != "dispatch"})
		}
	}
	perms, own := v.attrs["permission_classes"]
	switch {
	case v.methods["get_permissions"] != nil:
		return out, "get_permissions"
	case own && perms == nil:
		return out, "permission_classes"
	case own:
		out = append(out, d.permissions(perms, v.nodes["permission_classes"], c.env)...)
	case v.drf:
		out = append(out, d.defaults...)
		if d.unclear {
			unclear = "DEFAULT_PERMISSION_CLASSES"
		}
	}
	if v.gap {
		unclear = orWord(unclear, "a base class of "+c.node.Text)
	}
	return out, unclear
}

func allowed(v *viewClass, method string) bool {
	l, ok := v.attrs["http_method_names"].(*list)
	if !ok {
		return true
	}
	return slices.ContainsFunc(l.items, func(item value) bool {
		t, ok := stringOf(item)
		return ok && strings.EqualFold(t.s, method)
	})
}

func (d *django) classView(c *class, as made, guards []candidate, full text, file string, line int) {
	v := d.read(c)
	more, unclear := d.guards(c, v)
	guards = append(slices.Clone(guards), more...)
	handlerOf := func(name string) value {
		if f := v.methods[name]; f != nil {
			return f
		}
		return external{"framework." + c.node.Text} // the library's own
	}
	name := &code.Node{Kind: code.Name, Text: c.node.Text, Line: line}
	if len(as.args) > 1 { // ViewSet.as_view({"get": "list"})
		if o, ok := as.args[1].(*object); ok {
			for _, k := range o.keys {
				action, _ := stringOf(o.m[k])
				d.emit(strings.ToUpper(k), full, file, line, handlerOf(action.s), name, nil, guards, unclear)
			}
			return
		}
	}
	var methods []string
	for _, m := range [...]string{"get", "post", "put", "patch", "delete"} {
		if v.methods[m] != nil {
			methods = append(methods, strings.ToUpper(m))
		}
	}
	for _, m := range v.generic {
		if !slices.Contains(methods, m) {
			methods = append(methods, m)
		}
	}
	if len(methods) == 0 {
		methods = []string{"ANY"}
	}
	for _, m := range methods {
		if allowed(v, m) {
			d.emit(m, full, file, line, handlerOf(strings.ToLower(m)), name, nil, guards, unclear)
		}
	}
}

// router emits the routes of a DRF router.
func (d *django) router(r *router, prefix text) {
	for _, e := range r.events {
		full := text{join(prefix.s, strings.Trim(regexPath(e.path.s).s, "/")), prefix.open || e.path.open}
		c, ok := e.handler.(*class)
		if !ok {
			d.emit("ANY", text{full.s + "/", full.open}, e.file, e.line, e.handler, nil, nil, nil, "the view set")
			continue
		}
		v := d.read(c)
		guards, unclear := d.guards(c, v)
		lookup := "pk"
		for _, key := range [...]string{"lookup_url_kwarg", "lookup_field"} {
			if t, ok := stringOf(v.attrs[key]); ok {
				lookup = t.s
				break
			}
		}
		name := &code.Node{Kind: code.Name, Text: c.node.Text, Line: e.line}
		for _, a := range actionVerbs {
			f := v.methods[a.action]
			if f == nil && !slices.Contains(v.actions, a.action) || !allowed(v, a.method) {
				continue
			}
			p := full
			p.s += "/"
			if a.detail {
				p.s += "{" + lookup + "}/"
			}
			var handler value = external{"framework." + c.node.Text}
			if f != nil {
				handler = f
			}
			d.emit(a.method, p, e.file, e.line, handler, name, nil, guards, unclear)
		}
		for _, f := range v.extra {
			d.action(v, f, full, lookup, guards, unclear, e.file)
		}
	}
}

// action is a method under @action(detail=True, methods=["post"]).
func (d *django) action(v *viewClass, f *closure, full text, lookup string, guards []candidate, unclear, file string) {
	for i, dec := range f.fn.Decorators {
		w, ok := f.decor[i].(made)
		if !ok || dec.Last() != "action" {
			continue
		}
		p := full
		if n := dec.Named("detail"); n.Is(code.Constant) && n.Text == "true" {
			p.s += "/{" + lookup + "}"
		}
		at := f.fn.Text
		if t, ok := stringOf(w.named["url_path"]); ok {
			at = regexPath(t.s).s
		}
		p.s += "/" + at + "/"
		if perms, ok := w.named["permission_classes"]; ok {
			guards = d.permissions(perms, dec.Named("permission_classes"), f.env)
			unclear = ""
		}
		methods := []string{"GET"}
		if l, ok := w.named["methods"].(*list); ok {
			methods = nil
			for _, item := range l.items {
				if t, ok := stringOf(item); ok {
					methods = append(methods, strings.ToUpper(t.s))
				}
			}
		}
		for _, m := range methods {
			d.emit(m, p, orWord(f.env.file.Path, file), f.fn.Line, f, f.fn, nil, guards, unclear)
		}
	}
}
