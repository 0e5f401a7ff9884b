package source

import (
	"slices"
	"strings"

	"github.com/launchready/launchready/source/code"
)

// Fastify: routes by method or by one object, plugins with a prefix and a scope of
// their own, hooks that hold for the whole scope and for those below it.

func fastifyApp() *framework {
	return &framework{name: "fastify", app: true, call: fastifyCall, style: colonPath, field: fastifyField}
}

// hooks that run before the handler and may refuse.
var fastifyHooks = []string{"onRequest", "preParsing", "preValidation", "preHandler"}

func fastifyField(_ *machine, r *router, name string) value {
	return r.extra[name] // what decorate put there
}

func fastifyCall(m *machine, r *router, c *invocation) (value, bool) {
	switch c.name {
	case "register":
		fastifyRegister(m, r, c)
		return r, true
	case "addHook":
		name, ok := c.text(0, "")
		if nodes := c.nodes(); ok && slices.Contains(fastifyHooks, name.s) && len(nodes) > 1 {
			m.use(r, text{}, c, c.args[1:], nodes[1:])
		}
		return r, true
	case "decorate":
		if name, ok := c.text(0, ""); ok {
			r.extra[name.s] = c.arg(1)
		}
		return r, true
	case "auth": // @fastify/auth: a list of functions, one of which must agree
		return &list{items: []value{made{path: "either", args: listItems(c.arg(0)), node: c.node, env: c.env}}}, true
	case "withTypeProvider", "after", "ready", "listen", "setErrorHandler", "setNotFoundHandler", "addSchema", "setValidatorCompiler", "setSerializerCompiler":
		if f, ok := c.arg(0).(*closure); ok && c.name == "after" {
			m.invoke(f, nil, nil, c.node)
		}
		return r, true
	case "route":
		if o, ok := c.arg(0).(*object); ok {
			fastifyObject(m, r, c, o)
		}
		return r, true
	}
	method := verb(c.name)
	if method == "" {
		return nil, false
	}
	paths, _ := pathsOf(c.arg(0))
	o, _ := c.arg(1).(*object)
	for _, p := range paths {
		e := m.event(r, onRoute, c)
		e.method, e.path, e.henv = method, p, c.env
		nodes := c.nodes()
		if len(nodes) > 1 {
			last := len(nodes) - 1
			e.handler, e.hnode = c.args[last], nodes[last]
		}
		switch {
		case o != nil:
			if last := len(c.args) - 1; last == 1 {
				e.handler = o.m["handler"]
			}
			e.guards = m.fastifyGuards(c, o, nodes[1])
		case len(c.args) > 2:
			e.guards = []candidate{{v: nil, node: nodes[1], env: c.env}} // options that were not understood may hold a hook
		}
	}
	return r, true
}

func listItems(v value) []value {
	if l, ok := v.(*list); ok {
		return l.items
	}
	return []value{v}
}

func (m *machine) fastifyGuards(c *invocation, o *object, n *code.Node) []candidate {
	var out []candidate
	for _, hook := range fastifyHooks {
		if _, ok := o.m[hook]; !ok {
			continue
		}
		node := n.Named(hook)
		if node == nil {
			node = n
		}
		out = append(out, m.candidates(c, []value{o.m[hook]}, []*code.Node{node})...)
	}
	return out
}

func fastifyObject(m *machine, r *router, c *invocation, o *object) {
	paths, _ := pathsOf(o.m["url"])
	if o.m["url"] == nil && o.m["path"] != nil {
		paths, _ = pathsOf(o.m["path"])
	}
	methods, ok := pathsOf(o.m["method"])
	if !ok {
		methods = []text{{s: "ANY"}}
	}
	n := c.nodes()[0]
	for _, p := range paths {
		for _, method := range methods {
			e := m.event(r, onRoute, c)
			e.method, e.path = strings.ToUpper(method.s), p
			e.handler, e.hnode, e.henv = o.m["handler"], n.Named("handler"), c.env
			e.guards = m.fastifyGuards(c, o, n)
		}
	}
}

// fastifyRegister runs a plugin in a scope of its own, unless fastify-plugin took
// that away.
func fastifyRegister(m *machine, r *router, c *invocation) {
	plugin := c.arg(0)
	target := r
	var options value
	if len(c.args) > 1 {
		options = c.args[1]
	}
	if w, ok := plugin.(made); ok && strings.HasPrefix(w.path, "fastify-plugin") {
		plugin = first(w.args)
	} else {
		target = m.router(r.kind, c.node, c.env)
		for k, v := range r.extra {
			target.extra[k] = v
		}
		var prefix text
		if o, ok := options.(*object); ok {
			prefix, _ = stringOf(o.m["prefix"])
			if _, given := o.m["prefix"]; given && prefix == (text{}) && o.m["prefix"] == nil {
				prefix = text{s: "/{?}", open: true}
			}
		}
		m.mount(r, prefix, target, c)
	}
	if n, ok := plugin.(namespace); ok {
		plugin = m.exported(n.mod, "default")
	}
	if f, ok := plugin.(*closure); ok {
		m.invoke(f, []value{target, options}, nil, c.node)
	}
}
