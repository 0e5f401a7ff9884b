package source

import (
	"strings"

	"github.com/launchready/launchready/source/code"
)

func (m *machine) eval(n *code.Node, env *scope) value {
	if n == nil || m.spent() {
		return nil
	}
	switch n.Kind {
	case code.Name:
		if v, ok := env.get(n.Text); ok {
			return v
		}
		if env.file != nil && env.file.Language == code.Python {
			return nil
		}
		return nil
	case code.String:
		return text{s: n.Text}
	case code.Number, code.Constant:
		return nil
	case code.Template:
		return m.template(n, env)
	case code.Member:
		return m.member(m.eval(n.X, env), n.Text, n)
	case code.Index:
		return m.index(n, env)
	case code.Call:
		return m.call(n, env)
	case code.New:
		return m.construct(n, env)
	case code.Func:
		return &closure{fn: n, env: env}
	case code.Class:
		c := &class{n, env}
		m.classes = append(m.classes, c)
		return c
	case code.Array:
		l := &list{}
		for _, x := range n.List {
			v := m.eval(x, env)
			if x.Is(code.Spread) {
				if inner, ok := m.eval(x.X, env).(*list); ok {
					l.items = append(l.items, inner.items...)
					continue
				}
			}
			l.items = append(l.items, v)
		}
		return l
	case code.Object:
		return m.object(n, env)
	case code.Spread:
		return m.eval(n.X, env)
	case code.Binary:
		return m.binary(n, env)
	case code.Cond:
		m.eval(n.X, env)
		var a, b value
		m.under(n.List[0], func() { a = m.eval(n.List[0], env) })
		m.under(n.List[1], func() { b = m.eval(n.List[1], env) })
		if a == nil {
			return b
		}
		if _, isText := a.(text); isText {
			return text{s: "{?}", open: true} // one of two strings
		}
		return a
	case code.Assign:
		v := m.eval(n.Y, env)
		if n.Text == "+=" {
			v = m.extend(m.eval(n.X, env), v)
		}
		if n.Y == nil && len(n.List) > 0 {
			v = m.typed(n.List[0], env)
		}
		m.assign(n, v, env)
		return v
	case code.Unary, code.Other:
		m.eval(n.X, env)
		for _, x := range n.List {
			m.eval(x, env)
		}
		return nil
	case code.Pair:
		return m.eval(n.Y, env)
	case code.If, code.Loop, code.Block, code.Try, code.With, code.Switch, code.Import, code.Export, code.Return, code.Throw:
		return m.stmt(n, env).v
	}
	return nil
}

// typed is the zero value of a Go declaration: var r chi.Router.
func (m *machine) typed(n *code.Node, env *scope) value {
	switch t := m.eval(n, env).(type) {
	case *class:
		return &instance{of: t, fields: map[string]value{}}
	case external:
		if k := paramKind(t.path); k != nil && strings.HasSuffix(t.path, "ServeMux") {
			return m.router(k, n, env)
		}
	}
	return nil
}

func (m *machine) template(n *code.Node, env *scope) value {
	var out text
	for _, p := range n.List {
		t, ok := stringOf(m.eval(p, env))
		if !ok {
			t = text{s: "{?}", open: true}
		}
		out.s += t.s
		out.open = out.open || t.open
	}
	return out
}

func (m *machine) binary(n *code.Node, env *scope) value {
	a, b := m.eval(n.X, env), m.eval(n.Y, env)
	switch n.Text {
	case "+":
		if l, ok := a.(*list); ok {
			return m.extend(l, b)
		}
		ta, oka := stringOf(a)
		tb, okb := stringOf(b)
		if !oka && !okb {
			return nil
		}
		if !oka {
			ta = text{s: "{?}", open: true}
		}
		if !okb {
			tb = text{s: "{?}", open: true}
		}
		return text{ta.s + tb.s, ta.open || tb.open}
	case "||", "??":
		// A setting with a default: the default is what the source says.
		if a == nil {
			return b
		}
		return a
	case "|": // Hono, Django permissions: A | B
		return &list{items: []value{made{path: "either", args: []value{a, b}, node: n, env: env}}}
	}
	return nil
}

func (m *machine) extend(a, b value) value {
	l, ok := a.(*list)
	if !ok {
		return nil
	}
	out := &list{items: append([]value{}, l.items...)}
	if more, ok := b.(*list); ok {
		out.items = append(out.items, more.items...)
	} else if b != nil {
		out.items = append(out.items, b)
	}
	return out
}

func (m *machine) object(n *code.Node, env *scope) value {
	if n.X != nil { // a Go literal of a named type
		if c, ok := m.eval(n.X, env).(*class); ok {
			in := &instance{of: c, fields: map[string]value{}}
			for _, p := range n.List {
				if p.Is(code.Pair) {
					in.fields[p.Text] = m.eval(p.Y, env)
				} else {
					m.eval(p, env)
				}
			}
			return in
		}
	}
	o := newObject()
	for _, p := range n.List {
		switch p.Kind {
		case code.Pair:
			key := p.Text
			if p.X != nil {
				if t, ok := stringOf(m.eval(p.X, env)); ok {
					key = t.s
				}
			}
			o.set(key, m.eval(p.Y, env))
		case code.Spread:
			if inner, ok := m.eval(p.X, env).(*object); ok {
				for _, k := range inner.keys {
					o.set(k, inner.m[k])
				}
			}
		default:
			m.eval(p, env)
		}
	}
	return o
}

func (m *machine) index(n *code.Node, env *scope) value {
	x := m.eval(n.X, env)
	y := m.eval(n.Y, env)
	if t, ok := y.(text); ok && !t.open {
		return m.member(x, t.s, n)
	}
	switch x := x.(type) {
	case external: // Annotated[User, Depends(f)], and other generics
		mk := made{path: x.path + "[]", node: n, env: env}
		if l, ok := y.(*list); ok {
			mk.args = l.items
		} else {
			mk.args = []value{y}
		}
		return mk
	case *class, *closure: // a generic of the source
		return x
	}
	return nil
}

// member is x.name.
func (m *machine) member(x value, name string, n *code.Node) value {
	switch x := x.(type) {
	case *object:
		return x.m[name]
	case *instance:
		if v, ok := x.fields[name]; ok {
			return v
		}
		return m.method(x, name, 0)
	case *class:
		for _, b := range x.node.Body {
			if b.Is(code.Func) && b.Text == name {
				return &closure{fn: b, env: x.env, self: x}
			}
			if b.Is(code.Assign) && b.X.Is(code.Name) && b.X.Text == name {
				return m.eval(b.Y, x.env)
			}
		}
		for _, base := range x.node.List {
			if c, ok := m.eval(base, x.env).(*class); ok && c != x && m.depth < maxDepth {
				m.depth++
				v := m.member(c, name, n)
				m.depth--
				if v != nil {
					return v
				}
			}
		}
	case namespace:
		return m.exported(x.mod, name)
	case external:
		return external{x.path + "." + name}
	case made:
		return external{x.path + "()." + name}
	case *router:
		if x.kind.field != nil {
			if v := x.kind.field(m, x, name); v != nil {
				return v
			}
		}
		return bound{x, name}
	}
	return nil
}

func (m *machine) exported(mod *module, name string) value {
	if len(mod.files) > 0 && mod.files[0].Language != code.Script {
		if v, ok := mod.env.vars[name]; ok {
			return v
		}
		if mod.files[0].Language == code.Python {
			if sub := m.res.find(&code.File{Path: strings.TrimSuffix(mod.name, "__init__.py") + "x.py", Language: code.Python}, "."+name); sub != nil && strings.HasSuffix(mod.name, "__init__.py") {
				m.load(sub)
				return namespace{sub}
			}
		}
		return nil
	}
	if v, ok := mod.exports[name]; ok {
		return v
	}
	if mod.whole != nil {
		if name == "default" {
			return mod.whole
		}
		return m.member(mod.whole, name, nil)
	}
	if name == "default" && len(mod.exports) > 0 {
		o := newObject()
		for k, v := range mod.exports {
			o.set(k, v)
		}
		return o
	}
	return nil
}

// method of an instance: of its class, or of what that extends.
func (m *machine) method(in *instance, name string, depth int) value {
	return m.methodOf(in, in.of, name, depth)
}

func (m *machine) methodOf(in *instance, c *class, name string, depth int) value {
	if c == nil || depth > 8 {
		return nil
	}
	if f := c.env.mod.methods[c.node.Text][name]; f != nil && c.env.file != nil && c.env.file.Language == code.Golang {
		return &closure{fn: f.fn, env: f.env, self: in}
	}
	for _, b := range c.node.Body {
		switch {
		case b.Is(code.Func) && b.Text == name:
			cl := &closure{fn: b, env: c.env, self: in}
			for _, d := range b.Decorators {
				cl.decor = append(cl.decor, m.eval(d, c.env))
			}
			return cl
		case b.Is(code.Assign) && b.X.Is(code.Name) && b.X.Text == name && b.Y != nil:
			env := c.env.child()
			env.vars["this"] = in
			return m.eval(b.Y, env)
		}
	}
	for _, base := range c.node.List {
		if bc, ok := m.eval(base, c.env).(*class); ok && bc != c {
			if v := m.methodOf(in, bc, name, depth+1); v != nil {
				return v
			}
		}
	}
	return nil
}

// assign binds the left side, which may be a pattern or a member.
func (m *machine) assign(n *code.Node, v value, env *scope) {
	if n.X == nil {
		return
	}
	switch n.Text {
	case "let":
		m.bindNew(n.X, v, env)
	default:
		m.bind(n.X, v, env)
	}
}

func (m *machine) bindNew(x *code.Node, v value, env *scope) {
	if x.Is(code.Name) {
		m.declare(env, x.Text, v)
		return
	}
	for _, name := range patternNames(x) {
		env.vars[name] = nil
	}
	m.bind(x, v, env)
}

func (m *machine) bind(x *code.Node, v value, env *scope) {
	switch x.Kind {
	case code.Name:
		if env.file != nil && env.file.Language == code.Python {
			env.vars[x.Text] = v // assignment makes a local
			return
		}
		env.set(x.Text, v)
	case code.Assign:
		if v == nil {
			v = m.eval(x.Y, env)
		}
		m.bind(x.X, v, env)
	case code.Array:
		l, _ := v.(*list)
		for i, e := range x.List {
			var item value
			if l != nil && i < len(l.items) {
				item = l.items[i]
			}
			m.bind(e, item, env)
		}
	case code.Object:
		for _, p := range x.List {
			if p.Is(code.Pair) && p.Y != nil {
				m.bind(p.Y, m.member(v, p.Text, p), env)
			}
		}
	case code.Member:
		switch o := m.eval(x.X, env).(type) {
		case *instance:
			o.fields[x.Text] = v
		case *object:
			o.set(x.Text, v)
		}
		m.commonJS(x, v, env)
	}
}

// commonJS notes module.exports = v, exports.x = v and module.exports.x = v.
func (m *machine) commonJS(x *code.Node, v value, env *scope) {
	if env.file == nil || env.file.Language != code.Script {
		return
	}
	switch path := x.Dotted(); {
	case path == "module.exports":
		env.mod.whole = v
	case strings.HasPrefix(path, "module.exports.") || strings.HasPrefix(path, "exports."):
		env.mod.exports[x.Text] = v
	}
}
