package source

import (
	"strings"

	"github.com/launchready/launchready/source/code"
)

// Hono: methods with middleware, use with a pattern, route to mount, basePath.

func hono() *framework {
	return &framework{name: "hono", ordered: true, app: true, call: honoCall, style: colonPath}
}

func honoCall(m *machine, r *router, c *invocation) (value, bool) {
	switch c.name {
	case "use":
		args, nodes := c.args, c.nodes()
		var path text
		if t, ok := stringOf(c.arg(0)); ok {
			path, args, nodes = t, args[1:], nodes[1:]
		}
		exact := path.s != "" && !strings.HasSuffix(path.s, "*") // /admin is not /admin/*
		path.s = strings.TrimSuffix(strings.TrimSuffix(path.s, "*"), "/")
		if len(args) > 0 {
			m.use(r, path, c, args, nodes)
			r.events[len(r.events)-1].exact = exact
		}
		return r, true
	case "route", "mount":
		path, _ := c.text(0, "")
		if child, ok := c.arg(1).(*router); ok && child != r {
			m.mount(r, path, child, c)
		}
		return r, true
	case "basePath":
		path, _ := c.text(0, "")
		child := m.router(r.kind, c.node, c.env)
		m.mount(r, path, child, c)
		return child, true
	case "on":
		methods, _ := pathsOf(c.arg(0))
		paths, _ := pathsOf(c.arg(1))
		for _, method := range methods {
			for _, p := range paths {
				m.route(r, strings.ToUpper(method.s), p, c, 2)
			}
		}
		return r, true
	case "openapi": // createRoute({method, path, middleware})
		if w, ok := c.arg(0).(made); ok {
			if o, ok := first(w.args).(*object); ok {
				honoOpenAPI(m, r, c, o, w.node)
			}
		}
		return r, true
	case "onError", "notFound", "doc", "request", "fire", "fetch":
		return r, true
	}
	method := verb(c.name)
	if method == "" {
		return nil, false
	}
	paths, ok := pathsOf(c.arg(0))
	if !ok && len(c.args) > 0 && c.nodes()[0].Is(code.Func) {
		m.route(r, method, text{s: "/"}, c, 0)
		return r, true
	}
	for _, p := range paths {
		m.route(r, method, p, c, 1)
	}
	return r, true
}

func honoOpenAPI(m *machine, r *router, c *invocation, o *object, n *code.Node) {
	method, _ := stringOf(o.m["method"])
	path, ok := stringOf(o.m["path"])
	if !ok {
		path = text{s: "{?}", open: true}
	}
	path.s = strings.NewReplacer("{", ":", "}", "").Replace(path.s)
	e := m.event(r, onRoute, c)
	e.method, e.path, e.henv = strings.ToUpper(method.s), path, c.env
	e.handler = c.arg(1)
	if nodes := c.nodes(); len(nodes) > 1 {
		e.hnode = nodes[1]
	}
	if mw, ok := o.m["middleware"]; ok {
		e.guards = m.candidates(c, []value{mw}, []*code.Node{n})
	}
}
