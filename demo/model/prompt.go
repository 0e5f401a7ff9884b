package model

import (
	"strings"
	"unicode"
)

// prompt is a request as the model understands it. It knows roles and texts; no
// field tells it which customer a text belongs to.
type prompt struct {
	system  string // instructions of the application
	ask     string // the user's last message, without the documents in it
	past    []string
	third   []passage // documents and tool results: text that nobody present wrote
	tooled  bool      // the last message is a tool's result
	recited string    // every system text, as it stands
	done    int       // tool calls of this turn that have a result
	made    map[Call]bool
}

// passage is a piece of third-party text.
type passage struct {
	label  string // what a citation names: the source's id
	title  string
	text   string
	quoted bool // the user pasted it between quotes: material to work on, unless it claims to override
}

// marked reports a passage that the application has datamarked: between all its
// words stands a mark that no instruction has.
func (t passage) marked() bool {
	return strings.Count(t.text, "^") > strings.Count(t.text, " ")
}

// fences are the tags by which applications set documents apart.
var fences = [...]string{"source", "document", "context", "file", "untrusted"}

func read(ms []Message) prompt {
	var p prompt
	last := -1
	for i, m := range ms {
		if m.Role == "user" {
			last = i
		}
	}
	for i, m := range ms {
		if i > last {
			p.called(m.ToolCalls)
		}
		text, docs := unfence(visible(string(m.Content)))
		p.third = append(p.third, docs...)
		if m.Role == "user" {
			var pasted []passage
			text, pasted = unquote(text)
			p.third = append(p.third, pasted...)
		}
		switch {
		case m.Role == "system" || m.Role == "developer":
			p.system += text + "\n"
			p.recited += string(m.Content) + "\n"
		case m.Role == "tool":
			if i > last {
				p.done++
			}
			p.third = append(p.third, passage{title: m.Name, text: text})
		case m.Role == "user" && i == last:
			p.ask = strings.TrimSpace(text)
		case m.Role == "user":
			p.past = append(p.past, text)
		}
	}
	p.tooled = ms[len(ms)-1].Role == "tool"
	return p
}

// visible shows what a tokenizer sees: the Unicode tag block spells ASCII that
// no person can read, and zero-width characters vanish.
func visible(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 0xE0020 && r <= 0xE007E:
			return r - 0xE0000
		case r == 0x200B || r == 0x200C || r == 0x200D || r == 0x2060 || r == 0xFEFF:
			return -1
		}
		return r
	}, s)
}

// unfence takes the tagged documents out of a text. An unclosed tag holds the
// rest of the text.
func unfence(s string) (rest string, docs []passage) {
	var out strings.Builder
	for {
		at, name := nextFence(s)
		if at < 0 {
			out.WriteString(s)
			return out.String(), docs
		}
		out.WriteString(s[:at])
		s = s[at:]
		head, body, ok := strings.Cut(s, ">")
		if !ok {
			return out.String(), docs
		}
		inner, after, _ := strings.Cut(body, "</"+name+">")
		docs = append(docs, passage{label: attribute(head, "id"), title: attribute(head, "title"), text: inner})
		s = after
	}
}

// unquote takes what the user pasted between triple quotes out of a text.
func unquote(s string) (rest string, pasted []passage) {
	var out strings.Builder
	for {
		before, after, ok := strings.Cut(s, pasteMark)
		inner, after, closed := strings.Cut(after, pasteMark)
		if !ok || !closed {
			out.WriteString(s)
			return out.String(), pasted
		}
		out.WriteString(before)
		pasted = append(pasted, passage{text: inner, quoted: true})
		s = after
	}
}

const pasteMark = `"""`

func nextFence(s string) (int, string) {
	best, name := -1, ""
	for _, f := range fences {
		for from := 0; ; {
			i := strings.Index(s[from:], "<"+f)
			if i < 0 {
				break
			}
			i += from
			end := i + 1 + len(f)
			if end < len(s) && (s[end] == '>' || s[end] == ' ') {
				if best < 0 || i < best {
					best, name = i, f
				}
				break
			}
			from = end
		}
	}
	return best, name
}

func attribute(tag, name string) string {
	_, v, ok := strings.Cut(tag, " "+name+`="`)
	if !ok {
		return ""
	}
	v, _, _ = strings.Cut(v, `"`)
	return v
}

// sentences splits a text at ends of sentences and lines. A full stop inside a
// number, an address or a file name ends nothing.
func sentences(s string) []string {
	var out []string
	start := 0
	cut := func(end int) {
		if t := strings.TrimSpace(s[start:end]); t != "" {
			out = append(out, t)
		}
		start = end
	}
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\n':
			cut(i)
		case '.', '!', '?':
			if i+1 == len(s) || s[i+1] == ' ' || s[i+1] == '\n' || s[i+1] == '\t' {
				cut(i + 1)
			}
		}
	}
	cut(len(s))
	return out
}

// words are the content words of a text, lower-cased and roughly stemmed.
func words(s string) []string {
	var out []string
	for _, w := range strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		if !stop[w] {
			out = append(out, stem(w))
		}
	}
	return out
}

func stem(w string) string {
	if len(w) < 5 {
		return strings.TrimSuffix(w, "s")
	}
	for _, suffix := range [...]string{"ing", "ed", "es", "s", "ly"} {
		if t, ok := strings.CutSuffix(w, suffix); ok && len(t) >= 3 {
			return strings.TrimSuffix(t, "e")
		}
	}
	return strings.TrimSuffix(w, "e")
}

var stop = func() map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(`a an and are as at be been but by can could did do does for from had has have how i if in into is it its
		me my of on or our please should so some tell than that the their them then there these they this to us was we were what when
		where which who whom why will with would you your about know say says said any give find much many`) {
		m[w] = true
	}
	return m
}()
