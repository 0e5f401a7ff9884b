package source

import (
	"strings"

	"github.com/launchready/launchready/source/code"
)

// Express 4 and 5, and Koa's router, which reads alike: app.use, app.get,
// router.route("/x").get(…), routers mounted by use.

func expressApp() *framework {
	return &framework{name: "express", ordered: true, app: true, self: true, call: expressCall, style: colonPath}
}

func expressRouter() *framework {
	f := expressApp()
	f.app = false
	return f
}

func expressCall(m *machine, r *router, c *invocation) (value, bool) {
	switch c.name {
	case "use":
		expressUse(m, r, c)
		return r, true
	case "route":
		if t, ok := c.text(0, ""); ok {
			return &router{kind: expressRoute(r, t), file: r.file, line: c.node.Line, env: c.env}, true
		}
		return nil, true
	case "listen", "set", "enable", "disable", "engine", "on", "disabled", "once":
		return r, true
	case "param":
		return r, true
	case "routes", "middleware", "callback": // Koa
		return r, true
	}
	if method := verb(c.name); method != "" && c.name == strings.ToLower(c.name) {
		if len(c.args) < 2 { // app.get("setting")
			return nil, true
		}
		if expressAll(m, r, c) {
			return r, true
		}
		expressRoutes(m, r, method, c)
		return r, true
	}
	return nil, false
}

// expressAll reads app.all("/api/*", requireUser), which is middleware.
func expressAll(m *machine, r *router, c *invocation) bool {
	t, ok := c.text(0, "")
	if c.name != "all" || !ok || !strings.HasSuffix(t.s, "*") {
		return false
	}
	if f, ok := c.args[len(c.args)-1].(*closure); ok && len(f.fn.List) < 3 {
		return false
	}
	m.use(r, t, c, c.args[1:], c.nodes()[1:])
	return true
}

// expressRoutes notes one route for each path: the first argument may be a list.
func expressRoutes(m *machine, r *router, method string, c *invocation) {
	paths, at := pathsOf(c.args[0])
	if !at && c.nodes()[0].Is(code.Func) { // router.get(handler) has no path
		return
	}
	for _, p := range paths {
		m.route(r, method, p, c, 1)
	}
}

// pathsOf reads a path argument: a string, a list of them, or something unknown.
func pathsOf(v value) ([]text, bool) {
	switch v := v.(type) {
	case text:
		return []text{v}, true
	case *list:
		var out []text
		for _, item := range v.items {
			if t, ok := stringOf(item); ok {
				out = append(out, t)
			}
		}
		if len(out) > 0 {
			return out, true
		}
	}
	return []text{{s: "{?}", open: true}}, false
}

// expressRoute is what app.route("/x") gives.
func expressRoute(r *router, path text) *framework {
	return &framework{name: r.kind.name, ordered: true, style: colonPath, call: func(m *machine, self *router, c *invocation) (value, bool) {
		if method := verb(c.name); method != "" {
			m.route(r, method, path, c, 0)
		}
		return self, true
	}}
}

func expressUse(m *machine, r *router, c *invocation) {
	args, nodes := flatten(c.args, c.nodes())
	paths := []text{{}}
	if len(args) > 0 {
		if p, ok := args[0].(text); ok {
			paths, args, nodes = []text{p}, args[1:], nodes[1:]
		} else if l, ok := c.arg(0).(*list); ok {
			if ps, ok := pathsOf(l); ok {
				paths, args, nodes = ps, args[len(l.items):], nodes[len(l.items):]
			}
		} else if args[0] == nil && len(args) > 1 && !nodes[0].Is(code.Func) && pathLike(nodes[0]) {
			paths, args, nodes = []text{{s: "{?}", open: true}}, args[1:], nodes[1:]
		}
	}
	for _, p := range paths {
		var before []value
		var at []*code.Node
		for i, a := range args {
			child, ok := a.(*router)
			if !ok {
				before, at = append(before, a), append(at, nodes[i])
				continue
			}
			if child == r {
				continue
			}
			e := m.mount(r, p, child, c)
			e.guards = m.candidates(c, before, at)
		}
		m.use(r, p, c, before, at)
	}
}

// pathLike tells a computed path from a middleware: `/${x}`, PREFIX + "/x".
func pathLike(n *code.Node) bool {
	return n.Is(code.Template) || n.Is(code.Binary) || n.Is(code.Other) && n.Text == "regexp"
}

func koaApp() *framework {
	f := expressApp()
	f.name = "koa"
	return f
}

func koaRouter() *framework {
	f := expressRouter()
	f.name = "koa"
	f.begin = func(_ *machine, r *router, c *invocation) {
		if o, ok := c.arg(0).(*object); ok {
			r.prefix, _ = stringOf(o.m["prefix"])
		}
	}
	call := f.call
	f.call = func(m *machine, r *router, c *invocation) (value, bool) {
		switch c.name {
		case "prefix":
			if t, ok := c.text(0, ""); ok {
				r.prefix = t
			}
			return r, true
		}
		return call(m, r, c)
	}
	return f
}
