package source

import (
	"fmt"
	"slices"
	"strings"

	"github.com/launchready/launchready/source/code"
)

// linker puts together what was noted of routers: prefixes down the mounts, and
// middleware in the order in which it was used.
type linker struct {
	m      *machine
	routes []*Route
	facts  *factReader
}

const (
	maxMounts = 24 // routers within each other
	maxRoutes = 50_000
)

// before is a possible guard that stands before all paths below at.
type before struct {
	candidate
	at    string // absolute pattern, "" for all
	exact bool   // not below it
}

func (l *linker) all() {
	for _, r := range l.m.routers {
		if r.mounted && !r.root {
			continue
		}
		var missing []string
		if r.float != "" {
			missing = append(missing, r.float)
		} else if !r.kind.app {
			missing = append(missing, fmt.Sprintf("the router of %s:%d is mounted nowhere in the source that was read", r.file, r.line))
		}
		l.walk(r, text{}, nil, missing, map[*router]bool{})
	}
}

// put joins a prefix and a path as the framework does.
func put(k *framework, a, b string) string {
	if k.exact {
		return a + b
	}
	return join(a, b)
}

func (l *linker) walk(r *router, prefix text, above []before, missing []string, open map[*router]bool) {
	if open[r] || len(open) >= maxMounts || len(l.routes) >= maxRoutes {
		return
	}
	open[r] = true
	defer delete(open, r)
	base := text{put(r.kind, prefix.s, r.prefix.s), prefix.open || r.prefix.open}
	for _, g := range r.guards {
		above = append(slices.Clip(above), before{candidate: g})
	}
	for _, e := range r.events {
		switch e.kind {
		case onRoute:
			full := text{put(r.kind, base.s, e.path.s), base.open || e.path.open}
			routes := l.route(r.kind.name, e, full, r.kind.style)
			for _, rt := range routes {
				rt.Unresolved = append(rt.Unresolved, missing...)
			}
			guards := l.standing(r, base, above, e, full)
			l.settle(routes, e, guards, "")
		case onMount:
			full := text{put(r.kind, base.s, e.path.s), base.open || e.path.open}
			below := slices.Clone(above)
			below = append(below, l.used(r, base, e)...)
			for _, g := range e.guards {
				g.option = g.option || !prefixOf(g.branch, e.branch)
				below = append(below, before{candidate: g})
			}
			if e.method == "app" {
				below = nil
			}
			for i := range below { // seen from inside, a condition around the mount holds for both
				below[i].branch = nil
			}
			child := *e.child
			if e.method == "instead" {
				child.prefix = text{}
			}
			if e.path.open {
				l.walkChild(e.child, &child, full, below, append(slices.Clip(missing), "the path of the mount was not resolved"), open)
				continue
			}
			l.walkChild(e.child, &child, full, below, missing, open)
		}
	}
}

// walkChild walks a copy that may have another prefix; circles are seen by the original.
func (l *linker) walkChild(orig, child *router, prefix text, above []before, missing []string, open map[*router]bool) {
	if open[orig] {
		return
	}
	open[orig] = true
	l.walk(child, prefix, above, missing, open)
	delete(open, orig)
}

// used are the middlewares of r that count for an event of it.
func (l *linker) used(r *router, base text, e *event) []before {
	var out []before
	for _, u := range r.events {
		if u.kind != onUse || r.kind.ordered && u.seq > e.seq {
			continue
		}
		for _, g := range u.guards {
			// A hook that came after a plugin was registered: whether it holds there
			// depends on when the plugin loads.
			late := !r.kind.ordered && u.seq > e.seq && e.kind == onMount && r.kind.name == "fastify"
			g.option = g.option || late || !prefixOf(u.branch, e.branch)
			at := ""
			if u.path.s != "" && u.path.s != "/" {
				at = put(r.kind, base.s, u.path.s)
			}
			g.option = g.option || u.path.open
			out = append(out, before{candidate: g, at: at, exact: u.exact})
		}
	}
	return out
}

// standing are the guards before a route, in order.
func (l *linker) standing(r *router, base text, above []before, e *event, full text) []candidate {
	var out []candidate
	for _, b := range append(slices.Clone(above), l.used(r, base, e)...) {
		covers, sure := covered(b.at, full.s)
		if !covers || b.exact && strings.Count(strings.Trim(b.at, "/"), "/") != strings.Count(strings.Trim(full.s, "/"), "/") {
			continue
		}
		c := b.candidate
		c.option = c.option || !sure
		out = append(out, c)
	}
	for _, g := range e.guards {
		g.option = g.option || !prefixOf(g.branch, e.branch)
		out = append(out, g)
	}
	return out
}

// prefixOf reports whether what stands under the conditions a is certain where
// the conditions b hold.
func prefixOf(a, b []*code.Node) bool {
	return len(a) <= len(b) && slices.Equal(a, b[:len(a)])
}

// covered asks whether middleware at a pattern stands before a path.
func covered(at, path string) (covers, sure bool) {
	if at == "" || at == "/" {
		return true, true
	}
	a := strings.Split(strings.Trim(at, "/"), "/")
	p := strings.Split(strings.Trim(path, "/"), "/")
	for i, s := range a {
		if i >= len(p) {
			return false, true // /api/* is not /api
		}
		if s == "*" || s == "(.*)" {
			return true, true
		}
		switch {
		case s == p[i]:
		case strings.Contains(s, "{?}") || strings.Contains(p[i], "{?}"):
			return true, false
		case strings.HasPrefix(s, ":") && !strings.ContainsAny(s, "(?*"):
		case strings.ContainsAny(s, "*(?+[:"):
			return true, false
		default:
			return false, true
		}
	}
	return true, true
}

// route makes the Route of an event; an optional segment makes two.
func (l *linker) route(framework string, e *event, full text, style pathStyle) []*Route {
	var out []*Route
	for _, p := range style(full.s) {
		if !strings.HasPrefix(p, "/") {
			p = "/" + p
		}
		r := &Route{Method: e.method, Path: p, File: e.file, Line: e.line, Framework: framework}
		if full.open {
			r.Unresolved = append(r.Unresolved, "a part of the path is computed")
		}
		out = append(out, r)
		l.routes = append(l.routes, r)
	}
	return out
}

// settle decides the state of routes by their guards and their handler.
func (l *linker) settle(routes []*Route, e *event, guards []candidate, unclear string) {
	handler, hnode, wrappers := l.unwrap(e)
	guards = append(slices.Clone(guards), wrappers...)
	var sure []Guard
	why := ""
	if unclear != "" {
		why = "the decorator " + unclear + " was not understood"
	}
	for _, c := range guards {
		switch v := l.m.judge(c); v.state {
		case isGuard:
			if !slices.ContainsFunc(sure, func(g Guard) bool { return g.Name == v.name && g.File == v.file }) {
				sure = append(sure, v.guard())
			}
		case mayBe:
			why = orWord(why, v.why)
		}
	}
	name := nameOf(hnode)
	if f, ok := handler.(*closure); ok {
		name = orWord(f.fn.Text, name)
		in, maybe := l.inline(f, e)
		if in != nil {
			sure = append(sure, *in)
		}
		why = orWord(why, maybe)
	} else if len(sure) == 0 && why == "" && handler == nil {
		why = "the handler " + orWord(name, "of the route") + " was not found in the source"
		for _, r := range routes {
			r.Unresolved = append(r.Unresolved, why)
		}
	}
	for _, r := range routes {
		r.Handler = orWord(r.Handler, name)
		r.Guards = slices.Clone(sure)
		switch {
		case len(sure) > 0:
			r.State = Guarded
		case why != "":
			r.State, r.Why = Unknown, why
		case len(r.Unresolved) > 0 || slices.ContainsFunc(routes, func(o *Route) bool { return len(o.Unresolved) > 0 }):
			r.State, r.Why = Unknown, strings.Join(r.Unresolved, "; ")
		default:
			r.State = Unguarded
		}
	}
	if f, ok := handler.(*closure); ok {
		l.facts.handler(routes, f, guards)
	}
}

// unwrap finds the handler within auth(log(handler)), and the wrappers.
func (l *linker) unwrap(e *event) (value, *code.Node, []candidate) {
	v, n := e.handler, e.hnode
	var out []candidate
	for range 6 {
		if !n.Is(code.Call) || e.henv == nil {
			break
		}
		var inner *code.Node
		var iv value
		for _, a := range n.List {
			if a.Kind != code.Func && a.Kind != code.Name && a.Kind != code.Member && a.Kind != code.Call {
				continue
			}
			av := l.m.again(a, e.henv)
			if _, ok := av.(*closure); ok || a.Kind == code.Func {
				inner, iv = a, av
			}
		}
		if inner == nil {
			break
		}
		callee := l.m.eval(n.X, e.henv)
		if _, ext := callee.(external); !ext || lastOf(callee.(external).path) != "HandlerFunc" {
			out = append(out, candidate{v: callee, node: n.X, env: e.henv})
		}
		v, n = iv, inner
	}
	return v, n, out
}

// inline says whether the handler itself refuses who has no credential.
func (l *linker) inline(f *closure, e *event) (*Guard, string) {
	t := l.m.inspect(f, 2)
	g := &Guard{Name: "in the handler", Line: f.fn.Line, Inline: true}
	if f.env.file != nil {
		g.File = f.env.file.Path
	}
	if name, asks := l.m.asksItself(f, 2); asks {
		g.Name = orWord(name, g.Name)
		return g, ""
	}
	if t.request && t.refuses {
		return nil, "the handler refuses some requests by what was not understood"
	}
	for _, c := range t.calls {
		if c.state == mayBe && c.file == "" {
			return nil, "the handler calls " + c.name + ", which is not known"
		}
		if c.state == isGuard {
			return nil, "the handler calls " + c.name + ", which refuses some requests"
		}
	}
	return nil, ""
}
