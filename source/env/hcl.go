package env

import "strings"

// value of HCL's expressions, as far as declarations need them. What is computed keeps
// its words and is no literal.
type value struct {
	kind  valueKind
	text  string // of a literal, and the words of what is computed
	line  int
	pairs []pair  // of an object, and of the attributes and blocks of a body
	list  []value // of a list, and the arguments of a call
}

type valueKind uint8

const (
	computed valueKind = iota
	literal
	object
	listed
)

// pair is an attribute, an entry of an object, or a block, whose labels are left out.
type pair struct {
	key   string
	line  int
	value value
	block bool
}

func (v value) field(key string) (value, bool) {
	for _, p := range v.pairs {
		if p.key == key {
			return p.value, true
		}
	}
	return value{}, false
}

// hcl reads Terraform's language and JSON, which is nearly the same. It knows no types
// and no functions, and whatever it does not understand ends with its line.
type hcl struct {
	src   string
	at    int
	line  int
	depth int
}

// mostDeep bounds how far blocks, lists and calls nest.
const mostDeep = 60

func parseHCL(src string, line int) value {
	h := &hcl{src: src, line: line}
	return h.body(0)
}

// peek skips blanks and comments, and new lines where they mean nothing.
func (h *hcl) peek(lines bool) byte {
	for h.at < len(h.src) {
		c := h.src[h.at]
		rest := h.src[h.at:]
		switch {
		case c == '\n':
			if !lines {
				return c
			}
			h.line++
			h.at++
		case c == ' ' || c == '\t' || c == '\r':
			h.at++
		case c == '#' || strings.HasPrefix(rest, "//"):
			if i := strings.IndexByte(rest, '\n'); i >= 0 {
				h.at += i
			} else {
				h.at = len(h.src)
			}
		case strings.HasPrefix(rest, "/*"):
			end := strings.Index(rest, "*/")
			if end < 0 {
				end = len(rest) - 2
			}
			h.line += strings.Count(rest[:end], "\n")
			h.at += end + 2
		default:
			return c
		}
	}
	return 0
}

func isWord(c byte) bool {
	return c == '_' || c == '-' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}

func (h *hcl) word() string {
	from := h.at
	for h.at < len(h.src) && isWord(h.src[h.at]) {
		h.at++
	}
	return h.src[from:h.at]
}

// quoted reads a string; whole is false where something is put into it.
func (h *hcl) quoted() (text string, whole bool) {
	var b strings.Builder
	whole = true
	h.at++
	for h.at < len(h.src) {
		c := h.src[h.at]
		switch {
		case c == '"':
			h.at++
			return b.String(), whole
		case c == '\n':
			return b.String(), whole // it is not closed
		case c == '\\' && h.at+1 < len(h.src):
			b.WriteByte(h.src[h.at+1])
			h.at += 2
			continue
		case (c == '$' || c == '%') && h.at+1 < len(h.src) && h.src[h.at+1] == '{':
			whole = false
			from := h.at
			h.skipBraces()
			b.WriteString(h.src[from:h.at])
			continue
		}
		b.WriteByte(c)
		h.at++
	}
	return b.String(), whole
}

// skipBraces goes to the end of what is put into a string.
func (h *hcl) skipBraces() {
	depth := 0
	for ; h.at < len(h.src) && h.src[h.at] != '\n'; h.at++ {
		switch h.src[h.at] {
		case '{':
			depth++
		case '}':
			if depth--; depth == 0 {
				h.at++
				return
			}
		}
	}
}

// body reads attributes and blocks up to the brace that closes them.
func (h *hcl) body(closing byte) value {
	v := value{kind: object, line: h.line}
	if h.depth++; h.depth > mostDeep {
		h.at = len(h.src)
	}
	defer func() { h.depth-- }()
	for {
		c := h.peek(true)
		switch {
		case c == 0:
			return v
		case c == closing:
			h.at++
			return v
		case c == ',':
			h.at++
			continue
		}
		p := pair{line: h.line}
		switch {
		case c == '"':
			p.key, _ = h.quoted()
		case isWord(c):
			p.key = h.word()
		case c == '(': // a computed key
			h.at++
			h.args(')')
		default:
			h.at++
			continue
		}
		for {
			switch c := h.peek(false); {
			case c == '=' || c == ':':
				h.at++
				p.value = h.expression()
			case c == '{':
				h.at++
				p.block = true
				p.value = h.body('}')
			case c == '"':
				h.quoted()
				continue
			case isWord(c):
				h.word()
				continue
			}
			break
		}
		v.pairs = append(v.pairs, p)
	}
}

// args reads a list up to what closes it.
func (h *hcl) args(closing byte) []value {
	var out []value
	if h.depth++; h.depth > mostDeep {
		h.at = len(h.src)
	}
	defer func() { h.depth-- }()
	for {
		switch c := h.peek(true); c {
		case 0:
			return out
		case closing:
			h.at++
			return out
		case ',':
			h.at++
		default:
			from := h.at
			out = append(out, h.expression())
			if h.at == from {
				h.at++
			}
		}
	}
}

// expression reads up to the end of the line, a comma or a closing bracket.
func (h *hcl) expression() value {
	c := h.peek(true)
	v := value{line: h.line}
	from := h.at
	first := true
	for {
		switch {
		case c == 0 || c == '\n' || c == ',' || c == ')' || c == ']' || c == '}':
			if v.kind == computed {
				v.text = strings.TrimSpace(h.src[from:min(h.at, len(h.src))])
			}
			return v
		case c == '"':
			text, whole := h.quoted()
			if first && whole {
				v.kind, v.text = literal, text
			} else {
				v.kind = computed
			}
		case c == '{':
			h.at++
			o := h.body('}')
			if first {
				v.kind, v.pairs = object, o.pairs
			}
		case c == '[':
			h.at++
			list := h.args(']')
			if first {
				v.kind, v.list = listed, list
			}
		case c == '(':
			h.at++
			v.list = append(v.list, h.args(')')...)
		case strings.HasPrefix(h.src[h.at:], "<<"):
			v = h.heredoc(v)
		case isWord(c):
			word := h.word()
			if first && (word == "true" || word == "false" || word[0] >= '0' && word[0] <= '9') {
				v.kind, v.text = literal, word
			} else if v.kind == literal {
				v.kind = computed
			}
		default:
			h.at++
			if v.kind == literal && c != '.' {
				v.kind = computed
			}
		}
		first = false
		c = h.peek(false)
	}
}

// heredoc reads a text of several lines, which is JSON where it begins like it.
func (h *hcl) heredoc(v value) value {
	h.at += 2
	if h.at < len(h.src) && h.src[h.at] == '-' {
		h.at++
	}
	mark := h.word()
	end := strings.IndexByte(h.src[h.at:], '\n')
	if end < 0 || mark == "" {
		return v
	}
	h.at += end + 1
	h.line++
	from, line := h.at, h.line
	for h.at < len(h.src) {
		row, _, more := strings.Cut(h.src[h.at:], "\n")
		if strings.TrimSpace(row) == mark {
			text := h.src[from:h.at]
			h.at += len(row)
			inner := &hcl{src: text, line: line, depth: h.depth + 1}
			if c := inner.peek(true); (c == '[' || c == '{') && inner.depth < mostDeep {
				return inner.expression()
			}
			return v
		}
		h.at += len(row)
		if more {
			h.at++
			h.line++
		}
	}
	return v
}
