package source

import (
	"slices"
	"strings"

	"github.com/launchready/launchready/source/code"
)

// django walks URL configurations from the root: path, re_path, include, and the
// routers of Django REST framework.
type django struct {
	m        *machine
	l        *linker
	open     map[any]bool
	included map[*module]bool
	global   []candidate // LoginRequiredMiddleware
	defaults []candidate // DEFAULT_PERMISSION_CLASSES
	unclear  bool        // the default permissions were not understood
	named    string      // their names, as the first settings have them
	missing  []string
}

func drfRouter() *framework {
	return &framework{name: "drf", style: anglePath, call: func(m *machine, r *router, c *invocation) (value, bool) {
		if c.name == "register" {
			e := m.event(r, onRoute, c)
			var ok bool
			if e.path, ok = c.text(0, "prefix"); !ok {
				e.path = text{s: "{?}", open: true}
			}
			e.handler = c.arg(1)
			if v, given := c.named["viewset"]; given {
				e.handler = v
			}
			r.mounted = true // it serves through a URL configuration only
		}
		return nil, true
	}, begin: func(_ *machine, r *router, _ *invocation) { r.mounted = true },
		field: func(_ *machine, r *router, name string) value {
			if name == "urls" || name == "get_urls" {
				return r
			}
			return nil
		}}
}

func (m *machine) djangoRoutes(l *linker, _ []*code.File) {
	d := &django{m: m, l: l, open: map[any]bool{}, included: map[*module]bool{}}
	var with []*module
	var root *module
	for _, mod := range m.res.order() {
		if mod.files[0].Language != code.Python {
			continue
		}
		if _, ok := mod.env.vars["urlpatterns"]; ok {
			with = append(with, mod)
		}
		d.settings(mod)
		if t, ok := stringOf(mod.env.vars["ROOT_URLCONF"]); ok && root == nil {
			root = m.res.findPython(mod.files[0].Path, t.s)
		}
	}
	if root != nil {
		d.module(root, text{})
	} else {
		for _, mod := range with {
			d.note(mod.env.vars["urlpatterns"], mod, 0)
		}
		for _, mod := range with {
			if !d.included[mod] {
				d.included[mod] = true
				d.module(mod, text{})
			}
		}
		return
	}
	for _, mod := range with {
		if !d.included[mod] && mod != root {
			d.missing = []string{"the URL configuration " + mod.name + " is included nowhere in the source that was read"}
			d.module(mod, text{})
		}
	}
}

// note marks what a configuration includes, before the roots are known.
func (d *django) note(v value, mod *module, depth int) {
	l, ok := v.(*list)
	if !ok || depth > 8 {
		return
	}
	for _, item := range l.items {
		if p, ok := item.(made); ok && len(p.args) > 1 {
			if inc := d.include(p.args[1], mod); inc != nil && !d.included[inc] && inc != mod {
				d.included[inc] = true
				d.note(inc.env.vars["urlpatterns"], inc, depth+1)
			}
		}
	}
}

// settings of the whole project.
func (d *django) settings(mod *module) {
	if l, ok := mod.env.vars["MIDDLEWARE"].(*list); ok {
		for _, item := range l.items {
			if t, ok := stringOf(item); ok && lastOf(t.s) == "LoginRequiredMiddleware" {
				d.global = append(d.global, candidate{v: external{"django.contrib.auth.mixins.LoginRequiredMixin"}, node: &code.Node{Kind: code.Name, Text: "LoginRequiredMiddleware", Line: 1}, env: mod.env})
			}
		}
	}
	o, ok := mod.env.vars["REST_FRAMEWORK"].(*object)
	if !ok {
		return
	}
	classes, given := o.m["DEFAULT_PERMISSION_CLASSES"]
	l, ok := classes.(*list)
	if given && !ok {
		d.unclear = true
		return
	}
	if l == nil {
		return
	}
	names := ""
	for _, item := range l.items {
		if t, ok := stringOf(item); ok {
			names += t.s + " "
		}
	}
	if d.named != "" && d.named != names { // settings for development and for production
		d.unclear = true
		for i := range d.defaults {
			d.defaults[i].option = true
		}
		return
	}
	d.named = names
	for _, item := range l.items {
		t, ok := stringOf(item)
		if !ok {
			d.unclear = true
			continue
		}
		n := &code.Node{Kind: code.Name, Text: lastOf(t.s), Line: 1}
		c := candidate{v: external{t.s}, node: n, env: mod.env}
		if i := strings.LastIndexByte(t.s, '.'); i > 0 {
			if own := d.m.res.findPython(mod.files[0].Path, t.s[:i]); own != nil {
				c.v = d.m.exported(own, t.s[i+1:])
			}
		}
		d.defaults = append(d.defaults, c)
	}
}

func (d *django) module(mod *module, prefix text) {
	if d.open[mod] || len(d.open) > maxMounts {
		return // a URL configuration that includes itself
	}
	d.open[mod] = true
	d.included[mod] = true
	d.patterns(mod.env.vars["urlpatterns"], mod, prefix)
	delete(d.open, mod)
}

func (d *django) patterns(v value, mod *module, prefix text) {
	if r, ok := v.(*router); ok {
		d.router(r, prefix)
		return
	}
	l, ok := v.(*list)
	if !ok || len(d.l.routes) > maxRoutes {
		return
	}
	for _, item := range l.items {
		switch p := item.(type) {
		case *router:
			d.router(p, prefix)
		case *list:
			if !d.open[p] {
				d.open[p] = true
				d.patterns(p, mod, prefix)
				delete(d.open, p)
			}
		case made:
			d.pattern(p, mod, prefix)
		}
	}
}

func (d *django) pattern(p made, mod *module, prefix text) {
	name := lastOf(p.path)
	if name != "path" && name != "re_path" && name != "url" || len(p.args) < 2 {
		return
	}
	at, ok := stringOf(p.args[0])
	if !ok {
		at = text{s: "{?}", open: true}
	}
	if name != "path" {
		open := at.open
		at = regexPath(at.s)
		at.open = at.open || open
	}
	full := text{prefix.s + at.s, prefix.open || at.open}
	if inc, ok := p.args[1].(made); ok && lastOf(inc.path) == "include" {
		if sub := d.include(p.args[1], mod); sub != nil {
			d.module(sub, full)
			return
		}
		target := first(inc.args)
		if l, ok := target.(*list); ok && len(l.items) > 0 { // include((patterns, "app"))
			switch l.items[0].(type) {
			case *list, *router:
				target = l.items[0]
			}
		}
		d.patterns(target, mod, full)
		return
	}
	if l, ok := p.args[1].(*list); ok {
		d.patterns(l, mod, full)
		return
	}
	file := mod.files[0].Path
	if p.env.file != nil {
		file = p.env.file.Path
	}
	d.view(p.args[1], p.node.Arg(1), p.env, full, file, p.node.Line)
}

// include is the module that include("app.urls") names.
func (d *django) include(v value, mod *module) *module {
	inc, ok := v.(made)
	if !ok || lastOf(inc.path) != "include" {
		return nil
	}
	target := first(inc.args)
	if l, ok := target.(*list); ok && len(l.items) > 0 {
		target = l.items[0]
	}
	switch t := target.(type) {
	case text:
		return d.m.loaded(d.m.res.findPython(mod.files[0].Path, t.s))
	case namespace:
		return t.mod
	}
	return nil
}

func (m *machine) loaded(mod *module) *module {
	if mod != nil {
		m.load(mod)
	}
	return mod
}

// view emits the routes of one pattern.
func (d *django) view(v value, n *code.Node, env *scope, full text, file string, line int) {
	var guards []candidate
	for range 8 { // login_required(csrf_exempt(view))
		w, ok := v.(made)
		if !ok || w.path == "as_view" || len(w.args) == 0 {
			break
		}
		guards = append(guards, candidate{v: external{strings.TrimSuffix(w.path, "()")}, node: w.node.X, env: env})
		v, n = w.args[len(w.args)-1], w.node.Arg(len(w.args)-1)
	}
	switch v := v.(type) {
	case made:
		if c, ok := first(v.args).(*class); ok {
			d.classView(c, v, guards, full, file, line)
		}
	case *closure:
		d.functionView(v, n, guards, full, file, line)
	default:
		d.emit("ANY", full, file, line, v, n, env, guards, "")
	}
}

func (d *django) emit(method string, full text, file string, line int, handler value, n *code.Node, env *scope, guards []candidate, unclear string) {
	e := &event{kind: onRoute, method: method, path: full, handler: handler, hnode: n, henv: env, file: file, line: line}
	routes := d.l.route("django", e, text{"/" + strings.TrimPrefix(full.s, "/"), full.open}, anglePath)
	for _, r := range routes {
		r.Unresolved = append(r.Unresolved, d.missing...)
	}
	d.l.settle(routes, e, append(slices.Clone(d.global), guards...), unclear)
}

func (d *django) functionView(f *closure, n *code.Node, guards []candidate, full text, file string, line int) {
	methods := []string{"ANY"}
	drf, own := false, false
	for i, v := range f.decor {
		node := f.fn
		if i < len(f.fn.Decorators) {
			node = f.fn.Decorators[i]
		}
		w, _ := v.(made)
		switch name := node.Last(); name {
		case "api_view", "require_http_methods":
			methods = nil
			for _, item := range listItems(first(w.args)) {
				if t, ok := stringOf(item); ok {
					methods = append(methods, strings.ToUpper(t.s))
				}
			}
			if len(methods) == 0 {
				methods = []string{"GET"}
			}
			drf = drf || name == "api_view"
		case "require_GET", "require_safe":
			methods = []string{"GET"}
		case "require_POST":
			methods = []string{"POST"}
		case "permission_classes":
			own = true
			guards = append(guards, d.permissions(first(w.args), node.Arg(0), f.env)...)
		default:
			guards = append(guards, candidate{v: v, node: node, env: f.env})
		}
	}
	unclear := ""
	if drf && !own {
		guards = append(guards, d.defaults...)
		if d.unclear {
			unclear = "DEFAULT_PERMISSION_CLASSES"
		}
	}
	for _, method := range methods {
		d.emit(method, full, file, line, f, n, f.env, guards, unclear)
	}
}

func (d *django) permissions(v value, n *code.Node, env *scope) []candidate {
	var out []candidate
	for i, item := range listItems(v) {
		node := n
		if n.Is(code.Array) && i < len(n.List) {
			node = n.List[i]
		}
		out = append(out, candidate{v: item, node: node, env: env})
	}
	return out
}
