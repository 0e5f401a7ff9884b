package source

import (
	"strings"

	"github.com/launchready/launchready/source/code"
)

// FastAPI: decorators, include_router, dependencies of application, router, route
// and parameter.
func fastAPI(app bool) *framework {
	return &framework{name: "fastapi", app: app, exact: true, call: fastAPICall, decorate: fastAPIRoute, begin: fastAPIBegin, style: bracePath}
}

func fastAPIBegin(m *machine, r *router, c *invocation) {
	if v, ok := c.named["prefix"]; ok {
		if r.prefix, ok = stringOf(v); !ok {
			r.prefix = text{s: "/{?}", open: true}
		}
	}
	r.guards = m.dependencies(c)
}

// dependencies are the candidates of dependencies=[Depends(f), …].
func (m *machine) dependencies(c *invocation) []candidate {
	v, ok := c.named["dependencies"]
	if !ok {
		return nil
	}
	return m.candidates(c, []value{v}, []*code.Node{c.node.Named("dependencies")})
}

func fastAPICall(m *machine, r *router, c *invocation) (value, bool) {
	switch c.name {
	case "include_router":
		child, ok := c.arg(0).(*router)
		if !ok || child == r {
			return nil, true
		}
		prefix := text{}
		if v, given := c.named["prefix"]; given {
			if prefix, ok = stringOf(v); !ok {
				prefix = text{s: "/{?}", open: true}
			}
		}
		e := m.mount(r, prefix, child, c)
		e.guards = m.dependencies(c)
		return nil, true
	case "mount":
		path, _ := c.text(0, "path")
		child, ok := c.arg(1).(*router)
		if !ok {
			child, ok = c.named["app"].(*router)
		}
		if ok && child != r {
			e := m.mount(r, path, child, c)
			e.method = "app" // dependencies of the outer application do not reach it
		}
		return nil, true
	case "add_api_route", "add_route":
		path, ok := c.text(0, "path")
		if !ok {
			path = text{s: "{?}", open: true}
		}
		handler := c.arg(1)
		if v, given := c.named["endpoint"]; given {
			handler = v
		}
		for _, method := range methodsOf(c, "GET") {
			m.pythonRoute(r, method, path, c, handler)
		}
		return nil, true
	case "add_middleware":
		if nodes := c.nodes(); len(nodes) > 0 {
			m.use(r, text{}, c, c.args[:1], nodes[:1])
		}
		return nil, true
	case "exception_handler", "on_event", "add_exception_handler", "websocket":
		return nil, true
	}
	return nil, false
}

func methodsOf(c *invocation, or string) []string {
	l, ok := c.named["methods"].(*list)
	if !ok {
		if _, given := c.named["methods"]; given {
			return []string{"ANY"}
		}
		return []string{or}
	}
	var out []string
	for _, v := range l.items {
		if t, ok := stringOf(v); ok {
			out = append(out, strings.ToUpper(t.s))
		}
	}
	if len(out) == 0 {
		return []string{"ANY"}
	}
	return out
}

func fastAPIRoute(m *machine, r *router, c *invocation, f *closure) bool {
	methods := []string{verb(c.name)}
	switch {
	case c.name == "api_route" || c.name == "route":
		methods = methodsOf(c, "GET")
	case c.name == "middleware":
		e := m.event(r, onUse, c)
		e.guards = []candidate{{v: f, node: &code.Node{Kind: code.Name, Text: f.fn.Text, Line: f.fn.Line}, env: f.env}}
		return true
	case methods[0] == "" || c.name != strings.ToLower(c.name):
		return c.name == "exception_handler" || c.name == "on_event" || c.name == "websocket"
	}
	path, ok := c.text(0, "path")
	if !ok {
		path = text{s: "{?}", open: true}
	}
	for _, method := range methods {
		m.pythonRoute(r, method, path, c, f)
	}
	return true
}

// pythonRoute notes a route with the dependencies of its decorator, of its
// parameters, and the decorators below the route's.
func (m *machine) pythonRoute(r *router, method string, path text, c *invocation, handler value) {
	e := m.event(r, onRoute, c)
	e.method, e.path, e.handler = method, path, handler
	e.guards = m.dependencies(c)
	f, ok := handler.(*closure)
	if !ok {
		return
	}
	for i, d := range f.decor {
		var n *code.Node
		if at := len(f.fn.Decorators) - len(f.decor) + i; at >= 0 && at < len(f.fn.Decorators) {
			n = f.fn.Decorators[at]
		}
		e.guards = append(e.guards, candidate{v: d, node: n, env: f.env})
	}
	for _, p := range f.fn.List {
		for _, v := range m.paramValues(p, f.env) {
			e.guards = append(e.guards, candidate{v: v, node: dependsNode(p), env: f.env})
		}
	}
}

// dependsNode is the expression that a parameter depends on: its name is the guard's.
func dependsNode(p *code.Node) *code.Node {
	for _, n := range [...]*code.Node{p.X, p.Y} {
		var found *code.Node
		n.Walk(func(c *code.Node) bool {
			if c.Is(code.Call) && (c.X.Last() == "Depends" || c.X.Last() == "Security") && found == nil {
				found = c.Arg(0)
			}
			return found == nil
		})
		if found != nil {
			return found
		}
	}
	if p.Y != nil {
		return p.Y
	}
	return p
}

// paramValues are the dependencies that a parameter declares.
func (m *machine) paramValues(p *code.Node, env *scope) []value {
	var out []value
	for _, n := range [...]*code.Node{p.X, p.Y} {
		v, ok := m.eval(n, env).(made)
		if ok && (lastOf(v.path) == "Depends" || lastOf(v.path) == "Security" || strings.HasSuffix(v.path, "Annotated[]")) {
			if (lastOf(v.path) == "Depends") && len(v.args) == 0 { // x: Class = Depends()
				v.args = []value{m.eval(p.Y, env)}
			}
			out = append(out, v)
		}
	}
	return out
}

// dependency is the verdict on what a parameter depends on.
func (m *machine) dependency(p *code.Node, env *scope) verdict {
	var out verdict
	if m.depth >= maxDepth {
		return out
	}
	m.depth++
	defer func() { m.depth-- }()
	for _, v := range m.paramValues(p, env) {
		if g := m.judgeValue(v, dependsNode(p), judgeDepth-1); g.state > out.state {
			out = g
		}
	}
	return out
}

// Flask and Quart: blueprints, before_request, decorators below the route's.
func flask(app bool) *framework {
	return &framework{name: "flask", app: app, exact: true, call: flaskCall, decorate: flaskRoute, begin: flaskBegin, style: anglePath}
}

func flaskBegin(_ *machine, r *router, c *invocation) {
	r.prefix, _ = stringOf(c.named["url_prefix"])
}

func flaskCall(m *machine, r *router, c *invocation) (value, bool) {
	switch c.name {
	case "register_blueprint":
		child, ok := c.arg(0).(*router)
		if !ok || child == r {
			return nil, true
		}
		e := m.mount(r, text{}, child, c)
		if v, given := c.named["url_prefix"]; given { // stands in place of the blueprint's own
			e.path, ok = stringOf(v)
			if !ok {
				e.path = text{s: "/{?}", open: true}
			}
			e.method = "instead"
		}
		return nil, true
	case "add_url_rule":
		path, ok := c.text(0, "rule")
		if !ok {
			path = text{s: "{?}", open: true}
		}
		handler := c.arg(2)
		if v, given := c.named["view_func"]; given {
			handler = v
		}
		m.flaskView(r, path, c, handler)
		return nil, true
	case "before_request", "before_app_request":
		m.use(r, text{}, c, c.args, c.nodes())
		return nil, true
	case "errorhandler", "after_request", "teardown_appcontext", "app_context", "context_processor", "cli", "run":
		return nil, true
	}
	return nil, false
}

// flaskView reads View.as_view("name"), or a function.
func (m *machine) flaskView(r *router, path text, c *invocation, handler value) {
	node := c.node.Named("view_func")
	if node == nil {
		node = c.node.Arg(2)
	}
	if node.Is(code.Call) && node.X.Is(code.Member) && node.X.Text == "as_view" {
		if v, ok := m.eval(node.X.X, c.env).(*class); ok {
			in := &instance{of: v, fields: map[string]value{}}
			for _, b := range v.node.Body {
				if b.Is(code.Func) && verb(b.Text) != "" {
					f, _ := m.method(in, b.Text, 0).(*closure)
					m.pythonRoute(r, verb(b.Text), path, c, f)
					e := r.events[len(r.events)-1]
					if l, ok := m.member(v, "decorators", nil).(*list); ok {
						e.guards = append(e.guards, m.candidates(c, l.items, make([]*code.Node, len(l.items)))...)
					}
				}
			}
			return
		}
	}
	for _, method := range methodsOf(c, "GET") {
		m.pythonRoute(r, method, path, c, handler)
	}
}

func flaskRoute(m *machine, r *router, c *invocation, f *closure) bool {
	methods := []string{verb(c.name)}
	switch {
	case c.name == "route":
		methods = methodsOf(c, "GET")
	case c.name == "before_request" || c.name == "before_app_request":
		e := m.event(r, onUse, c)
		e.guards = []candidate{{v: f, node: &code.Node{Kind: code.Name, Text: f.fn.Text, Line: f.fn.Line}, env: f.env}}
		return true
	case methods[0] == "":
		return strings.HasSuffix(c.name, "request") || c.name == "errorhandler" || c.name == "context_processor"
	}
	path, ok := c.text(0, "rule")
	if !ok {
		path = text{s: "{?}", open: true}
	}
	for _, method := range methods {
		m.pythonRoute(r, method, path, c, f)
	}
	return true
}
