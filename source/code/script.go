package code

import (
	"bytes"
	"fmt"
	"path"
	"strings"
	"unsafe"

	"github.com/evanw/esbuild/pkg/api"
	"github.com/tdewolff/parse/v2"
	"github.com/tdewolff/parse/v2/js"
)

// parseScript strips types and JSX, lowers decorators to calls, parses what is
// left, and folds the calls back into Decorators.
func parseScript(f *File, src []byte) error {
	// Bytes that are no UTF-8 at the end of a comment hold esbuild for ever.
	src = bytes.ToValidUTF8(src, []byte("?"))
	if chained(src) {
		return fmt.Errorf("parse %s: a chain of more than %d members", f.Path, maxChain)
	}
	loader := api.LoaderTSX
	switch strings.ToLower(path.Ext(f.Path)) {
	case ".ts", ".mts", ".cts":
		loader = api.LoaderTS
	case ".js", ".jsx", ".mjs", ".cjs":
		loader = api.LoaderJSX
	}
	r := api.Transform(string(src), api.TransformOptions{
		Loader: loader, Sourcemap: api.SourceMapExternal, Target: api.ES2022, LogLevel: api.LogLevelSilent,
		TsconfigRaw: `{"compilerOptions":{"experimentalDecorators":true,"verbatimModuleSyntax":false,"useDefineForClassFields":false}}`,
	})
	if len(r.Errors) > 0 {
		e := r.Errors[0]
		if e.Location != nil {
			return fmt.Errorf("parse %s:%d: %s", f.Path, e.Location.Line, e.Text)
		}
		return fmt.Errorf("parse %s: %s", f.Path, e.Text)
	}
	buf := make([]byte, len(r.Code), len(r.Code)+1) // the parser wants room for a NUL
	copy(buf, r.Code)
	ast, err := js.Parse(parse.NewInputBytes(buf), js.Options{})
	if err != nil {
		return fmt.Errorf("parse %s: %w", f.Path, err)
	}
	c := &scriptReader{base: address(buf), size: len(buf), lines: newLineMap(buf, r.Map), now: 1}
	f.Body = foldDecorators(c.stmts(ast.List))
	if c.count > maxNodes {
		return fmt.Errorf("parse %s: more than %d nodes", f.Path, maxNodes)
	}
	return nil
}

// maxChain bounds a.b.c…, in which esbuild's time grows with the square.
const maxChain = 5000

func chained(src []byte) bool {
	dots := 0
	for _, c := range src {
		switch c {
		case '.':
			if dots++; dots > maxChain {
				return true
			}
		case ' ', '\t', '\n', ';', '(', ')', ',', '{', '}', '"', '\'', '`':
			dots = 0
		}
	}
	return false
}

// scriptReader turns tdewolff's tree into ours. That tree has no positions, but
// every name and literal is a part of the input: its address tells where.
type scriptReader struct {
	base  uintptr
	size  int
	lines lineMap
	now   int
	count int
	depth int
}

// address of the first byte. It is compared, never followed: were the parser to
// copy its input one day, lines would be lost and nothing else.
func address(b []byte) uintptr {
	return uintptr(unsafe.Pointer(unsafe.SliceData(b))) //nolint:gosec // compared only
}

func (c *scriptReader) see(data []byte) {
	if at := address(data) - c.base; len(data) > 0 && at < uintptr(c.size) {
		if l := c.lines.line(int(at)); l > 0 { //nolint:gosec // below size
			c.now = l
		}
	}
}

func (c *scriptReader) node(k Kind, text string) *Node {
	c.count++
	return &Node{Kind: k, Text: text, Line: c.now}
}

func (c *scriptReader) stmts(list []js.IStmt) []*Node {
	var out []*Node
	for _, s := range list {
		out = append(out, c.stmt(s)...)
	}
	return out
}

func (c *scriptReader) body(s js.IStmt) []*Node {
	if s == nil {
		return nil
	}
	if b, ok := s.(*js.BlockStmt); ok {
		if b == nil {
			return nil
		}
		return c.stmts(b.List)
	}
	return c.stmt(s)
}

func (c *scriptReader) stmt(s js.IStmt) []*Node {
	if c.depth > maxNesting {
		return nil
	}
	c.depth++
	defer func() { c.depth-- }()
	one := func(n *Node) []*Node { return []*Node{n} }
	switch s := s.(type) {
	case *js.BlockStmt:
		n := c.node(Block, "")
		n.Body = c.stmts(s.List)
		return one(n)
	case *js.ExprStmt:
		return c.exprStmt(s.Value)
	case *js.VarDecl:
		return c.declare(s)
	case *js.FuncDecl, *js.ClassDecl:
		return one(c.expr(s.(js.IExpr)))
	case *js.IfStmt:
		n := c.node(If, "")
		n.X = c.expr(s.Cond)
		n.Body, n.Else = c.body(s.Body), c.body(s.Else)
		return one(n)
	case *js.ForStmt:
		n := c.node(Loop, "")
		if d, ok := s.Init.(*js.VarDecl); ok {
			n.Body = c.declare(d)
		}
		n.Body = append(n.Body, c.body(s.Body)...)
		return one(n)
	case *js.ForOfStmt:
		return one(c.each(s.Init, s.Value, s.Body))
	case *js.ForInStmt:
		return one(c.each(s.Init, nil, s.Body))
	case *js.WhileStmt:
		n := c.node(Loop, "")
		n.List = []*Node{c.expr(s.Cond)}
		n.Body = c.body(s.Body)
		return one(n)
	case *js.DoWhileStmt:
		n := c.node(Loop, "")
		n.Body = c.body(s.Body)
		return one(n)
	case *js.SwitchStmt:
		n := c.node(Switch, "")
		n.X = c.expr(s.Init)
		for _, k := range s.List {
			w := c.node(Case, "")
			if k.Cond != nil {
				w.List = []*Node{c.expr(k.Cond)}
			}
			w.Body = c.stmts(k.List)
			n.List = append(n.List, w)
		}
		return one(n)
	case *js.ReturnStmt:
		n := c.node(Return, "")
		if n.X = c.expr(s.Value); n.X != nil {
			n.Line = n.X.Line
		}
		return one(n)
	case *js.ThrowStmt:
		n := c.node(Throw, "")
		n.X = c.expr(s.Value)
		return one(n)
	case *js.TryStmt:
		n := c.node(Try, "")
		n.Body = c.body(s.Body)
		if s.Catch != nil {
			n.Else = c.stmts(s.Catch.List)
		}
		if s.Finally != nil {
			n.Else = append(n.Else, c.stmts(s.Finally.List)...)
		}
		return one(n)
	case *js.DirectivePrologueStmt:
		return one(c.node(String, unquoteScript(s.Value)))
	case *js.LabelledStmt:
		return c.stmt(s.Value)
	case *js.ImportStmt:
		return one(c.imported(s))
	case *js.ExportStmt:
		return one(c.exported(s))
	}
	return nil
}

func (c *scriptReader) exprStmt(e js.IExpr) []*Node {
	if comma, ok := e.(*js.CommaExpr); ok {
		var out []*Node
		for _, x := range comma.List {
			out = append(out, c.expr(x))
		}
		return out
	}
	if n := c.expr(e); n != nil {
		return []*Node{n}
	}
	return nil
}

func (c *scriptReader) each(init, over js.IExpr, body *js.BlockStmt) *Node {
	n := c.node(Loop, "")
	if d, ok := init.(*js.VarDecl); ok && len(d.List) == 1 {
		n.Y = c.binding(d.List[0].Binding)
	}
	n.X = c.expr(over)
	n.Body = c.body(body)
	return n
}

func (c *scriptReader) declare(d *js.VarDecl) []*Node {
	var out []*Node
	for _, e := range d.List {
		n := c.node(Assign, "let")
		n.X = c.binding(e.Binding)
		n.Y = c.expr(e.Default)
		if n.X != nil {
			n.Line = n.X.Line
		}
		out = append(out, n)
	}
	return out
}

func (c *scriptReader) binding(b js.IBinding) *Node {
	switch b := b.(type) {
	case *js.Var:
		if b == nil {
			return nil
		}
		c.see(b.Data)
		return c.node(Name, string(b.Data))
	case *js.BindingArray:
		n := c.node(Array, "")
		for _, e := range b.List {
			n.List = append(n.List, c.element(e))
		}
		return n
	case *js.BindingObject:
		n := c.node(Object, "")
		for _, item := range b.List {
			p := c.node(Pair, "")
			if item.Key != nil {
				p.Text, p.X = c.property(*item.Key)
				p.Line = c.now
			}
			p.Y = c.element(item.Value)
			name := p.Y
			if p.Y.Is(Assign) {
				name = p.Y.X
			}
			if name != nil {
				p.Line = max(p.Line, name.Line) // a shorthand's key has no place of its own
			}
			if item.Key == nil && name != nil {
				p.Text = name.Text
			}
			n.List = append(n.List, p)
		}
		if b.Rest != nil {
			s := c.node(Spread, "")
			s.X = c.binding(b.Rest)
			n.List = append(n.List, s)
		}
		return n
	}
	return nil
}

// element is a part of a pattern; with a default it is an Assign of "default".
func (c *scriptReader) element(e js.BindingElement) *Node {
	x := c.binding(e.Binding)
	if e.Default == nil {
		if x == nil {
			return c.node(Other, "")
		}
		return x
	}
	n := c.node(Assign, "default")
	if n.X = x; n.X == nil {
		n.X = c.node(Other, "")
	}
	n.Y = c.expr(e.Default)
	return n
}

func (c *scriptReader) property(p js.PropertyName) (string, *Node) {
	if p.Computed != nil {
		return "", c.expr(p.Computed)
	}
	c.see(p.Literal.Data)
	if p.Literal.TokenType == js.StringToken {
		return unquoteScript(p.Literal.Data), nil
	}
	return string(p.Literal.Data), nil
}

func (c *scriptReader) imported(s *js.ImportStmt) *Node {
	c.see(s.Module)
	n := c.node(Import, unquoteScript(s.Module))
	add := func(local, what string) {
		p := c.node(Pair, local)
		p.Y = c.node(String, what)
		n.List = append(n.List, p)
	}
	if s.Default != nil {
		add(string(s.Default), "default")
	}
	for _, a := range s.List {
		name, local := string(a.Name), string(a.Binding)
		if name == "" {
			name = local
		}
		if local != "" {
			add(local, strings.Trim(name, `"'`))
		}
	}
	return n
}

func (c *scriptReader) exported(s *js.ExportStmt) *Node {
	n := c.node(Export, "")
	if s.Module != nil {
		c.see(s.Module)
		n.Text, n.Line = unquoteScript(s.Module), c.now
	}
	if s.Decl != nil {
		switch d := s.Decl.(type) {
		case *js.VarDecl:
			n.Body = c.declare(d)
		default:
			e := c.expr(s.Decl)
			if s.Default {
				p := c.node(Pair, "default")
				p.Y = e
				n.List = append(n.List, p)
				if e != nil && (e.Kind == Func || e.Kind == Class) && e.Text != "" {
					n.Body = []*Node{e}
				}
			} else {
				n.Body = []*Node{e}
			}
		}
		return n
	}
	for _, a := range s.List {
		local, out := string(a.Name), string(a.Binding)
		if local == "" {
			local = out
		}
		p := c.node(Pair, strings.Trim(out, `"'`))
		p.Y = c.node(Name, strings.Trim(local, `"'`))
		n.List = append(n.List, p)
	}
	return n
}
