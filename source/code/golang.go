package code

import (
	"fmt"
	"go/ast"
	"go/parser"
	gotoken "go/token"
	"path"
	"regexp"
	"strconv"
	"strings"
)

func parseGo(f *File, src []byte) error {
	set := gotoken.NewFileSet()
	tree, err := parser.ParseFile(set, f.Path, src, parser.SkipObjectResolution)
	if err != nil {
		return fmt.Errorf("parse %w", err)
	}
	f.Package = tree.Name.Name
	g := &goReader{set: set}
	for _, d := range tree.Decls {
		f.Body = append(f.Body, g.decl(d)...)
	}
	return nil
}

type goReader struct {
	set   *gotoken.FileSet
	depth int
}

func (g *goReader) node(k Kind, text string, at gotoken.Pos) *Node {
	return &Node{Kind: k, Text: text, Line: g.set.Position(at).Line}
}

var majorVersion = regexp.MustCompile(`^v[0-9]+$`)

// packageName guesses the name under which an import path is used.
func packageName(p string) string {
	base := path.Base(p)
	if majorVersion.MatchString(base) {
		base = path.Base(path.Dir(p))
	}
	if i := strings.LastIndex(base, ".v"); i > 0 {
		base = base[:i]
	}
	return strings.TrimPrefix(strings.TrimSuffix(base, "-go"), "go-")
}

func (g *goReader) decl(d ast.Decl) []*Node {
	switch d := d.(type) {
	case *ast.FuncDecl:
		n := g.function(d.Type, d.Body, d.Pos())
		n.Text = d.Name.Name
		if d.Recv != nil && len(d.Recv.List) == 1 {
			t := d.Recv.List[0].Type
			if s, ok := t.(*ast.StarExpr); ok {
				t = s.X
			}
			if x, ok := t.(*ast.IndexExpr); ok {
				t = x.X
			}
			if id, ok := t.(*ast.Ident); ok {
				n.Owner = id.Name
			}
			if names := d.Recv.List[0].Names; len(names) == 1 {
				n.Alias = names[0].Name
			}
		}
		return []*Node{n}
	case *ast.GenDecl:
		var out []*Node
		for _, s := range d.Specs {
			out = append(out, g.spec(s)...)
		}
		return out
	}
	return nil
}

func (g *goReader) spec(s ast.Spec) []*Node {
	switch s := s.(type) {
	case *ast.ImportSpec:
		p, err := strconv.Unquote(s.Path.Value)
		if err != nil {
			return nil
		}
		n := g.node(Import, p, s.Pos())
		local := packageName(p)
		if s.Name != nil {
			local = s.Name.Name
		}
		pair := g.node(Pair, local, s.Pos())
		pair.Y = g.node(String, "*", s.Pos())
		n.List = []*Node{pair}
		return []*Node{n}
	case *ast.ValueSpec:
		var out []*Node
		for i, name := range s.Names {
			n := g.node(Assign, "let", s.Pos())
			n.X = g.node(Name, name.Name, name.Pos())
			if i < len(s.Values) {
				n.Y = g.expr(s.Values[i])
			} else if s.Type != nil {
				n.List = []*Node{g.expr(s.Type)}
			}
			out = append(out, n)
		}
		return out
	case *ast.TypeSpec:
		n := g.node(Class, s.Name.Name, s.Pos())
		if st, ok := s.Type.(*ast.StructType); ok {
			for _, f := range st.Fields.List {
				tag := ""
				if f.Tag != nil {
					tag, _ = strconv.Unquote(f.Tag.Value)
				}
				names := f.Names
				if len(names) == 0 { // embedded
					n.List = append(n.List, g.expr(f.Type))
					names = []*ast.Ident{{Name: g.expr(f.Type).Last(), NamePos: f.Pos()}}
				}
				for _, name := range names {
					a := g.node(Assign, "field", name.Pos())
					a.X, a.Alias = g.node(Name, name.Name, name.Pos()), tag
					a.List = []*Node{g.expr(f.Type)}
					n.Body = append(n.Body, a)
				}
			}
		}
		return []*Node{n}
	}
	return nil
}

func (g *goReader) function(t *ast.FuncType, body *ast.BlockStmt, at gotoken.Pos) *Node {
	n := g.node(Func, "", at)
	for _, f := range t.Params.List {
		names := f.Names
		if len(names) == 0 {
			names = []*ast.Ident{{Name: "_", NamePos: f.Pos()}}
		}
		for _, name := range names {
			p := g.node(Param, name.Name, name.Pos())
			p.Y = g.expr(f.Type)
			if _, ok := f.Type.(*ast.Ellipsis); ok {
				p.Alias = "..."
			}
			n.List = append(n.List, p)
		}
	}
	if t.Results != nil && len(t.Results.List) > 0 {
		n.Y = g.expr(t.Results.List[0].Type)
	}
	if body != nil {
		n.Body = g.stmts(body.List)
	}
	return n
}

func (g *goReader) stmts(list []ast.Stmt) []*Node {
	var out []*Node
	for _, s := range list {
		out = append(out, g.stmt(s)...)
	}
	return out
}

func (g *goReader) stmt(s ast.Stmt) []*Node {
	if g.depth > maxNesting {
		return nil
	}
	g.depth++
	defer func() { g.depth-- }()
	one := func(n *Node) []*Node { return []*Node{n} }
	switch s := s.(type) {
	case *ast.ExprStmt:
		return one(g.expr(s.X))
	case *ast.DeclStmt:
		return g.decl(s.Decl)
	case *ast.AssignStmt:
		return g.assign(s)
	case *ast.BlockStmt:
		n := g.node(Block, "", s.Pos())
		n.Body = g.stmts(s.List)
		return one(n)
	case *ast.IfStmt:
		n := g.node(If, "", s.Pos())
		n.X = g.expr(s.Cond)
		n.Body = g.stmts(s.Body.List)
		if s.Else != nil {
			n.Else = g.stmt(s.Else)
		}
		if s.Init != nil {
			return append(g.stmt(s.Init), n)
		}
		return one(n)
	case *ast.ForStmt:
		n := g.node(Loop, "", s.Pos())
		n.Body = g.stmts(s.Body.List)
		return one(n)
	case *ast.RangeStmt:
		n := g.node(Loop, "", s.Pos())
		n.X = g.expr(s.X)
		if s.Value != nil {
			n.Y = g.expr(s.Value)
		}
		n.Body = g.stmts(s.Body.List)
		return one(n)
	case *ast.ReturnStmt:
		n := g.node(Return, "", s.Pos())
		if len(s.Results) > 0 {
			n.X = g.expr(s.Results[0])
			for _, r := range s.Results[1:] {
				n.List = append(n.List, g.expr(r))
			}
		}
		return one(n)
	case *ast.DeferStmt:
		return one(g.expr(s.Call))
	case *ast.GoStmt:
		return one(g.expr(s.Call))
	case *ast.SwitchStmt:
		n := g.node(Switch, "", s.Pos())
		n.X = g.expr(s.Tag)
		n.List = g.cases(s.Body)
		if s.Init != nil {
			return append(g.stmt(s.Init), n)
		}
		return one(n)
	case *ast.TypeSwitchStmt:
		n := g.node(Switch, "", s.Pos())
		n.List = g.cases(s.Body)
		return one(n)
	case *ast.SelectStmt:
		n := g.node(Switch, "", s.Pos())
		n.List = g.cases(s.Body)
		return one(n)
	case *ast.LabeledStmt:
		return g.stmt(s.Stmt)
	}
	return nil
}

func (g *goReader) cases(b *ast.BlockStmt) []*Node {
	var out []*Node
	for _, s := range b.List {
		n := g.node(Case, "", s.Pos())
		switch s := s.(type) {
		case *ast.CaseClause:
			for _, e := range s.List {
				n.List = append(n.List, g.expr(e))
			}
			n.Body = g.stmts(s.Body)
		case *ast.CommClause:
			n.Body = g.stmts(s.Body)
		}
		out = append(out, n)
	}
	return out
}

func (g *goReader) assign(s *ast.AssignStmt) []*Node {
	var out []*Node
	for i, l := range s.Lhs {
		n := g.node(Assign, "=", s.Pos())
		if s.Tok == gotoken.DEFINE {
			n.Text = "let"
		}
		n.X = g.expr(l)
		switch {
		case len(s.Rhs) == len(s.Lhs):
			n.Y = g.expr(s.Rhs[i])
		case i == 0 && len(s.Rhs) == 1: // v, err := f(): the first is what matters
			n.Y = g.expr(s.Rhs[0])
		default:
			n.Y = g.node(Other, "", s.Pos())
		}
		out = append(out, n)
	}
	return out
}

func (g *goReader) expr(e ast.Expr) *Node {
	if g.depth > maxNesting {
		return g.node(Other, "", gotoken.NoPos)
	}
	g.depth++
	defer func() { g.depth-- }()
	switch e := e.(type) {
	case nil:
		return nil
	case *ast.Ident:
		switch e.Name {
		case "true", "false", "nil":
			return g.node(Constant, e.Name, e.Pos())
		}
		return g.node(Name, e.Name, e.Pos())
	case *ast.BasicLit:
		if e.Kind == gotoken.STRING {
			s, err := strconv.Unquote(e.Value)
			if err == nil {
				return g.node(String, s, e.Pos())
			}
		}
		return g.node(Number, e.Value, e.Pos())
	case *ast.SelectorExpr:
		n := g.node(Member, e.Sel.Name, e.Sel.Pos())
		n.X = g.expr(e.X)
		return n
	case *ast.CallExpr:
		n := g.node(Call, "", e.Lparen)
		n.X = g.expr(e.Fun)
		for i, a := range e.Args {
			x := g.expr(a)
			if e.Ellipsis.IsValid() && i == len(e.Args)-1 {
				x = &Node{Kind: Spread, X: x, Line: x.Line}
			}
			n.List = append(n.List, x)
		}
		return n
	case *ast.FuncLit:
		return g.function(e.Type, e.Body, e.Pos())
	case *ast.FuncType:
		return g.node(Other, "func", e.Pos())
	case *ast.CompositeLit:
		return g.composite(e)
	case *ast.ParenExpr:
		return g.expr(e.X)
	case *ast.StarExpr:
		return g.expr(e.X)
	case *ast.UnaryExpr:
		if e.Op == gotoken.AND {
			return g.expr(e.X)
		}
		n := g.node(Unary, e.Op.String(), e.Pos())
		n.X = g.expr(e.X)
		return n
	case *ast.BinaryExpr:
		n := g.node(Binary, e.Op.String(), e.OpPos)
		n.X, n.Y = g.expr(e.X), g.expr(e.Y)
		return n
	case *ast.IndexExpr:
		n := g.node(Index, "", e.Lbrack)
		n.X, n.Y = g.expr(e.X), g.expr(e.Index)
		return n
	case *ast.TypeAssertExpr:
		return g.expr(e.X)
	case *ast.Ellipsis:
		return g.expr(e.Elt)
	case *ast.KeyValueExpr:
		return g.pair(e)
	case *ast.ArrayType, *ast.MapType, *ast.InterfaceType, *ast.StructType, *ast.ChanType:
		return g.node(Other, "type", e.Pos())
	case *ast.SliceExpr:
		return g.expr(e.X)
	case *ast.IndexListExpr:
		return g.expr(e.X)
	}
	return g.node(Other, "", e.Pos())
}

func (g *goReader) composite(e *ast.CompositeLit) *Node {
	kind := Object
	if _, array := e.Type.(*ast.ArrayType); array {
		kind = Array
	}
	n := g.node(kind, "", e.Pos())
	if e.Type != nil {
		n.X = g.expr(e.Type)
	}
	for _, el := range e.Elts {
		n.List = append(n.List, g.expr(el))
	}
	return n
}

func (g *goReader) pair(e *ast.KeyValueExpr) *Node {
	n := g.node(Pair, "", e.Pos())
	switch k := g.expr(e.Key); k.Kind {
	case Name, String:
		n.Text = k.Text
	default:
		n.X = k
	}
	n.Y = g.expr(e.Value)
	return n
}
