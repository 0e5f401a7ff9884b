package source

import (
	"regexp"
	"strings"

	"github.com/launchready/launchready/internal/expr"
)

// wordKind of a word in a language that is read by its words.
type wordKind uint8

const (
	name   wordKind = iota // a name, with what begins or ends it: $user, @current, valid?
	quoted                 // a text, decoded as far as paths need
	symbol                 // Ruby's :name
	number
	mark // punctuation
	line // the end of one, in Ruby
)

// word is one token.
type word struct {
	kind wordKind
	text string
	at   int  // line
	open bool // a text into which something is put
}

func (w word) is(text string) bool { return w.kind == mark && w.text == text }

// dialect of the languages that are read so.
type dialect uint8

const (
	rubyWords dialect = iota
	phpWords
	javaWords // and Kotlin
)

// mostWords bounds what one file may become.
const mostWords = 400_000

var twoMarks = []string{"::", "->", "=>", "?->", "&&", "||"}

// words cuts a file into tokens, comments left out. It reads what is broken, too.
func words(src string, d dialect) []word {
	var out []word
	at := 1
	for i := 0; i < len(src) && len(out) < mostWords; {
		c := src[i]
		rest := src[i:]
		switch {
		case c == '\n':
			if d == rubyWords {
				out = append(out, word{kind: line, at: at})
				if strings.HasPrefix(rest, "\n=begin") {
					end := strings.Index(rest, "\n=end")
					if end < 0 {
						return out
					}
					at += strings.Count(rest[:end+1], "\n")
					i += end + len("\n=end")
					continue
				}
			}
			at++
			i++
		case c == ' ' || c == '\t' || c == '\r' || c == '\\':
			i++
		case c == '#' && (d == rubyWords || d == phpWords && !strings.HasPrefix(rest, "#[")), strings.HasPrefix(rest, "//") && d != rubyWords:
			end := strings.IndexByte(rest, '\n')
			if end < 0 {
				return out
			}
			i += end
		case strings.HasPrefix(rest, "/*") && d != rubyWords:
			end := strings.Index(rest[2:], "*/")
			if end < 0 {
				return out
			}
			at += strings.Count(rest[:end+4], "\n")
			i += end + 4
		case strings.HasPrefix(rest, `"""`) && d == javaWords:
			end := strings.Index(rest[3:], `"""`)
			if end < 0 {
				return out
			}
			out = append(out, word{quoted, rest[3 : end+3], at, false})
			at += strings.Count(rest[:end+6], "\n")
			i += end + 6
		case d == rubyWords && heredoc().MatchString(rest) && strings.HasPrefix(rest, "<<"):
			m := heredoc().FindStringSubmatch(rest)
			first := strings.IndexByte(rest, '\n')
			if first < 0 {
				return out
			}
			// The rest of the line is code, the text is below it.
			out = append(out, word{kind: quoted, at: at, open: true})
			below := regexp.MustCompile(`(?m)^[ \t]*` + m[1] + `[ \t]*$`).FindStringIndex(rest[first:])
			if below == nil {
				return out
			}
			src = rest[len(m[0]):first] + strings.Repeat("\n", strings.Count(rest[first:first+below[1]], "\n")) + rest[first+below[1]:]
			i = 0
		case d == rubyWords && c == '/' && regexStarts(out, rest, i > 0 && src[i-1] == ' '):
			n := 1
			for n < len(rest) && rest[n] != '/' && rest[n] != '\n' {
				if rest[n] == '\\' {
					n++
				}
				n++
			}
			out = append(out, word{kind: quoted, at: at, open: true})
			i += min(n+1, len(rest))
		case c == '"' || c == '\'' || c == '`':
			w, n := quotedText(rest, at, d)
			out = append(out, w)
			at += strings.Count(rest[:n], "\n")
			i += n
		case d == rubyWords && c == '%' && len(rest) > 3 && (rest[1] == 'w' || rest[1] == 'i') && strings.IndexByte("[({", rest[2]) >= 0:
			end := strings.IndexByte(rest, map[byte]byte{'[': ']', '(': ')', '{': '}'}[rest[2]])
			if end < 0 {
				return out
			}
			out = append(out, word{mark, "[", at, false})
			for j, f := range strings.Fields(rest[3:end]) {
				if j > 0 {
					out = append(out, word{mark, ",", at, false})
				}
				out = append(out, word{symbol, f, at, false})
			}
			out = append(out, word{mark, "]", at, false})
			at += strings.Count(rest[:end], "\n")
			i += end + 1
		case d == rubyWords && c == ':' && len(rest) > 1 && (nameStart(rest[1]) || rest[1] == '"') && !strings.HasPrefix(rest, "::"):
			if rest[1] == '"' {
				w, n := quotedText(rest[1:], at, d)
				out = append(out, word{symbol, w.text, at, w.open})
				i += n + 1
				continue
			}
			n := nameEnd(rest[1:], d)
			out = append(out, word{symbol, rest[1 : 1+n], at, false})
			i += n + 1
		case c >= '0' && c <= '9':
			n := 1
			for n < len(rest) && (rest[n] >= '0' && rest[n] <= '9' || rest[n] == '_') {
				n++
			}
			out = append(out, word{number, rest[:n], at, false})
			i += n
		case nameStart(c) || c == '$' || c == '@' && d == rubyWords:
			n := 1
			n += nameEnd(rest[1:], d)
			out = append(out, word{name, rest[:n], at, false})
			i += n
		default:
			n := 1
			for _, t := range twoMarks {
				if strings.HasPrefix(rest, t) {
					n = len(t)
					break
				}
			}
			out = append(out, word{mark, rest[:n], at, false})
			i += n
		}
	}
	return out
}

var heredoc = expr.Lazy(`^<<[~-]?["'\x60]?([A-Z][A-Z_]*)["'\x60]?`)

// regexStarts tells a regular expression from a division: it stands where a value begins.
func regexStarts(before []word, rest string, apart bool) bool {
	if len(rest) < 2 || rest[1] == ' ' || rest[1] == '=' {
		return false
	}
	if len(before) == 0 {
		return true
	}
	last := before[len(before)-1]
	return last.kind == line || last.kind == mark && !last.is(")") && !last.is("]") && !last.is("}") || last.kind == name && apart
}

func nameStart(c byte) bool {
	return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}

func nameEnd(s string, d dialect) int {
	n := 0
	for n < len(s) && (nameStart(s[n]) || s[n] >= '0' && s[n] <= '9' || s[n] == '@') {
		n++
	}
	if d == rubyWords && n < len(s) && (s[n] == '?' || s[n] == '!') && !strings.HasPrefix(s[n:], "!=") {
		n++
	}
	return n
}

// quotedText reads a quoted text and how many bytes it takes.
func quotedText(s string, at int, d dialect) (word, int) {
	q := s[0]
	var b strings.Builder
	w := word{kind: quoted, at: at}
	i := 1
	for ; i < len(s) && s[i] != q; i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s):
			i++
		case q != '\'' && (s[i] == '#' && d == rubyWords && strings.HasPrefix(s[i:], "#{") || s[i] == '$' && d != rubyWords && i+1 < len(s) && (nameStart(s[i+1]) || s[i+1] == '{')):
			w.open = true
			if d == rubyWords { // what is put in may have quotes of its own
				depth := 0
				for ; i < len(s); i++ {
					if s[i] == '{' {
						depth++
					} else if s[i] == '}' {
						if depth--; depth == 0 {
							break
						}
					}
				}
				continue
			}
		case s[i] == '\n' && d == javaWords:
			w.text = b.String()
			return w, i // it is not closed
		}
		b.WriteByte(s[i])
	}
	w.text = b.String()
	return w, min(i+1, len(s))
}

// closes is the place of the bracket that closes the one at i, or the end.
func closes(ws []word, i int) int {
	depth := 0
	for ; i < len(ws); i++ {
		if ws[i].kind != mark {
			continue
		}
		switch ws[i].text {
		case "(", "[", "{":
			depth++
		case ")", "]", "}":
			if depth--; depth <= 0 {
				return i
			}
		}
	}
	return len(ws)
}

// within is what stands in the bracket that the words begin with.
func within(ws []word) []word {
	if len(ws) == 0 {
		return nil
	}
	return ws[1:max(1, min(len(ws), closes(ws, 0)))]
}

// parts cuts words at the commas that stand in no bracket; none of them is empty.
func parts(ws []word) [][]word {
	var out [][]word
	from, depth := 0, 0
	for i, w := range ws {
		if w.kind != mark {
			continue
		}
		switch w.text {
		case "(", "[", "{":
			depth++
		case ")", "]", "}":
			depth--
		case ",":
			if depth == 0 {
				if from < i {
					out = append(out, ws[from:i])
				}
				from = i + 1
			}
		}
	}
	if from < len(ws) {
		out = append(out, ws[from:])
	}
	return out
}

// joined puts together names as they stand: A::B, a.b, A\B.
func joined(ws []word) string {
	var b strings.Builder
	for _, w := range ws {
		b.WriteString(w.text)
	}
	return b.String()
}

// texts are the texts and symbols of words, in their order.
func texts(ws []word) []string {
	var out []string
	for _, w := range ws {
		if w.kind == quoted || w.kind == symbol {
			out = append(out, w.text)
		}
	}
	return out
}

// spoken writes words in one form, so that an expression finds what they say: a space between
// them, symbols and texts marked as such.
func spoken(ws []word) string {
	var b strings.Builder
	for _, w := range ws {
		switch w.kind {
		case symbol:
			b.WriteString(":" + w.text + " ")
		case quoted:
			b.WriteString(`"` + w.text + `" `)
		case line:
		case name, number, mark:
			b.WriteString(w.text + " ")
		}
	}
	return b.String()
}

// manner says how functions of a language read a credential and turn a request away.
type manner struct {
	reads, refuses, lets func() *regexp.Regexp
}

// weigh is the opinion on a function that stands before handlers. It is a guard where it reads
// a credential, refuses with what says that one is missing, and looks at nothing by which
// it might let a request pass.
func (m manner) weigh(body string) (opinion, string) {
	switch {
	case !m.refuses().MatchString(body):
		return isNot, ""
	case !m.reads().MatchString(body):
		return mayBe, "refuses, and by what was not understood"
	case m.lets().MatchString(body):
		return mayBe, "lets some requests pass"
	}
	return isGuard, ""
}
