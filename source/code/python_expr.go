package code

// exprList is one expression, or a tuple without brackets as an Array.
func (p *pythonParser) exprList() *Node {
	first := p.starred()
	if !p.op(",") {
		return first
	}
	n := &Node{Kind: Array, Text: "()", Line: first.Line, List: []*Node{first}}
	for p.accept(tokOp, ",") {
		if p.is(tokNewline, "") || p.op("=") || p.op(")") || p.op(":") || p.is(tokEnd, "") {
			break
		}
		n.List = append(n.List, p.starred())
	}
	return n
}

func (p *pythonParser) starred() *Node {
	if p.op("*") || p.op("**") {
		n := p.node(Spread, "")
		p.at++
		n.X = p.binary(1)
		return n
	}
	return p.expr()
}

// targets are names that a loop or a with binds.
func (p *pythonParser) targets() *Node {
	first := p.unary()
	if !p.op(",") {
		return first
	}
	n := &Node{Kind: Array, Line: first.Line, List: []*Node{first}}
	for p.accept(tokOp, ",") {
		if p.word("in") {
			break
		}
		n.List = append(n.List, p.unary())
	}
	return n
}

func (p *pythonParser) expr() *Node {
	if p.depth++; p.depth > 90 || p.full() {
		p.depth--
		return p.node(Other, "") // too deep: the line is given up by the caller
	}
	defer func() { p.depth-- }()
	if p.word("lambda") {
		n := p.node(Func, "")
		p.at++
		n.List = p.params(":")
		p.accept(tokOp, ":")
		r := p.node(Return, "")
		r.X = p.expr()
		n.Body = []*Node{r}
		return n
	}
	e := p.binary(0)
	if p.op(":=") {
		n := p.node(Assign, "=")
		p.at++
		n.X, n.Y = e, p.expr()
		return n
	}
	if p.word("if") {
		n := p.node(Cond, "")
		p.at++
		n.X = p.binary(0)
		other := p.node(Constant, "None")
		if p.accept(tokName, "else") {
			other = p.expr()
		}
		n.List = []*Node{e, other}
		return n
	}
	return e
}

// binding power of a binary operator; 0 for what is none.
func (p *pythonParser) power() (string, int) {
	t := p.cur()
	if t.kind == tokName {
		switch t.text {
		case "or":
			return "||", 1
		case "and":
			return "&&", 2
		case "in", "is":
			return t.text, 4
		case "not":
			if n := p.peek(1); n.kind == tokName && n.text == "in" {
				return "not in", 4
			}
		}
		return "", 0
	}
	if t.kind != tokOp {
		return "", 0
	}
	switch t.text {
	case "==", "!=", "<", ">", "<=", ">=":
		return t.text, 4
	case "|":
		return t.text, 5
	case "^", "&":
		return t.text, 6
	case "<<", ">>":
		return t.text, 7
	case "+", "-":
		return t.text, 8
	case "*", "/", "//", "%", "@":
		return t.text, 9
	case "**":
		return t.text, 10
	}
	return "", 0
}

func (p *pythonParser) binary(least int) *Node {
	var left *Node
	if p.depth++; p.depth > 90 {
		p.depth--
		return p.node(Other, "")
	}
	defer func() { p.depth-- }()
	if p.word("not") {
		left = p.node(Unary, "!")
		p.at++
		left.X = p.binary(3)
	} else {
		left = p.unary()
	}
	for turns := 0; ; turns++ {
		op, power := p.power()
		if power == 0 || turns > maxNesting || power <= least || p.full() {
			return left
		}
		n := p.node(Binary, op)
		p.at++
		if op == "not in" || op == "is" && p.word("not") {
			p.at++
		}
		n.X, n.Line = left, left.Line
		n.Y = p.binary(power)
		left = n
	}
}

func (p *pythonParser) unary() *Node {
	switch t := p.cur(); {
	case t.kind == tokName && t.text == "await":
		p.at++
		return p.unary()
	case t.kind == tokName && t.text == "yield":
		p.at++
		p.accept(tokName, "from")
		if p.is(tokNewline, "") || p.op(")") {
			return p.node(Other, "")
		}
		return p.exprList()
	case t.kind == tokOp && (t.text == "-" || t.text == "+" || t.text == "~" || t.text == "*"):
		if p.depth++; p.depth > 90 {
			p.depth--
			return p.node(Other, "")
		}
		defer func() { p.depth-- }()
		n := p.node(Unary, t.text)
		p.at++
		n.X = p.unary()
		return n
	}
	n := p.atom()
	for range maxNesting {
		switch {
		case p.op("."):
			p.at++
			m := p.node(Member, p.cur().text)
			if !p.accept(tokName, "") {
				return n
			}
			m.X = n
			n = m
		case p.op("("):
			m := p.node(Call, "")
			p.at++
			m.X, m.Line = n, n.Line
			m.List = p.items(")")
			p.accept(tokOp, ")")
			n = m
		case p.op("["):
			m := p.node(Index, "")
			p.at++
			m.X = n
			switch list := p.items("]"); len(list) {
			case 1:
				m.Y = list[0]
			default:
				m.Y = &Node{Kind: Array, List: list, Line: m.Line}
			}
			p.accept(tokOp, "]")
			n = m
		default:
			return n
		}
	}
	return n
}

// items are arguments, elements or slices up to the closing bracket.
func (p *pythonParser) items(end string) []*Node {
	if p.depth++; p.depth > 90 {
		p.depth--
		return nil
	}
	defer func() { p.depth-- }()
	var out []*Node
	for !p.op(end) && !p.is(tokEnd, "") && !p.full() {
		before := p.at
		switch {
		case p.is(tokName, "") && p.peek(1).kind == tokOp && p.peek(1).text == "=" && end == ")":
			n := p.node(Pair, p.cur().text)
			p.at += 2
			n.Y = p.expr()
			out = append(out, n)
		case p.op(":"):
			p.at++
		default:
			e := p.starred()
			if p.op(":") && end == "}" {
				n := &Node{Kind: Pair, Line: e.Line}
				if p.at++; e.Is(String) {
					n.Text = e.Text
				} else {
					n.X = e
				}
				n.Y = p.expr()
				e = n
			}
			if p.word("for") || p.word("async") {
				e = p.comprehension(e)
			}
			out = append(out, e)
		}
		if p.accept(tokOp, ",") {
			continue
		}
		if p.at == before {
			if p.op(")") || p.op("]") || p.op("}") || p.is(tokNewline, "") {
				return out // unbalanced
			}
			p.at++
		}
	}
	return out
}

func (p *pythonParser) comprehension(e *Node) *Node {
	n := &Node{Kind: Other, Text: "for", Line: e.Line, List: []*Node{e}}
	for p.word("for") || p.word("async") || p.word("if") {
		p.accept(tokName, "async")
		if p.accept(tokName, "if") {
			n.List = append(n.List, p.binary(0))
			continue
		}
		if !p.accept(tokName, "for") {
			return n
		}
		p.targets()
		p.accept(tokName, "in")
		n.List = append(n.List, p.binary(0))
	}
	return n
}

func (p *pythonParser) atom() *Node {
	t := p.cur()
	switch t.kind {
	case tokName:
		n := p.node(Name, t.text)
		switch t.text {
		case "True":
			n.Kind, n.Text = Constant, "true"
		case "False":
			n.Kind, n.Text = Constant, "false"
		case "None":
			n.Kind = Constant
		}
		p.at++
		return n
	case tokNumber:
		n := p.node(Number, t.text)
		p.at++
		return n
	case tokString:
		return p.strings()
	case tokOp:
		switch t.text {
		case "(":
			p.at++
			list := p.items(")")
			tuple := len(list) != 1 || p.toks[p.at-1].text == ","
			p.accept(tokOp, ")")
			if !tuple {
				return list[0]
			}
			return &Node{Kind: Array, Text: "()", Line: t.line, List: list}
		case "[":
			n := p.node(Array, "")
			p.at++
			n.List = p.items("]")
			p.accept(tokOp, "]")
			return n
		case "{":
			n := p.node(Object, "")
			p.at++
			n.List = p.items("}")
			p.accept(tokOp, "}")
			return n
		case "...":
			n := p.node(Constant, "...")
			p.at++
			return n
		}
	}
	return p.node(Other, "") // nothing was taken: the caller skips
}

// strings joins adjacent literals; an f-string becomes a Template.
func (p *pythonParser) strings() *Node {
	n := p.node(Template, "")
	plain := true
	for p.is(tokString, "") {
		t := p.cur()
		p.at++
		if !t.raw {
			n.List = append(n.List, &Node{Kind: String, Text: t.text, Line: t.line})
			continue
		}
		plain = false
		n.List = append(n.List, p.formatted(t)...)
	}
	if !plain {
		return n
	}
	s := &Node{Kind: String, Line: n.Line}
	for _, part := range n.List {
		s.Text += part.Text
	}
	return s
}

func (p *pythonParser) formatted(t token) []*Node {
	var out []*Node
	text := t.text
	lit := []byte{}
	flush := func() {
		if len(lit) > 0 {
			out = append(out, &Node{Kind: String, Text: string(lit), Line: t.line})
			lit = lit[:0]
		}
	}
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case (c == '{' || c == '}') && i+1 < len(text) && text[i+1] == c:
			lit = append(lit, c)
			i++
		case c == '{':
			flush()
			from, depth := i+1, 0
			for i++; i < len(text) && (depth > 0 || text[i] != '}' && text[i] != '!' && text[i] != ':'); i++ {
				switch text[i] {
				case '(', '[', '{':
					depth++
				case ')', ']', '}':
					depth--
				}
			}
			inner := text[from:min(i, len(text))]
			for i < len(text) && text[i] != '}' {
				i++
			}
			e := &Node{Kind: Other, Line: t.line}
			if p.depth < 20 {
				q := &pythonParser{toks: tokenizePython(inner), depth: p.depth + 30, count: p.count}
				e = q.expr()
				p.count = q.count
			}
			e.Line = t.line
			out = append(out, e)
		default:
			lit = append(lit, c)
		}
	}
	flush()
	return out
}
