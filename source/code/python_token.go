package code

import "strings"

// token of Python. A logical line ends with newline; indent and dedent frame the
// suites, as the language's own tokenizer gives them.
type token struct {
	kind tokenKind
	text string // the operator, the name, the decoded string
	line int
	raw  bool // of a string: an f-string, whose braces are expressions
}

type tokenKind uint8

const (
	tokEnd tokenKind = iota
	tokNewline
	tokIndent
	tokDedent
	tokName
	tokNumber
	tokString
	tokOp
)

// tokenizePython never fails: a byte that is no Python is an operator of its own,
// an unclosed string ends with its line or with the file.
func tokenizePython(src string) []token {
	t := &pythonTokens{src: strings.TrimPrefix(src, "\ufeff"), line: 1, indents: []int{0}}
	for t.next() {
		if len(t.out) > maxNodes {
			break
		}
	}
	if n := len(t.out); n > 0 && t.out[n-1].kind != tokNewline {
		t.add(tokNewline, "")
	}
	for range t.indents[1:] {
		t.add(tokDedent, "")
	}
	t.add(tokEnd, "")
	return t.out
}

type pythonTokens struct {
	src     string
	at      int
	line    int
	depth   int
	indents []int
	out     []token
	begun   bool // the logical line has a token
}

func (t *pythonTokens) add(k tokenKind, text string) {
	t.out = append(t.out, token{kind: k, text: text, line: t.line})
}

func (t *pythonTokens) next() bool {
	if !t.begun && t.depth == 0 && !t.indent() {
		return false
	}
	for t.at < len(t.src) {
		switch c := t.src[t.at]; {
		case c == '\n':
			if t.depth > 0 && statement(t.src[t.at+1:]) {
				t.depth = 0 // a bracket was never closed: no statement stands within one
			}
			if t.depth == 0 {
				t.add(tokNewline, "")
				t.begun = false
				t.line++
				t.at++
				return true
			}
			t.line++
			t.at++
		case c == ' ' || c == '\t' || c == '\r' || c == '\f':
			t.at++
		case c == '\\' && t.at+1 < len(t.src) && (t.src[t.at+1] == '\n' || t.src[t.at+1] == '\r'):
			t.at += 2
			if t.src[t.at-1] == '\r' && t.at < len(t.src) && t.src[t.at] == '\n' {
				t.at++
			}
			t.line++
		case c == '#':
			for t.at < len(t.src) && t.src[t.at] != '\n' {
				t.at++
			}
		default:
			t.begun = true
			t.word(c)
			return true
		}
	}
	return false
}

// statement reports whether a line can only begin a statement.
func statement(line string) bool {
	for _, word := range [...]string{"def ", "class ", "@", "async def ", "import "} {
		if strings.HasPrefix(line, word) {
			return true
		}
	}
	return false
}

// indent measures a new logical line; blank lines and comments count for nothing.
func (t *pythonTokens) indent() bool {
	for {
		width, i := 0, t.at
		for i < len(t.src) && (t.src[i] == ' ' || t.src[i] == '\t' || t.src[i] == '\f') {
			if width++; t.src[i] == '\t' {
				width = (width + 7) / 8 * 8
			}
			i++
		}
		if i >= len(t.src) {
			t.at = i
			return false
		}
		if c := t.src[i]; c == '\n' || c == '#' || c == '\r' {
			for i < len(t.src) && t.src[i] != '\n' {
				i++
			}
			if i >= len(t.src) {
				t.at = i
				return false
			}
			t.at = i + 1
			t.line++
			continue
		}
		t.at = i
		if top := t.indents[len(t.indents)-1]; width > top && len(t.indents) < 100 {
			t.indents = append(t.indents, width)
			t.add(tokIndent, "")
		}
		for len(t.indents) > 1 && width < t.indents[len(t.indents)-1] {
			t.indents = t.indents[:len(t.indents)-1]
			t.add(tokDedent, "")
		}
		return true
	}
}

func wordByte(c byte) bool {
	return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c >= 0x80
}

func (t *pythonTokens) word(c byte) {
	switch {
	case c == '"' || c == '\'':
		t.text("")
	case c >= '0' && c <= '9':
		from := t.at
		for t.at < len(t.src) && (wordByte(t.src[t.at]) || t.src[t.at] == '.') {
			t.at++
		}
		t.add(tokNumber, t.src[from:t.at])
	case wordByte(c):
		from := t.at
		for t.at < len(t.src) && wordByte(t.src[t.at]) {
			t.at++
		}
		word := t.src[from:t.at]
		if t.at < len(t.src) && (t.src[t.at] == '"' || t.src[t.at] == '\'') && len(word) <= 2 {
			if p := strings.ToLower(word); strings.Trim(p, "rbuft") == "" {
				t.text(p)
				return
			}
		}
		t.add(tokName, word)
	default:
		for _, op := range [...]string{"**=", "//=", ">>=", "<<=", "...", "->", ":=", "==", "!=", "<=", ">=", "**", "//", "+=", "-=", "*=", "/=", "|=", "&=", "%=", "@=", "^=", "<<", ">>"} {
			if strings.HasPrefix(t.src[t.at:], op) {
				t.add(tokOp, op)
				t.at += len(op)
				return
			}
		}
		switch c {
		case '(', '[', '{':
			t.depth++
		case ')', ']', '}':
			t.depth = max(0, t.depth-1)
		}
		t.add(tokOp, string(c))
		t.at++
	}
}

// text reads a string literal whose quote is next.
func (t *pythonTokens) text(prefix string) {
	quote := t.src[t.at : t.at+1]
	if three := strings.Repeat(quote, 3); strings.HasPrefix(t.src[t.at:], three) {
		quote = three
	}
	line := t.line
	t.at += len(quote)
	var b strings.Builder
	for t.at < len(t.src) {
		c := t.src[t.at]
		if strings.HasPrefix(t.src[t.at:], quote) {
			t.at += len(quote)
			break
		}
		if c == '\n' {
			if len(quote) == 1 {
				break // not closed
			}
			t.line++
		}
		if c == '\\' && t.at+1 < len(t.src) {
			t.at++
			e := t.src[t.at]
			t.at++
			if strings.Contains(prefix, "r") {
				b.WriteByte('\\')
				b.WriteByte(e)
				continue
			}
			switch e {
			case '\n':
				t.line++
			case 'n':
				b.WriteByte('\n')
			case 't':
				b.WriteByte('\t')
			case '\\', '\'', '"':
				b.WriteByte(e)
			default:
				b.WriteByte('\\')
				b.WriteByte(e)
			}
			continue
		}
		b.WriteByte(c)
		t.at++
	}
	t.out = append(t.out, token{kind: tokString, text: b.String(), line: line, raw: strings.Contains(prefix, "f")})
}
