package source

import (
	"strings"

	"github.com/launchready/launchready/source/code"
)

// gin: a group takes the middleware that its parent has at that moment; what the
// parent uses later does not reach it.
func gin() *framework {
	return &framework{name: "gin", ordered: true, app: true, call: ginCall, style: colonPath}
}

func ginCall(m *machine, r *router, c *invocation) (value, bool) {
	switch c.name {
	case "Use":
		m.use(r, text{}, c, c.args, c.nodes())
		return r, true
	case "Group":
		return m.group(r, c, 1), true
	case "Handle":
		method, _ := c.text(0, "")
		m.route(r, strings.ToUpper(method.s), pathAt(c, 1), c, 2)
		return r, true
	case "Match":
		methods, _ := pathsOf(c.arg(0))
		for _, method := range methods {
			m.route(r, method.s, pathAt(c, 1), c, 2)
		}
		return r, true
	case "Run", "NoRoute", "NoMethod", "StaticFS", "Static", "StaticFile", "SetTrustedProxies", "RunTLS", "LoadHTMLGlob":
		return r, true
	}
	if c.name == "Any" || verb(c.name) != "" && c.name == strings.ToUpper(c.name) {
		m.route(r, verb(c.name), pathAt(c, 0), c, 1)
		return r, true
	}
	return nil, false
}

func pathAt(c *invocation, i int) text {
	if t, ok := c.text(i, ""); ok {
		return t
	}
	return text{s: "/{?}", open: true}
}

// group makes a child below a path, with middleware from argument at on.
func (m *machine) group(r *router, c *invocation, at int) *router {
	child := m.router(r.kind, c.node, c.env)
	e := m.mount(r, pathAt(c, 0), child, c)
	if nodes := c.nodes(); len(nodes) > at {
		e.guards = m.candidates(c, c.args[at:], nodes[at:])
	}
	return child
}

// echo: what the application uses stands before everything; a group takes what its
// parent group has at that moment; the handler comes before its middleware.
func echoApp() *framework {
	return &framework{name: "echo", app: true, exact: true, call: echoCall, style: colonPath}
}

func echoGroup() *framework {
	f := echoApp()
	f.ordered = true
	return f
}

func echoCall(m *machine, r *router, c *invocation) (value, bool) {
	switch c.name {
	case "Use", "Pre":
		m.use(r, text{}, c, c.args, c.nodes())
		return nil, true
	case "Group":
		g := m.group(r, c, 1)
		g.kind = echoGroup()
		return g, true
	case "Add":
		method, _ := c.text(0, "")
		m.echoRoute(r, strings.ToUpper(method.s), c, 1)
		return nil, true
	case "Match":
		methods, _ := pathsOf(c.arg(0))
		for _, method := range methods {
			m.echoRoute(r, method.s, c, 1)
		}
		return nil, true
	}
	if c.name == "Any" || verb(c.name) != "" && c.name == strings.ToUpper(c.name) {
		m.echoRoute(r, verb(c.name), c, 0)
		return nil, true
	}
	return nil, false
}

func (m *machine) echoRoute(r *router, method string, c *invocation, at int) {
	nodes := c.nodes()
	if len(nodes) < at+2 {
		return
	}
	e := m.event(r, onRoute, c)
	e.method, e.path = method, pathAt(c, at)
	e.handler, e.hnode, e.henv = c.args[at+1], nodes[at+1], c.env
	e.guards = m.candidates(c, c.args[at+2:], nodes[at+2:])
}

// chi: Use before the routes, Group and With for a part of them, Route and Mount
// below a path.
func chi() *framework {
	return &framework{name: "chi", ordered: true, app: true, call: chiCall, style: bracePath}
}

func chiCall(m *machine, r *router, c *invocation) (value, bool) {
	switch c.name {
	case "Use":
		m.use(r, text{}, c, c.args, c.nodes())
		return nil, true
	case "With":
		child := m.router(r.kind, c.node, c.env)
		e := m.mount(r, text{}, child, c)
		e.guards = m.candidates(c, c.args, c.nodes())
		return child, true
	case "Group":
		child := m.router(r.kind, c.node, c.env)
		m.mount(r, text{}, child, c)
		m.chiBlock(c.arg(0), child, c)
		return child, true
	case "Route":
		child := m.router(r.kind, c.node, c.env)
		m.mount(r, pathAt(c, 0), child, c)
		m.chiBlock(c.arg(1), child, c)
		return child, true
	case "Mount":
		m.mountHandler(r, pathAt(c, 0), c, 1)
		return nil, true
	case "Method", "MethodFunc":
		method, _ := c.text(0, "")
		m.route(r, strings.ToUpper(orWord(method.s, "ANY")), pathAt(c, 1), c, 2)
		return nil, true
	case "Handle", "HandleFunc":
		m.handle(r, c)
		return nil, true
	case "NotFound", "MethodNotAllowed", "Routes", "Middlewares", "ServeHTTP":
		return nil, true
	}
	if verb(c.name) != "" && c.name != strings.ToLower(c.name) {
		m.route(r, verb(c.name), pathAt(c, 0), c, 1)
		return nil, true
	}
	return nil, false
}

func (m *machine) chiBlock(v value, child *router, c *invocation) {
	if f, ok := v.(*closure); ok {
		m.invoke(f, []value{child}, nil, c.node)
	}
}

// mountHandler mounts the router that stands in an argument, within the functions
// that wrap it.
func (m *machine) mountHandler(r *router, path text, c *invocation, at int) bool {
	nodes := c.nodes()
	if at >= len(nodes) {
		return false
	}
	child, guards, strips := m.wrapped(c.arg(at), nodes[at], c.env, 0)
	if child == nil || child == r {
		return false
	}
	if r.kind.name == "net/http" && !strips {
		path = text{} // a ServeMux leaves the path as it is
	}
	e := m.mount(r, path, child, c)
	e.guards = guards
	return true
}

// wrapped finds the router within auth(log(router)), and the wrappers.
func (m *machine) wrapped(v value, n *code.Node, env *scope, depth int) (child *router, guards []candidate, strips bool) {
	if r, ok := v.(*router); ok && !n.Is(code.Call) {
		return r, nil, false
	}
	if depth > 6 || !n.Is(code.Call) {
		r, _ := v.(*router)
		return r, nil, false
	}
	for _, a := range n.List {
		if a.Kind == code.Func || a.Kind == code.String {
			continue
		}
		inner, g, s := m.wrapped(m.again(a, env), a, env, depth+1)
		if inner == nil {
			continue
		}
		if n.X.Last() == "StripPrefix" {
			return inner, g, true
		}
		w := candidate{v: m.eval(n.X, env), node: n.X, env: env}
		return inner, append([]candidate{w}, g...), s
	}
	r, _ := v.(*router)
	return r, nil, false
}

// serve is http.ListenAndServe(addr, auth(mux)): the wrappers stand before all.
func (m *machine) serve(v value, n *code.Node, env *scope) {
	at := n
	if n.Is(code.Call) && len(n.List) > 1 && strings.HasPrefix(n.X.Last(), "ListenAndServe") {
		at = n.List[len(n.List)-1]
	}
	if r, guards, _ := m.wrapped(v, at, env, 0); r != nil {
		r.guards = append(r.guards, guards...)
		r.root = true
	}
}

// net/http: patterns of Go 1.22, wrappers around handlers and around the mux.
func serveMux() *framework {
	return &framework{name: "net/http", app: true, call: muxCall, style: bracePath}
}

func muxCall(m *machine, r *router, c *invocation) (value, bool) {
	switch c.name {
	case "Handle", "HandleFunc":
		m.handle(r, c)
		return nil, true
	case "ServeHTTP", "Handler":
		return nil, true
	}
	return nil, false
}

func (m *machine) handle(r *router, c *invocation) {
	pattern := pathAt(c, 0)
	method, path := "ANY", pattern
	if before, after, ok := strings.Cut(pattern.s, " "); ok {
		method, path.s = strings.ToUpper(before), strings.TrimSpace(after)
	}
	if !strings.HasPrefix(path.s, "/") && !path.open {
		if i := strings.IndexByte(path.s, '/'); i >= 0 {
			path.s = path.s[i:] // a host stands before it
		}
	}
	prefix := path
	prefix.s = strings.TrimSuffix(strings.TrimSuffix(prefix.s, "*"), "/")
	if m.mountHandler(r, prefix, c, 1) {
		return
	}
	m.route(r, method, path, c, 1)
}

// fiber reads like Express, with Group, Route and Mount.
func fiber() *framework {
	return &framework{name: "fiber", ordered: true, app: true, call: fiberCall, style: colonPath}
}

func fiberCall(m *machine, r *router, c *invocation) (value, bool) {
	switch c.name {
	case "Use":
		expressUse(m, r, c)
		return r, true
	case "Group":
		return m.group(r, c, 1), true
	case "Route":
		child := m.router(r.kind, c.node, c.env)
		m.mount(r, pathAt(c, 0), child, c)
		m.chiBlock(c.arg(1), child, c)
		return child, true
	case "Mount":
		m.mountHandler(r, pathAt(c, 0), c, 1)
		return r, true
	case "Add":
		method, _ := c.text(0, "")
		m.route(r, strings.ToUpper(method.s), pathAt(c, 1), c, 2)
		return r, true
	case "Static", "Listen", "Hooks", "Name":
		return r, true
	}
	if method := verb(c.name); method != "" && c.name != strings.ToLower(c.name) && c.name != strings.ToUpper(c.name) {
		m.route(r, method, pathAt(c, 0), c, 1)
		return r, true
	}
	return nil, false
}

// floating seeds a function that nothing in the source calls with routers for its
// typed parameters: its routes are known, where they are mounted is not.
func (m *machine) floating(f *closure) {
	var args []value
	found := false
	for _, p := range f.fn.List {
		var v value
		if k := m.paramFramework(p, f.env); k != nil {
			r := m.router(k, f.fn, f.env)
			r.float = "the router is given to " + orWord(f.fn.Text, "a function") + ", which nothing in the source calls"
			v, found = r, true
		}
		args = append(args, v)
	}
	if !found && !registers(f.fn) {
		return
	}
	m.invoke(f, args, nil, f.fn)
}

func (m *machine) paramFramework(p *code.Node, env *scope) *framework {
	if env.file == nil {
		return nil
	}
	if env.file.Language != code.Script {
		if e, ok := m.eval(p.Y, env).(external); ok {
			return paramKind(e.path)
		}
		return nil
	}
	switch p.Text {
	case "app", "router", "apiRouter":
		return expressRouter()
	case "fastify":
		return fastifyApp()
	}
	return nil
}
