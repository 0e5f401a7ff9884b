package code

import (
	"fmt"
	"strings"
)

// parsePython reads statement by statement. What it does not understand becomes
// Other, the rest of that line is left out, and the error says how many such
// lines there were; the tree holds all else.
func parsePython(f *File, src []byte) error {
	p := &pythonParser{toks: tokenizePython(string(src))}
	for !p.is(tokEnd, "") && !p.full() {
		before := p.at
		f.Body = append(f.Body, p.statement()...)
		if p.at == before {
			p.at++ // a stray dedent
		}
	}
	if p.bad > 0 {
		return fmt.Errorf("parse %s: %d lines not understood, the first is line %d", f.Path, p.bad, p.firstBad)
	}
	return nil
}

type pythonParser struct {
	toks     []token
	at       int
	depth    int
	count    int
	bad      int
	firstBad int
}

func (p *pythonParser) full() bool { return p.count > maxNodes }

func (p *pythonParser) cur() token { return p.toks[min(p.at, len(p.toks)-1)] }

func (p *pythonParser) peek(n int) token { return p.toks[min(p.at+n, len(p.toks)-1)] }

// is reports whether the next token is of the kind and, where text is given, that text.
func (p *pythonParser) is(k tokenKind, text string) bool {
	t := p.cur()
	return t.kind == k && (text == "" || t.text == text)
}

func (p *pythonParser) op(text string) bool { return p.is(tokOp, text) }

func (p *pythonParser) word(text string) bool { return p.is(tokName, text) }

func (p *pythonParser) accept(k tokenKind, text string) bool {
	if p.is(k, text) {
		p.at++
		return true
	}
	return false
}

func (p *pythonParser) node(k Kind, text string) *Node {
	p.count++
	return &Node{Kind: k, Text: text, Line: p.cur().line}
}

// skipLine leaves out what is left of a logical line.
func (p *pythonParser) skipLine() {
	p.bad++
	if p.firstBad == 0 {
		p.firstBad = p.cur().line
	}
	for !p.is(tokNewline, "") && !p.is(tokEnd, "") && !p.is(tokIndent, "") && !p.is(tokDedent, "") {
		p.at++
	}
	p.accept(tokNewline, "")
}

func (p *pythonParser) endLine() {
	if p.accept(tokOp, ";") || p.accept(tokNewline, "") || p.is(tokEnd, "") || p.is(tokDedent, "") {
		if p.is(tokNewline, "") && p.toks[p.at-1].text == ";" {
			p.at++
		}
		return
	}
	p.skipLine()
}

// suite is what follows a colon: an indented block, or statements on the line.
func (p *pythonParser) suite() []*Node {
	if !p.accept(tokOp, ":") {
		p.skipLine()
	} else if !p.accept(tokNewline, "") {
		if p.depth++; p.depth > 90 {
			p.skipLine()
			p.depth--
			return nil
		}
		defer func() { p.depth-- }()
		return p.simple()
	}
	if !p.accept(tokIndent, "") {
		return nil
	}
	if p.depth++; p.depth > 90 {
		p.skipLine()
		p.depth--
		return nil
	}
	var out []*Node
	for !p.is(tokDedent, "") && !p.is(tokEnd, "") && !p.full() {
		before := p.at
		out = append(out, p.statement()...)
		if p.at == before {
			p.at++
		}
	}
	p.accept(tokDedent, "")
	p.depth--
	return out
}

func (p *pythonParser) simple() []*Node {
	line := p.cur().line
	var out []*Node
	for {
		before := p.at
		out = append(out, p.statement()...)
		if p.at == before || p.toks[p.at-1].text != ";" || p.cur().line != line {
			return out
		}
	}
}

func (p *pythonParser) statement() []*Node {
	one := func(n *Node) []*Node { return []*Node{n} }
	t := p.cur()
	if t.kind == tokOp && t.text == "@" {
		return one(p.decorated())
	}
	if t.kind == tokName {
		next := p.peek(1)
		plain := next.kind == tokOp && (next.text == "=" || next.text == "." || next.text == "," || next.text == ")" || next.text == ":") // match = 1
		switch {
		case t.text == "async" && next.kind == tokName:
			p.at++
			return p.statement()
		case t.text == "def" && next.kind == tokName:
			return one(p.function())
		case t.text == "class" && next.kind == tokName:
			return one(p.class())
		case t.text == "import" || t.text == "from":
			return p.imports()
		case t.text == "if" || t.text == "elif":
			return one(p.condition())
		case t.text == "while":
			n := p.node(Loop, "")
			p.at++
			n.List = []*Node{p.expr()}
			n.Body = p.suite()
			n.Body = append(n.Body, p.elseSuite()...)
			return one(n)
		case t.text == "for":
			n := p.node(Loop, "")
			p.at++
			n.Y = p.targets()
			p.accept(tokName, "in")
			n.X = p.exprList()
			n.Body = p.suite()
			n.Body = append(n.Body, p.elseSuite()...)
			return one(n)
		case t.text == "try":
			return one(p.try())
		case t.text == "with":
			return one(p.with())
		case t.text == "return" || t.text == "raise":
			n := p.node(Return, "")
			if t.text == "raise" {
				n.Kind = Throw
			}
			p.at++
			if !p.is(tokNewline, "") && !p.op(";") && !p.is(tokEnd, "") {
				n.X = p.exprList()
			}
			if p.accept(tokName, "from") {
				p.expr()
			}
			p.endLine()
			return one(n)
		case t.text == "pass" || t.text == "break" || t.text == "continue":
			p.at++
			p.endLine()
			return nil
		case (t.text == "del" || t.text == "assert" || t.text == "global" || t.text == "nonlocal") && !plain:
			n := p.node(Other, t.text)
			p.at++
			n.List = []*Node{p.exprList()}
			p.endLine()
			return one(n)
		case (t.text == "match" || t.text == "case") && !plain && p.headed():
			n := p.node(If, "")
			p.at++
			for !p.op(":") && !p.is(tokNewline, "") {
				p.at++
			}
			n.Body = p.suite()
			return one(n)
		}
	}
	return p.assignment()
}

// headed reports whether the logical line has a colon: match x:
func (p *pythonParser) headed() bool {
	if n := p.peek(1); n.kind == tokOp && n.text != "(" && n.text != "[" && n.text != "{" && n.text != "*" && n.text != "-" {
		return false
	}
	for i := p.at; i < len(p.toks) && p.toks[i].kind != tokNewline; i++ {
		if p.toks[i].kind == tokOp && p.toks[i].text == ":" {
			return true
		}
	}
	return false
}

func (p *pythonParser) elseSuite() []*Node {
	if p.accept(tokName, "else") {
		return p.suite()
	}
	return nil
}

func (p *pythonParser) condition() *Node {
	n := p.node(If, "")
	p.at++
	n.X = p.expr()
	n.Body = p.suite()
	if p.word("elif") {
		if p.depth++; p.depth < 90 {
			n.Else = []*Node{p.condition()}
		}
		p.depth--
	} else {
		n.Else = p.elseSuite()
	}
	return n
}

func (p *pythonParser) try() *Node {
	n := p.node(Try, "")
	p.at++
	n.Body = p.suite()
	for p.word("except") || p.word("finally") || p.word("else") {
		p.at++
		p.accept(tokOp, "*")
		if !p.op(":") {
			n.List = append(n.List, p.exprList())
			if p.accept(tokName, "as") {
				p.at++
			}
		}
		n.Else = append(n.Else, p.suite()...)
	}
	return n
}

func (p *pythonParser) with() *Node {
	n := p.node(With, "")
	p.at++
	for !p.op(":") && !p.is(tokNewline, "") && !p.is(tokEnd, "") {
		before := p.at
		e := p.expr()
		if p.accept(tokName, "as") {
			a := p.node(Assign, "=")
			a.X, a.Y = p.targets(), e
			e = a
		}
		n.List = append(n.List, e)
		p.accept(tokOp, ",")
		if p.at == before {
			break
		}
	}
	n.Body = p.suite()
	return n
}

func (p *pythonParser) decorated() *Node {
	var decorators []*Node
	for p.accept(tokOp, "@") {
		decorators = append(decorators, p.expr())
		p.endLine()
	}
	if p.word("async") {
		p.at++
	}
	var n *Node
	switch {
	case p.word("def"):
		n = p.function()
	case p.word("class"):
		n = p.class()
	default:
		n = p.node(Other, "")
		p.skipLine()
	}
	n.Decorators = decorators
	return n
}

func (p *pythonParser) function() *Node {
	n := p.node(Func, "")
	p.at++
	n.Text = p.cur().text
	p.at++
	if p.op("[") {
		p.atom()
	}
	if p.accept(tokOp, "(") {
		n.List = p.params(")")
		p.accept(tokOp, ")")
	}
	if p.accept(tokOp, "->") {
		n.Y = p.expr()
	}
	n.Body = p.suite()
	return n
}

func (p *pythonParser) params(end string) []*Node {
	var out []*Node
	for !p.op(end) && !p.is(tokEnd, "") && !p.is(tokNewline, "") {
		before := p.at
		n := p.node(Param, "")
		for p.op("*") || p.op("**") || p.op("/") {
			n.Alias = "..."
			p.at++
		}
		if p.is(tokName, "") {
			n.Text = p.cur().text
			p.at++
			if end == ")" && p.accept(tokOp, ":") {
				n.Y = p.expr()
			}
			if p.accept(tokOp, "=") {
				n.X = p.expr()
			}
			out = append(out, n)
		}
		if !p.accept(tokOp, ",") && p.at == before {
			p.at++
		}
	}
	return out
}

func (p *pythonParser) class() *Node {
	n := p.node(Class, "")
	p.at++
	n.Text = p.cur().text
	p.at++
	if p.op("[") {
		p.atom()
	}
	if p.accept(tokOp, "(") {
		n.List = p.items(")")
		p.accept(tokOp, ")")
	}
	n.Body = p.suite()
	return n
}

func (p *pythonParser) dottedName() string {
	var b strings.Builder
	for p.op(".") || p.op("...") || p.is(tokName, "") && !p.word("import") && !p.word("as") {
		b.WriteString(p.cur().text)
		p.at++
	}
	return b.String()
}

func (p *pythonParser) imports() []*Node {
	var out []*Node
	pair := func(local, what string) *Node {
		n := p.node(Pair, local)
		n.Y = p.node(String, what)
		return n
	}
	if p.accept(tokName, "import") {
		for {
			n := p.node(Import, "")
			n.Text = p.dottedName()
			if p.accept(tokName, "as") {
				n.List = []*Node{pair(p.cur().text, "*")}
				p.at++
			} else {
				root, _, _ := strings.Cut(n.Text, ".")
				n.List = []*Node{pair(root, "*root")}
			}
			out = append(out, n)
			if !p.accept(tokOp, ",") {
				p.endLine()
				return out
			}
		}
	}
	n := p.node(Import, "")
	p.at++
	n.Text = p.dottedName()
	p.accept(tokName, "import")
	p.accept(tokOp, "(")
	for p.is(tokName, "") || p.op("*") {
		name := p.cur().text
		p.at++
		local := name
		if p.accept(tokName, "as") {
			local = p.cur().text
			p.at++
		}
		n.List = append(n.List, pair(local, name))
		p.accept(tokOp, ",")
	}
	p.accept(tokOp, ")")
	p.endLine()
	return []*Node{n}
}

func (p *pythonParser) assignment() []*Node {
	start := p.at
	e := p.exprList()
	if p.at == start {
		p.skipLine()
		return nil
	}
	if p.accept(tokOp, ":") { // x: int = 1
		n := p.node(Assign, "=")
		n.X = e
		n.List = []*Node{p.expr()}
		n.Line = e.Line
		if p.accept(tokOp, "=") {
			n.Y = p.exprList()
		}
		p.endLine()
		return []*Node{n}
	}
	var out []*Node
	for t := p.cur(); t.kind == tokOp && (t.text == "=" || len(t.text) > 1 && strings.HasSuffix(t.text, "=") && t.text != "==" && t.text != "!=" && t.text != "<=" && t.text != ">="); t = p.cur() {
		n := p.node(Assign, t.text)
		p.at++
		n.X, n.Y, n.Line = e, p.exprList(), e.Line
		out = append(out, n)
		e = n.Y
	}
	if len(out) == 0 {
		out = []*Node{e}
	}
	for i := len(out) - 2; i >= 0; i-- { // a = b = 1
		out[i].Y = out[len(out)-1].Y
	}
	p.endLine()
	return out
}
