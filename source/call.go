package source

import (
	"slices"
	"strings"

	"github.com/launchready/launchready/source/code"
)

// invocation is one call of a method of a router.
type invocation struct {
	name  string
	node  *code.Node
	args  []value // without names
	named map[string]value
	env   *scope
}

// nodes are the argument nodes without names, beside args.
func (c *invocation) nodes() []*code.Node {
	var out []*code.Node
	for _, a := range c.node.List {
		if a.Kind != code.Pair {
			out = append(out, a)
		}
	}
	return out
}

func (c *invocation) arg(i int) value {
	if i < len(c.args) {
		return c.args[i]
	}
	return nil
}

// text of the i-th argument, or of the one with that name.
func (c *invocation) text(i int, name string) (text, bool) {
	if v, ok := c.named[name]; ok && name != "" {
		return stringOf(v)
	}
	return stringOf(c.arg(i))
}

func (m *machine) arguments(n *code.Node, env *scope) ([]value, map[string]value) {
	var args []value
	var named map[string]value
	for _, a := range n.List {
		switch {
		case a.Kind == code.Pair && a.X == nil && a.Text != "" && env.file != nil && env.file.Language == code.Python:
			if named == nil {
				named = map[string]value{}
			}
			named[a.Text] = m.eval(a.Y, env)
		case a.Kind == code.Spread:
			if l, ok := m.eval(a.X, env).(*list); ok {
				args = append(args, l) // flattened by who takes lists
			} else {
				args = append(args, nil)
			}
		default:
			args = append(args, m.eval(a, env))
		}
	}
	return args, named
}

func (m *machine) call(n *code.Node, env *scope) value {
	v := m.called(n, env)
	m.last[n] = v
	return v
}

// again is the value of an argument that was evaluated before: a call is not run a
// second time, which would make its router twice.
func (m *machine) again(n *code.Node, env *scope) value {
	if v, ok := m.last[n]; ok {
		return v
	}
	return m.eval(n, env)
}

func (m *machine) called(n *code.Node, env *scope) value {
	if n.X.Is(code.Name) && len(n.List) == 1 && n.List[0].Is(code.String) && (n.X.Text == "require" || n.X.Text == "import") {
		return m.require(n.List[0].Text, env)
	}
	if n.X.Is(code.Member) {
		x := m.eval(n.X.X, env)
		switch o := x.(type) {
		case *router:
			args, named := m.arguments(n, env)
			if v, ok := o.kind.call(m, o, &invocation{n.X.Text, n, args, named, env}); ok {
				return v
			}
			return nil
		case *list:
			return m.listCall(o, n, env)
		case text:
			m.arguments(n, env)
			return textCall(o, n.X.Text)
		case *class:
			if n.X.Text == "as_view" {
				args, named := m.arguments(n, env)
				return made{path: "as_view", args: append([]value{o}, args...), named: named, node: n, env: env}
			}
		case *closure:
			switch n.X.Text {
			case "call":
				args, _ := m.arguments(n, env)
				if len(args) > 0 {
					return m.invoke(o, args[1:], nil, n)
				}
			case "bind":
				return o
			}
		}
		if v, ok := m.objectCall(n, env); ok {
			return v
		}
		callee := m.member(x, n.X.Text, n.X)
		return m.apply(callee, n, env)
	}
	return m.apply(m.eval(n.X, env), n, env)
}

// objectCall knows Object.values and its like.
func (m *machine) objectCall(n *code.Node, env *scope) (value, bool) {
	if !n.X.X.Is(code.Name) || n.X.X.Text != "Object" || len(n.List) == 0 {
		return nil, false
	}
	o, ok := m.eval(n.List[0], env).(*object)
	if !ok {
		return nil, true
	}
	l := &list{}
	for _, k := range o.keys {
		switch n.X.Text {
		case "values":
			l.items = append(l.items, o.m[k])
		case "keys":
			l.items = append(l.items, text{s: k})
		case "entries":
			l.items = append(l.items, &list{items: []value{text{s: k}, o.m[k]}})
		default:
			return o, true
		}
	}
	return l, true
}

func (m *machine) require(name string, env *scope) value {
	if mod := m.res.find(env.file, name); mod != nil {
		m.load(mod)
		if mod.whole != nil {
			return mod.whole
		}
		return namespace{mod}
	}
	return external{strings.TrimPrefix(name, "node:")}
}

func (m *machine) listCall(l *list, n *code.Node, env *scope) value {
	args, _ := m.arguments(n, env)
	switch n.X.Text {
	case "forEach", "map", "flatMap":
		f, ok := first(args).(*closure)
		if !ok {
			return nil
		}
		out := &list{}
		for _, item := range l.items[:min(len(l.items), maxItems)] {
			out.items = append(out.items, m.invoke(f, []value{item}, nil, n))
		}
		return out
	case "concat", "extend":
		grown := l
		for _, a := range args {
			grown, _ = m.extend(grown, a).(*list)
		}
		if n.X.Text == "extend" && grown != nil {
			l.items = grown.items
		}
		return grown
	case "push", "append":
		l.items = append(l.items, args...)
		return l
	case "filter", "slice", "sort", "reverse":
		return l
	case "join":
		sep, _ := stringOf(first(args))
		var out text
		for i, item := range l.items {
			t, ok := stringOf(item)
			if !ok {
				t = text{s: "{?}", open: true}
			}
			if i > 0 {
				out.s += sep.s
			}
			out.s += t.s
			out.open = out.open || t.open
		}
		return out
	}
	return nil
}

func first(vs []value) value {
	if len(vs) > 0 {
		return vs[0]
	}
	return nil
}

func textCall(t text, name string) value {
	switch name {
	case "toLowerCase", "lower":
		return text{strings.ToLower(t.s), t.open}
	case "trim", "strip", "toString":
		return t
	}
	return text{s: "{?}", open: true}
}

// apply calls a value that is no method of a router.
func (m *machine) apply(callee value, n *code.Node, env *scope) value {
	switch f := callee.(type) {
	case bound:
		args, named := m.arguments(n, env)
		v, _ := f.r.kind.call(m, f.r, &invocation{f.name, n, args, named, env})
		return v
	case *closure:
		args, named := m.arguments(n, env)
		return m.invoke(f, args, named, n)
	case *class:
		if env.file != nil && env.file.Language == code.Golang { // a conversion
			return first(m.evalAll(n.List, env))
		}
		return m.instantiate(f, n, env)
	case external:
		return m.made(f.path, n, env)
	case made:
		return m.made(f.path+"()", n, env)
	case *router:
		m.arguments(n, env)
		if f.kind.self { // Express: app(req, res)
			return f
		}
		return f
	}
	args, _ := m.arguments(n, env)
	m.runLambdas(args, n)
	return nil
}

// runLambdas runs functions that are handed to something unknown: what they
// register is registered, if at all, then.
func (m *machine) runLambdas(args []value, n *code.Node) {
	for i, a := range args {
		f, ok := a.(*closure)
		if !ok || i >= len(n.List) || !n.List[i].Is(code.Func) || len(f.fn.List) > 1 || !registers(f.fn) {
			continue
		}
		m.under(n, func() { m.invoke(f, nil, nil, n) })
	}
}

func (m *machine) evalAll(list []*code.Node, env *scope) []value {
	var out []value
	for _, n := range list {
		out = append(out, m.eval(n, env))
	}
	return out
}

// made calls a function of another package: a router, or something that the
// frameworks' readers and the judge of guards know by its path.
func (m *machine) made(path string, n *code.Node, env *scope) value {
	args, named := m.arguments(n, env)
	if k := constructor(path); k != nil {
		r := m.router(k, n, env)
		if k.begin != nil {
			k.begin(m, r, &invocation{path, n, args, named, env})
		}
		return r
	}
	if slices.Contains(wrappers, lastOf(path)) || path == "either" {
		return made{path, args, named, n, env}
	}
	if v, ok := m.library(path, n, args, env); ok {
		return v
	}
	m.runLambdas(args, n)
	return made{path, args, named, n, env}
}

// wrappers give back what was put in, with something around it.
var wrappers = []string{"Depends", "Security", "permission_classes", "UseGuards"}

// library knows the few functions of other packages through which a router or a
// middleware passes.
func (m *machine) library(path string, n *code.Node, args []value, env *scope) (value, bool) {
	switch lastOf(path) {
	case "createServer", "asyncHandler", "expressAsyncHandler", "catchAsync", "wrap", "HandlerFunc", "WrapHandler", "memo", "cache":
		for _, a := range args {
			switch a.(type) {
			case *router, *closure:
				return a, true
			}
		}
	case "ListenAndServe", "ListenAndServeTLS", "Serve":
		if len(args) > 1 {
			m.serve(args[1], n, env)
		}
	case "NewServer", "StripPrefix":
		if lastOf(path) == "StripPrefix" && len(args) == 2 {
			return args[1], true
		}
	}
	return nil, false
}

func lastOf(path string) string {
	path = strings.TrimSuffix(path, "()")
	return path[strings.LastIndexByte(path, '.')+1:]
}

func (m *machine) construct(n *code.Node, env *scope) value {
	switch f := m.eval(n.X, env).(type) {
	case *class:
		return m.instantiate(f, n, env)
	case external:
		return m.made(f.path, n, env)
	case *closure:
		args, named := m.arguments(n, env)
		return m.invoke(f, args, named, n)
	}
	args, _ := m.arguments(n, env)
	m.runLambdas(args, n)
	return nil
}

func (m *machine) instantiate(c *class, n *code.Node, env *scope) value {
	args, named := m.arguments(n, env)
	in := &instance{of: c, fields: map[string]value{}}
	for _, base := range c.node.List { // class App extends Hono: it is the router
		if e, ok := m.eval(base, c.env).(external); ok {
			if k := constructor(e.path); k != nil {
				r := m.router(k, n, env)
				if k.begin != nil {
					k.begin(m, r, &invocation{e.path, n, args, named, env})
				}
				return r
			}
		}
	}
	scoped := c.env.child()
	scoped.vars["this"] = in
	for _, b := range c.node.Body {
		if b.Is(code.Assign) && b.Text == "field" && b.X.Is(code.Name) {
			if b.Y.Is(code.Func) {
				in.fields[b.X.Text] = &closure{fn: b.Y, env: scoped}
			} else {
				in.fields[b.X.Text] = m.eval(b.Y, scoped)
			}
		}
	}
	for _, name := range [...]string{"constructor", "__init__"} {
		if f, ok := m.method(in, name, 0).(*closure); ok {
			m.invoke(f, args, named, n)
		}
	}
	return in
}

// invoke runs a function of the source with what is known of its arguments.
func (m *machine) invoke(f *closure, args []value, named map[string]value, at *code.Node) value {
	if m.depth >= maxDepth || m.calls[f.fn] >= maxCalls {
		return nil
	}
	m.calls[f.fn]++
	m.depth++
	m.scanned[f.fn] = true
	defer func() { m.depth-- }()
	env := f.env.child()
	if f.self != nil {
		env.vars["this"] = f.self
		if f.fn.Alias != "" {
			env.vars[f.fn.Alias] = f.self
		}
	}
	params := f.fn.List
	if f.env.file != nil && f.env.file.Language == code.Python && f.self != nil && len(params) > 0 {
		env.vars[params[0].Text] = f.self
		params = params[1:]
	}
	for i, p := range params {
		var v value
		if i < len(args) {
			v = args[i]
		}
		if p.Alias == "..." && f.env.file.Language != code.Python {
			v = &list{items: append([]value{}, args[min(i, len(args)):]...)}
		}
		if nv, ok := named[p.Text]; ok {
			v = nv
		}
		if v == nil && p.X != nil {
			v = m.eval(p.X, env)
		}
		if p.Text != "" {
			env.vars[p.Text] = v
		} else if p.Y != nil {
			for _, name := range patternNames(p.Y) {
				env.vars[name] = nil
			}
			m.bind(p.Y, v, env)
		}
	}
	m.hoist(f.fn.Body, env)
	return m.block(f.fn.Body, env).v
}
