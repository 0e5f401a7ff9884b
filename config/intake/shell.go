package intake

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// word is one word of a command, quotes undone, variables between marks.
type word struct {
	text         string
	line, column int
}

// command is one command of a text and where it begins.
type command []word

// Bounds of what is pasted.
const (
	maxCurlText = 16 << 20
	maxCommands = 2000
	maxWords    = 2000 // of one command
)

var (
	cmdQuoting  = regexp.MustCompile(`\^"|[ \t]\^\r?\n|[{:,\[]""[^"]`)
	assignment  = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*=`)
	curlProgram = regexp.MustCompile(`(?i)(?:^|[/\\])curl(?:\.exe)?$`)
	// Upper case and not all hex, so that no escape of a URL looks so.
	percentName = regexp.MustCompile(`^%([A-Z][A-Z0-9_]*[G-Z_][A-Z0-9_]*)%`)
	cmdCurl     = regexp.MustCompile(`(?i)curl(?:\.exe)?[ \t]+\^"|[ \t]\^"https?:`)
	singleQuote = regexp.MustCompile(`(?:^|[ \t])'`)
)

// windows reports the quoting of cmd.exe: browsers write it for "Copy as cURL (cmd)".
func windows(text string) bool {
	if cmdCurl.MatchString(text) {
		return true
	}
	return !strings.Contains(text, "$'") && cmdQuoting.MatchString(text) && !singleQuote.MatchString(text)
}

// posix splits a text into commands by the rules of the shell command language
// (POSIX.1-2024, 2.2 Quoting, 2.3 Token Recognition), with the $'…' that it took
// over from ksh. Nothing is run and nothing is read.
type posix struct {
	*reading
	s            string
	i            int
	line, column int

	out  []command
	cmd  command
	buf  strings.Builder
	have bool // a word has begun
	at   node // where
	pipe bool // the command reads what another prints
}

func (p *posix) next() byte {
	c := p.s[p.i]
	p.i++
	if c == '\n' {
		p.line, p.column = p.line+1, 1
	} else if c&0xc0 != 0x80 {
		p.column++
	}
	return c
}

func (p *posix) peek() byte {
	if p.i < len(p.s) {
		return p.s[p.i]
	}
	return 0
}

func (p *posix) begin() {
	if !p.have {
		p.have = true
		p.at = node{line: p.line, column: p.column}
	}
}

func (p *posix) endWord() {
	if p.have && len(p.cmd) < maxWords {
		p.cmd = append(p.cmd, word{p.buf.String(), p.at.line, p.at.column})
	}
	p.buf.Reset()
	p.have = false
}

func (p *posix) endCommand() {
	p.endWord()
	if len(p.cmd) > 0 && len(p.out) < maxCommands && (!p.pipe || curlProgram.MatchString(p.cmd[0].text)) {
		p.out = append(p.out, p.cmd)
	}
	p.cmd, p.pipe = nil, false
}

func (r *reading) posix(text string) []command {
	p := &posix{reading: r, s: text, line: 1, column: 1}
	for p.i < len(p.s) && len(r.faults) == 0 {
		switch c := p.peek(); {
		case c == '\\':
			p.begin()
			p.next()
			switch {
			case p.i >= len(p.s):
				p.buf.WriteByte('\\')
			case p.peek() == '\n':
				p.next()
				p.have = p.buf.Len() > 0
			case p.peek() == '\r' && p.i+1 < len(p.s) && p.s[p.i+1] == '\n':
				p.next()
				p.next()
				p.have = p.buf.Len() > 0
			default:
				p.buf.WriteByte(p.next())
			}
		case c == '\'':
			p.begin()
			p.single()
		case c == '"':
			p.begin()
			p.double()
		case c == '$' && strings.HasPrefix(p.s[p.i:], "$'"):
			p.begin()
			p.ansi()
		case c == '$' || c == '`':
			p.begin()
			p.variable()
		case c == '#' && !p.have:
			for p.i < len(p.s) && p.peek() != '\n' {
				p.next()
			}
		case c == ' ' || c == '\t' || c == '\r':
			p.endWord()
			p.next()
		case c == '\n' || c == ';':
			p.endCommand()
			p.next()
		case c == '|' || c == '&' && !p.have || c == '&' && p.i+1 < len(p.s) && strings.IndexByte("& \t\r\n", p.s[p.i+1]) >= 0:
			p.endCommand()
			p.next()
			if p.peek() == c {
				p.next()
			} else {
				p.pipe = c == '|'
			}
		case c == '&':
			p.begin() // an address that was pasted without quotes
			p.buf.WriteByte(p.next())
		case c == '>' || c == '<':
			if strings.Trim(p.buf.String(), "0123456789") == "" {
				p.buf.Reset() // 2>/dev/null
				p.have = false
			}
			p.endWord()
			p.next()
			p.skipWord()
		case c == 0:
			p.fault(&node{line: p.line, column: p.column}, "a zero byte: this is no text")
		default:
			p.begin()
			p.buf.WriteByte(p.next())
		}
	}
	p.endCommand()
	return p.out
}

// skipWord leaves the file of a redirection out.
func (p *posix) skipWord() {
	for p.i < len(p.s) && strings.IndexByte(" \t<>&", p.peek()) >= 0 {
		p.next()
	}
	for p.i < len(p.s) && strings.IndexByte(" \t\r\n;|&", p.peek()) < 0 {
		p.next()
	}
}

// open is the fault of a quote that nothing closes. It names where the quote is
// and not what stands in it.
func (p *posix) open(at node, what string) {
	p.fault(&at, "the %s that begins here is never closed", what)
}

func (p *posix) single() {
	at := node{line: p.line, column: p.column}
	p.next()
	for p.i < len(p.s) {
		c := p.next()
		if c == '\'' {
			return
		}
		if c == 0 {
			continue
		}
		p.buf.WriteByte(c)
	}
	p.open(at, "single quote")
}

func (p *posix) double() {
	at := node{line: p.line, column: p.column}
	p.next()
	for p.i < len(p.s) {
		switch c := p.peek(); c {
		case '"':
			p.next()
			return
		case '\\':
			p.next()
			switch e := p.peek(); {
			case p.i >= len(p.s):
			case strings.IndexByte("$`\"\\", e) >= 0:
				p.buf.WriteByte(p.next())
			case e == '\n':
				p.next()
			default:
				p.buf.WriteByte('\\')
			}
		case '$', '`':
			if !p.variable() {
				return
			}
		case 0:
			p.next()
		default:
			p.buf.WriteByte(p.next())
		}
	}
	p.open(at, "double quote")
}

// variable reads $NAME, ${NAME} and ${NAME:-word}; what a shell would run is a
// fault, since nothing is run here.
func (p *posix) variable() bool {
	at := node{line: p.line, column: p.column}
	c := p.next()
	n := p.peek()
	switch {
	case c == '`' || n == '(':
		p.fault(&at, "a command inside the command is not run: put what it prints into a variable, and write $NAME")
		return false
	case n == '{':
		end := strings.IndexByte(p.s[p.i:], '}')
		body := ""
		if end > 0 && end < 200 {
			body = p.s[p.i+1 : p.i+end]
		}
		name := body[:nameLength(body)]
		if name != "" && len(body) > len(name) {
			p.warn("the default of ${%s} is not taken: set the variable", name)
		}
		if name == "" || strings.Trim(body[len(name):], " ") != "" && body[len(name)] != ':' && body[len(name)] != '-' {
			p.fault(&at, "${…} here is no plain variable: write ${NAME}")
			return false
		}
		for range end + 1 {
			p.next()
		}
		p.buf.WriteString(mark + name + mark)
	case nameLength(p.s[p.i:min(len(p.s), p.i+200)]) > 0:
		name := p.s[p.i : p.i+nameLength(p.s[p.i:min(len(p.s), p.i+200)])]
		for range len(name) {
			p.next()
		}
		p.buf.WriteString(mark + name + mark)
	default:
		p.buf.WriteByte(c)
	}
	return true
}

func nameLength(s string) int {
	for i := range len(s) {
		c := s[i]
		if c != '_' && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (i == 0 || c < '0' || c > '9') {
			return i
		}
	}
	return len(s)
}

// ansi reads $'…' (POSIX.1-2024, 2.2.4), as browsers write what holds an
// exclamation mark or a line break.
func (p *posix) ansi() {
	at := node{line: p.line, column: p.column}
	p.next()
	p.next()
	for p.i < len(p.s) {
		c := p.next()
		if c == '\'' {
			return
		}
		if c != '\\' || p.i >= len(p.s) {
			if c != 0 {
				p.buf.WriteByte(c)
			}
			continue
		}
		switch e := p.next(); e {
		case 'a', 'b', 'e', 'E', 'f', 'v':
			p.buf.WriteByte(map[byte]byte{'a': 7, 'b': 8, 'e': 27, 'E': 27, 'f': 12, 'v': 11}[e])
		case 'n':
			p.buf.WriteByte('\n')
		case 'r':
			p.buf.WriteByte('\r')
		case 't':
			p.buf.WriteByte('\t')
		case 'x':
			if v, n := p.number(2, 16); n > 0 {
				p.buf.WriteByte(byte(v & 0xff))
			}
		case 'u', 'U':
			most := 4
			if e == 'U' {
				most = 8
			}
			if v, n := p.number(most, 16); n > 0 && v != 0 && utf8.ValidRune(rune(v)) {
				p.buf.WriteRune(rune(v))
			}
		case '0', '1', '2', '3', '4', '5', '6', '7':
			p.i--
			p.column--
			if v, _ := p.number(3, 8); v != 0 {
				p.buf.WriteByte(byte(v & 0xff))
			}
		case 'c':
			if p.i < len(p.s) {
				p.buf.WriteByte(p.next() & 0x1f)
			}
		default: // \\ \' \" \? and what has no meaning
			p.buf.WriteByte(e)
		}
	}
	p.open(at, "$' quote")
}

// number reads up to most digits of a base.
func (p *posix) number(most int, base int32) (v int32, n int) {
	for n < most && p.i < len(p.s) {
		d := int32(-1)
		switch c := p.peek(); {
		case c >= '0' && c <= '9':
			d = int32(c - '0')
		case c >= 'a' && c <= 'f':
			d = int32(c-'a') + 10
		case c >= 'A' && c <= 'F':
			d = int32(c-'A') + 10
		}
		if d < 0 || d >= base || v > 1<<26 {
			return v, n
		}
		v = v*base + d
		p.next()
		n++
	}
	return v, n
}
