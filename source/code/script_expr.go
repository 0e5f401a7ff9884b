package code

import (
	"strconv"
	"strings"

	"github.com/tdewolff/parse/v2/js"
)

func (c *scriptReader) exprs(list ...js.IExpr) []*Node {
	var out []*Node
	for _, e := range list {
		if n := c.expr(e); n != nil {
			out = append(out, n)
		}
	}
	return out
}

func (c *scriptReader) expr(e js.IExpr) *Node {
	if c.count > maxNodes || c.depth > maxNesting {
		return c.node(Other, "")
	}
	c.depth++
	defer func() { c.depth-- }()
	switch e := e.(type) {
	case nil:
		return nil
	case *js.Var:
		if e == nil {
			return nil
		}
		// Uses of one variable share one node: its position is that of the first.
		return c.node(Name, string(e.Name()))
	case *js.LiteralExpr:
		return c.literal(*e)
	case js.LiteralExpr:
		return c.literal(e)
	case *js.GroupExpr:
		return c.expr(e.X)
	case *js.DotExpr:
		n := c.node(Member, "")
		n.X = c.expr(e.X)
		switch y := e.Y.(type) {
		case js.LiteralExpr:
			c.see(y.Data)
			n.Text = string(y.Data)
		case *js.LiteralExpr:
			c.see(y.Data)
			n.Text = string(y.Data)
		case *js.Var:
			n.Text = string(y.Data)
		}
		n.Line = c.now
		return n
	case *js.IndexExpr:
		n := c.node(Index, "")
		n.X, n.Y = c.expr(e.X), c.expr(e.Y)
		if n.Y.Is(String) {
			return &Node{Kind: Member, Text: n.Y.Text, X: n.X, Line: n.Y.Line}
		}
		return n
	case *js.CallExpr:
		n := c.node(Call, "")
		n.X = c.expr(e.X)
		n.Line = c.now
		n.List = c.args(e.Args.List)
		if n.X != nil && (n.X.Kind == Name || n.X.Kind == Func) && len(n.List) > 0 {
			n.Line = n.List[0].Line
		}
		return n
	case *js.NewExpr:
		n := c.node(New, "")
		n.X = c.expr(e.X)
		if e.Args != nil {
			n.List = c.args(e.Args.List)
		}
		return n
	case *js.TemplateExpr:
		return c.template(e)
	case *js.ArrayExpr:
		n := c.node(Array, "")
		for _, el := range e.List {
			x := c.expr(el.Value)
			if x == nil {
				x = c.node(Other, "")
			}
			if el.Spread {
				x = &Node{Kind: Spread, X: x, Line: x.Line}
			}
			n.List = append(n.List, x)
		}
		return n
	case *js.ObjectExpr:
		return c.object(e)
	case *js.UnaryExpr:
		if e.Op == js.AwaitToken {
			return c.expr(e.X)
		}
		n := c.node(Unary, e.Op.String())
		n.X = c.expr(e.X)
		return n
	case *js.BinaryExpr:
		return c.binary(e)
	case *js.CondExpr:
		n := c.node(Cond, "")
		n.X = c.expr(e.Cond)
		n.List = []*Node{c.some(e.X), c.some(e.Y)}
		return n
	case *js.YieldExpr:
		return c.expr(e.X)
	case *js.CommaExpr:
		n := c.node(Other, "")
		n.List = c.exprs(e.List...)
		if len(n.List) > 0 {
			// (0, f)(x) is how compilers call an import.
			return n.List[len(n.List)-1]
		}
		return n
	case *js.ArrowFunc:
		n := c.node(Func, "")
		n.List = c.params(e.Params)
		n.Body = c.stmts(e.Body.List)
		return n
	case *js.FuncDecl:
		n := c.node(Func, "")
		if e.Name != nil {
			c.see(e.Name.Data)
			n.Text, n.Line = string(e.Name.Data), c.now
		}
		n.List = c.params(e.Params)
		n.Body = c.stmts(e.Body.List)
		return n
	case *js.MethodDecl:
		return c.method(e)
	case *js.ClassDecl:
		return c.class(e)
	case *js.ImportMetaExpr:
		return c.node(Name, "import.meta")
	case *js.VarDecl:
		if d := c.declare(e); len(d) > 0 {
			return d[0]
		}
	}
	return c.node(Other, "")
}

func (c *scriptReader) some(e js.IExpr) *Node {
	if n := c.expr(e); n != nil {
		return n
	}
	return c.node(Other, "")
}

func (c *scriptReader) literal(e js.LiteralExpr) *Node {
	c.see(e.Data)
	switch e.TokenType {
	case js.StringToken:
		return c.node(String, unquoteScript(e.Data))
	case js.NullToken, js.TrueToken, js.FalseToken:
		return c.node(Constant, string(e.Data))
	case js.ThisToken, js.SuperToken:
		return c.node(Name, string(e.Data))
	case js.RegExpToken:
		n := c.node(Other, "regexp")
		n.Alias = string(e.Data)
		return n
	}
	if js.IsIdentifierName(e.TokenType) {
		return c.node(Name, string(e.Data))
	}
	return c.node(Number, string(e.Data))
}

func (c *scriptReader) template(e *js.TemplateExpr) *Node {
	n := c.node(Template, "")
	for i, p := range e.List {
		c.see(p.Value)
		text := strings.TrimSuffix(string(p.Value), "${")
		if i == 0 {
			text = strings.TrimPrefix(text, "`")
		} else {
			text = strings.TrimPrefix(text, "}")
		}
		if text != "" {
			n.List = append(n.List, c.node(String, text))
		}
		n.List = append(n.List, c.some(p.Expr))
	}
	c.see(e.Tail)
	tail := strings.TrimSuffix(string(e.Tail), "`")
	if len(e.List) == 0 {
		tail = strings.TrimPrefix(tail, "`")
	} else {
		tail = strings.TrimPrefix(tail, "}")
	}
	if tail != "" || len(n.List) == 0 {
		n.List = append(n.List, c.node(String, tail))
	}
	if e.Tag != nil {
		call := c.node(Call, "template")
		call.X, call.List = c.expr(e.Tag), []*Node{n}
		return call
	}
	if len(n.List) == 1 && n.List[0].Kind == String {
		return n.List[0]
	}
	return n
}

func (c *scriptReader) args(list []js.Arg) []*Node {
	var out []*Node
	for _, a := range list {
		n := c.some(a.Value)
		if a.Rest {
			n = &Node{Kind: Spread, X: n, Line: n.Line}
		}
		out = append(out, n)
	}
	return out
}

func (c *scriptReader) object(e *js.ObjectExpr) *Node {
	n := c.node(Object, "")
	for _, p := range e.List {
		if p.Spread {
			value := c.some(p.Value)
			n.List = append(n.List, &Node{Kind: Spread, X: value, Line: value.Line})
			continue
		}
		pair := c.node(Pair, "")
		if p.Name != nil {
			pair.Text, pair.X = c.property(*p.Name)
			pair.Line = c.now
		}
		pair.Y = c.some(p.Value)
		if p.Name == nil {
			pair.Text, pair.Line = pair.Y.Text, pair.Y.Line // shorthand, or a method
		}
		n.List = append(n.List, pair)
	}
	return n
}

func (c *scriptReader) binary(e *js.BinaryExpr) *Node {
	switch e.Op {
	case js.EqToken, js.NullishEqToken, js.OrEqToken, js.AddEqToken:
		n := c.node(Assign, e.Op.String())
		n.X, n.Y = c.expr(e.X), c.expr(e.Y)
		if n.X != nil {
			n.Line = n.X.Line
		}
		return n
	}
	n := c.node(Binary, e.Op.String())
	n.X, n.Y = c.some(e.X), c.some(e.Y)
	n.Line = n.X.Line
	return n
}

func (c *scriptReader) params(p js.Params) []*Node {
	var out []*Node
	for _, e := range p.List {
		n := c.node(Param, "")
		if b := c.binding(e.Binding); b.Is(Name) {
			n.Text, n.Line = b.Text, b.Line
		} else {
			n.Y = b
		}
		n.X = c.expr(e.Default)
		out = append(out, n)
	}
	if p.Rest != nil {
		n := c.node(Param, "")
		if b := c.binding(p.Rest); b.Is(Name) {
			n.Text = b.Text
		}
		n.Alias = "..."
		out = append(out, n)
	}
	return out
}

func (c *scriptReader) method(m *js.MethodDecl) *Node {
	n := c.node(Func, "")
	n.Text, n.X = c.property(m.Name.PropertyName)
	if m.Name.Private != nil {
		n.Text = string(m.Name.Private.Data)
	}
	n.Line = c.now
	n.List = c.params(m.Params)
	n.Body = c.stmts(m.Body.List)
	return n
}

func (c *scriptReader) class(e *js.ClassDecl) *Node {
	n := c.node(Class, "")
	if e.Name != nil {
		c.see(e.Name.Data)
		n.Text, n.Line = string(e.Name.Data), c.now
	}
	if b := c.expr(e.Extends); b != nil {
		n.List = []*Node{b}
	}
	for _, el := range e.List {
		switch {
		case el.Method != nil:
			n.Body = append(n.Body, c.method(el.Method))
		case el.StaticBlock != nil:
			n.Body = append(n.Body, c.stmts(el.StaticBlock.List)...)
		default:
			a := c.node(Assign, "field")
			name, computed := c.property(el.Name.PropertyName)
			if a.X = computed; a.X == nil {
				a.X = c.node(Name, name)
			}
			a.Y = c.expr(el.Init)
			n.Body = append(n.Body, a)
		}
	}
	return n
}

// unquoteScript decodes a string literal; what is no escape that matters for a
// path or a name is left as it stands.
func unquoteScript(b []byte) string {
	s := string(b)
	if len(s) < 2 {
		return s
	}
	s = s[1 : len(s)-1]
	if !strings.Contains(s, `\`) {
		return s
	}
	if u, err := strconv.Unquote(`"` + strings.ReplaceAll(strings.ReplaceAll(s, `\'`, `'`), `"`, `\"`) + `"`); err == nil {
		return u
	}
	return strings.NewReplacer(`\/`, `/`, `\\`, `\`, `\"`, `"`, `\'`, `'`).Replace(s)
}

// foldDecorators puts what esbuild lowered, __decorateClass([...], C.prototype,
// "m"), back where it was written.
func foldDecorators(list []*Node) []*Node {
	classes := map[string]*Node{}
	note := func(name string, n *Node) {
		if n.Is(Class) {
			if n.Text == "" {
				n.Text = name
			}
			classes[name] = n
		}
	}
	var out []*Node
	for _, n := range list {
		switch {
		case n.Is(Class):
			note(n.Text, n)
		case n.Is(Export):
			for _, b := range n.Body {
				if b.Is(Class) {
					note(b.Text, b)
				} else if b.Is(Assign) && b.X.Is(Name) { // export let A = class {…}
					note(b.X.Text, b.Y)
				}
			}
			for _, p := range n.List {
				if p.Y.Is(Class) {
					note(p.Y.Text, p.Y)
				}
			}
		case n.Is(Assign) && n.X.Is(Name) && n.Y.Is(Class):
			note(n.X.Text, n.Y)
		}
		call := n
		if n.Is(Assign) {
			call = n.Y
		}
		if call.Is(Call) && call.X.Is(Name) && call.X.Text == "__decorateClass" && len(call.List) >= 2 {
			decorate(classes, call)
			continue
		}
		if n.Is(Assign) && n.X.Is(Name) && strings.HasPrefix(n.X.Text, "__") && (n.X.Text == "__decorateClass" || n.X.Text == "__decorateParam" || n.X.Text == "__defProp" || n.X.Text == "__getOwnPropDesc") {
			continue
		}
		out = append(out, n)
	}
	return out
}

func decorate(classes map[string]*Node, call *Node) {
	target := call.List[1]
	owner := target
	if target.Is(Member) && target.Text == "prototype" {
		owner = target.X
	}
	if !owner.Is(Name) {
		return
	}
	class := classes[owner.Text]
	if class == nil {
		return
	}
	on := class
	if len(call.List) >= 3 && call.List[2].Is(String) {
		on = nil
		for _, m := range class.Body {
			if m.Is(Func) && m.Text == call.List[2].Text || m.Is(Assign) && m.X.Is(Name) && m.X.Text == call.List[2].Text {
				on = m
			}
		}
		if on == nil { // a field without a value is gone by now
			on = &Node{Kind: Assign, Text: "field", X: &Node{Kind: Name, Text: call.List[2].Text, Line: call.Line}, Line: call.Line}
			class.Body = append(class.Body, on)
		}
	}
	for _, d := range call.List[0].List {
		if d.X.Is(Name) && d.X.Text == "__decorateParam" && len(d.List) == 2 {
			if i, err := strconv.Atoi(d.List[0].Text); err == nil && i < len(on.List) && on.Is(Func) {
				on.List[i].Decorators = append(on.List[i].Decorators, d.List[1])
			}
			continue
		}
		on.Decorators = append(on.Decorators, d)
	}
}
