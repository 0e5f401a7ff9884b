package source

import (
	"path"
	"slices"
	"strings"

	"github.com/launchready/launchready/internal/expr"
	"github.com/launchready/launchready/source/code"
)

// nestApp is what the bootstrap of a NestJS application says of all controllers.
type nestApp struct {
	prefixes []nestSetting
	guards   []nestSetting
	version  bool
	vprefix  string
}

type nestSetting struct {
	folder  string
	value   text
	guard   candidate
	exclude bool
}

var nestVerbs = map[string]string{"Get": "GET", "Post": "POST", "Put": "PUT", "Patch": "PATCH", "Delete": "DELETE", "Head": "HEAD", "Options": "OPTIONS", "All": "ANY", "Sse": "GET"}

// nestSettings finds what concerns all controllers: prefix, versions, guards.
func (m *machine) nestSettings(files []*code.File) {
	for _, f := range files {
		if f.Language != code.Script {
			continue
		}
		env := m.envOf(f)
		f.Walk(func(n *code.Node) bool {
			switch {
			case n.Is(code.Call) && n.X.Is(code.Member):
				m.nestCall(f, n, env)
			case n.Is(code.Object) && n.Named("provide").Last() == "APP_GUARD":
				g := n.Named("useClass")
				if g == nil {
					g = n.Named("useExisting")
				}
				if g != nil {
					m.nest.guards = append(m.nest.guards, nestSetting{folder: path.Dir(f.Path), guard: candidate{v: m.eval(g, env), node: g, env: env}})
				}
			}
			return true
		})
	}
}

func (m *machine) nestCall(f *code.File, n *code.Node, env *scope) {
	switch n.X.Text {
	case "setGlobalPrefix":
		t, ok := stringOf(m.eval(n.Arg(0), env))
		if !ok {
			t = text{s: "{?}", open: true}
		}
		m.nest.prefixes = append(m.nest.prefixes, nestSetting{folder: path.Dir(f.Path), value: t, exclude: n.Arg(1).Named("exclude") != nil})
	case "enableVersioning":
		o := n.Arg(0)
		if kind := o.Named("type"); o == nil || kind == nil || kind.Last() == "URI" {
			m.nest.version, m.nest.vprefix = true, "v"
			if p := o.Named("prefix"); p.Is(code.String) {
				m.nest.vprefix = p.Text
			}
		}
	case "useGlobalGuards":
		for _, a := range n.List {
			m.nest.guards = append(m.nest.guards, nestSetting{folder: path.Dir(f.Path), guard: candidate{v: m.eval(a, env), node: a, env: env}})
		}
	}
}

func (m *machine) envOf(f *code.File) *scope {
	if mod := m.res.modules[f.Path]; mod != nil {
		mod.env.file = f
		return mod.env
	}
	return &scope{vars: map[string]value{}, mod: &module{}, file: f}
}

// nestDecor is what the decorators of a class or method say, own ones resolved.
type nestDecor struct {
	paths    []text
	method   string
	version  []text
	guards   []candidate
	metadata map[string]bool
	found    bool
	unclear  string
}

func (m *machine) nestDecorators(list []*code.Node, env *scope, out *nestDecor, depth int) {
	for _, d := range list {
		m.nestDecorator(m.eval(d, env), d, env, out, depth)
	}
}

func (m *machine) nestDecorator(v value, d *code.Node, env *scope, out *nestDecor, depth int) {
	w, ok := v.(made)
	if !ok {
		if l, isList := v.(*list); isList && depth < 6 {
			for _, item := range l.items {
				m.nestDecorator(item, d, env, out, depth+1)
			}
			return
		}
		if v == nil && authName().MatchString(d.Last()) && !notGuard().MatchString(d.Last()) {
			out.unclear = d.Last()
		}
		return
	}
	name := lastOf(w.path)
	switch {
	case name == "Controller":
		out.found = true
		arg := first(w.args)
		if o, ok := arg.(*object); ok {
			out.version, _ = pathsOf(o.m["version"])
			if o.m["version"] == nil {
				out.version = nil
			}
			arg = o.m["path"]
			if arg == nil {
				arg = text{}
			}
		} else if len(w.args) == 0 {
			arg = text{}
		}
		out.paths, _ = pathsOf(arg)
	case nestVerbs[name] != "" && strings.HasPrefix(w.path, "@nestjs/"):
		out.method = nestVerbs[name]
		out.paths = []text{{}}
		if len(w.args) > 0 {
			out.paths, _ = pathsOf(w.args[0])
		}
	case name == "Version":
		out.version, _ = pathsOf(first(w.args))
	case name == "UseGuards":
		nodes := w.node.List
		for i, a := range w.args {
			var n *code.Node
			if i < len(nodes) {
				n = nodes[i]
			}
			out.guards = append(out.guards, candidate{v: a, node: n, env: w.env})
		}
	case name == "SetMetadata":
		if t, ok := stringOf(first(w.args)); ok {
			out.metadata[t.s] = true
		} else if e := w.node.Arg(0); e != nil {
			out.metadata[e.Last()] = true
		}
	case name == "applyDecorators" && depth < 6:
		for _, a := range w.args {
			m.nestDecorator(a, d, w.env, out, depth+1)
		}
	}
}

// nestRoutes emits the routes of every class under @Controller.
func (m *machine) nestRoutes(l *linker) {
	seen := map[*code.Node]bool{}
	for i := 0; i < len(m.classes); i++ {
		c := m.classes[i]
		if c.env.file == nil || c.env.file.Language != code.Script || len(c.node.Decorators) == 0 || seen[c.node] {
			continue
		}
		seen[c.node] = true
		own := nestDecor{metadata: map[string]bool{}}
		m.nestDecorators(c.node.Decorators, c.env, &own, 0)
		if own.found {
			m.nestController(l, c, own)
		}
	}
}

func (m *machine) nestController(l *linker, c *class, own nestDecor) {
	for _, b := range c.node.Body {
		if !b.Is(code.Func) || len(b.Decorators) == 0 {
			continue
		}
		d := nestDecor{metadata: map[string]bool{}}
		m.nestDecorators(b.Decorators, c.env, &d, 0)
		if d.method == "" {
			continue
		}
		versions := d.version
		if versions == nil {
			versions = own.version
		}
		handler := &closure{fn: b, env: c.env, self: &instance{of: c, fields: map[string]value{}}}
		for _, prefix := range own.paths {
			for _, p := range d.paths {
				full := text{join("/"+strings.Trim(prefix.s, "/"), "/"+strings.Trim(p.s, "/")), prefix.open || p.open}
				for _, located := range m.nestLocate(full, versions, c.env.file.Path) {
					e := &event{kind: onRoute, method: d.method, path: located, handler: handler, hnode: b, henv: c.env, file: c.env.file.Path, line: b.Line}
					r := l.route("nestjs", e, located, colonPath)
					guards := append(m.nestGlobal(c.env.file.Path, own, d), own.guards...)
					guards = append(guards, d.guards...)
					unclear := orWord(d.unclear, own.unclear)
					l.settle(r, e, guards, unclear)
				}
			}
		}
	}
}

// nestLocate puts the global prefix and the version before a path.
func (m *machine) nestLocate(p text, versions []text, file string) []text {
	prefix := text{}
	best := -1
	for _, s := range m.nest.prefixes {
		if near := common(s.folder, path.Dir(file)); near > best {
			best, prefix = near, s.value
			if s.exclude {
				prefix.open = true
			}
		}
	}
	root := "/" + strings.Trim(prefix.s, "/")
	if root == "/" {
		root = ""
	}
	var out []text
	if m.nest.version {
		for _, v := range versions {
			if !v.open {
				out = append(out, text{join(root+"/"+m.nest.vprefix+v.s, p.s), p.open || prefix.open})
			}
		}
	}
	if len(out) == 0 {
		out = []text{{join(root, p.s), p.open || prefix.open && strings.Contains(prefix.s, "{?}")}}
	}
	return out
}

// common counts the folders that two paths share from the root.
func common(a, b string) int {
	x, y := strings.Split(a, "/"), strings.Split(b, "/")
	n := 0
	for n < len(x) && n < len(y) && x[n] == y[n] {
		n++
	}
	return n
}

// nestGlobal are the guards of the whole application, as far as metadata lets them
// stand before this route.
func (m *machine) nestGlobal(file string, own, d nestDecor) []candidate {
	best := -1
	for _, g := range m.nest.guards {
		best = max(best, common(g.folder, path.Dir(file)))
	}
	var out []candidate
	for _, g := range m.nest.guards {
		if common(g.folder, path.Dir(file)) != best {
			continue
		}
		applies, unclear := m.nestApplies(g.guard, own, d)
		if applies || unclear {
			c := g.guard
			c.option = unclear
			if !unclear {
				c.v = m.nestStripped(c.v)
			}
			out = append(out, c)
		}
	}
	return out
}

var reflectorGet = expr.Lazy(`^(getAllAndOverride|getAllAndMerge|get|getAll)$`)

// nestApplies reads a guard that asks metadata: `if (isPublic) return true` leaves
// out what carries the key, `if (!options) return true` what does not.
func (m *machine) nestApplies(g candidate, own, d nestDecor) (applies, unclear bool) {
	var c *class
	switch v := g.v.(type) {
	case *class:
		c = v
	case *instance:
		c = v.of
	default:
		return true, false
	}
	f, ok := m.method(&instance{of: c, fields: map[string]value{}}, "canActivate", 0).(*closure)
	if !ok || !usesReflector(f.fn) {
		return true, false
	}
	keys := map[string]string{} // variable -> metadata key
	for _, n := range f.fn.Body {
		n.Walk(func(a *code.Node) bool {
			if a.Is(code.Assign) && a.X.Is(code.Name) && a.Y.Is(code.Call) && reflectorGet().MatchString(a.Y.X.Last()) {
				key := a.Y.Arg(0)
				keys[a.X.Text] = key.Last()
				if t, ok := stringOf(m.eval(key, f.env)); ok {
					keys[a.X.Text] = t.s
				}
			}
			return true
		})
	}
	understood := 0
	applies = true
	for _, n := range f.fn.Body {
		if !n.Is(code.If) || !returnsTrue(n.Body) {
			continue
		}
		cond, negated := n.X, false
		if cond.Is(code.Unary) && cond.Text == "!" {
			cond, negated = cond.X, true
		}
		key, known := keys[cond.Dotted()]
		if !known {
			return true, true
		}
		understood++
		has := own.metadata[key] || d.metadata[key]
		if has != negated {
			applies = false
		}
	}
	return applies, understood == 0
}

// nestGuard is a guard whose questions of metadata are answered already.
type nestGuard struct {
	f    *closure
	name string
}

// nestStripped leaves out of canActivate what asks metadata: for this route the
// answer is known.
func (m *machine) nestStripped(v value) value {
	in, ok := v.(*instance)
	if c, isClass := v.(*class); isClass {
		in, ok = &instance{of: c, fields: map[string]value{}}, true
	}
	if !ok {
		return v
	}
	f, ok := m.method(in, "canActivate", 0).(*closure)
	if !ok || !usesReflector(f.fn) {
		return v
	}
	bare := m.stripped[f.fn]
	if bare == nil {
		fn := *f.fn
		fn.Body = nil
		for _, n := range f.fn.Body {
			asks := n.Is(code.If) && returnsTrue(n.Body) || n.Is(code.Assign) && n.Y.Is(code.Call) && reflectorGet().MatchString(n.Y.X.Last())
			if !asks {
				fn.Body = append(fn.Body, n)
			}
		}
		bare = &fn
		m.stripped[f.fn] = bare
	}
	return nestGuard{&closure{fn: bare, env: f.env, self: f.self}, in.of.node.Text}
}

func returnsTrue(body []*code.Node) bool {
	return slices.ContainsFunc(body, func(n *code.Node) bool {
		return n.Is(code.Return) && n.X.Is(code.Constant) && n.X.Text == "true"
	})
}
