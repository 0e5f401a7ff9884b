package secretscan

import (
	"bytes"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// deepest is how many views may be in one another: a bundle's map in base64 in a page.
const deepest = 3

// isStructured reports documents whose text is escaped or encoded within.
func isStructured(d *document, data []byte) bool {
	t := bytes.TrimLeft(data[:min(len(data), 512)], " \t\r\n\ufeff")
	return len(t) > 0 && (t[0] == '{' || t[0] == '[') && d.format != source && d.format != unknown
}

// jsonView reads the strings of a JSON document that are escaped: sources in a
// source map, cells of a notebook, bodies in a recording. Each is a document of its
// own. What is not JSON ends the view and is no error.
func (s *Scanner) jsonView(c *collector, d *document, data []byte, at place) {
	t := bytes.TrimLeft(data[:min(len(data), 512)], " \t\r\n\ufeff")
	if len(t) == 0 || t[0] != '{' && t[0] != '[' || d.format == lock || bytes.IndexByte(data, '\\') < 0 {
		return
	}
	w := jsonWalk{data: data}
	k := cursor{data: data, at: at}
	var sources []string
	w.leaf = func(from, to int, key, _ string, index int) {
		raw := data[from:to]
		if key == "sources" && len(sources) < 1<<16 {
			sources = append(sources, string(raw))
			return
		}
		if len(raw) < 16 || bytes.IndexByte(raw, '\\') < 0 {
			return
		}
		text := unescape(nil, raw)
		view := key
		name := ""
		if key == "sourcesContent" {
			if index < len(sources) {
				name = string(unescape(nil, []byte(sources[index])))
			}
		}
		if index >= 0 {
			view += "/" + strconv.Itoa(index)
		}
		in := d.inside(view, "")
		in.format = unknown
		if name != "" {
			in = d.inside(view, name)
		}
		p := k.pin(from)
		if !at.fixed {
			p.inner = name
		}
		s.document(c, in, text, p)
	}
	w.value("", "", -1, 0)
}

// jsonWalk goes over JSON without building it. It is lenient: what it does not
// understand ends it.
type jsonWalk struct {
	data []byte
	at   int
	leaf func(from, to int, key, parent string, index int) // the inside of each string that is a value
}

const deepestJSON = 200

func (w *jsonWalk) blanks() {
	for w.at < len(w.data) {
		switch w.data[w.at] {
		case ' ', '\t', '\n', '\r', 0xef, 0xbb, 0xbf:
			w.at++
		default:
			return
		}
	}
}

// value reads one value; key is the member that it is the value of, parent the one around,
// index its place in an array, or -1.
func (w *jsonWalk) value(key, parent string, index, depth int) bool {
	w.blanks()
	if w.at >= len(w.data) || depth > deepestJSON {
		return false
	}
	switch c := w.data[w.at]; c {
	case '"':
		from, to, ok := w.str()
		if ok {
			w.leaf(from, to, key, parent, index)
		}
		return ok
	case '{', '[':
		return w.list(key, parent, c, depth)
	default:
		start := w.at
		for w.at < len(w.data) && (isWord(w.data[w.at]) || w.data[w.at] == '-' || w.data[w.at] == '+' || w.data[w.at] == '.') {
			w.at++
		}
		return w.at > start
	}
}

func (w *jsonWalk) list(key, parent string, open byte, depth int) bool {
	w.at++
	for n := 0; ; n++ {
		w.blanks()
		if w.at >= len(w.data) {
			return false
		}
		switch w.data[w.at] {
		case '}', ']':
			w.at++
			return true
		case ',':
			w.at++
			n--
			continue
		}
		member, around, index := key, parent, n
		if open == '{' {
			from, to, ok := w.str()
			if !ok {
				return false
			}
			w.blanks()
			if w.at >= len(w.data) || w.data[w.at] != ':' {
				return false
			}
			w.at++
			member, around, index = string(w.data[from:min(to, from+64)]), key, -1
		}
		if !w.value(member, around, index, depth+1) {
			return false
		}
	}
}

// str reads a string and returns its inside.
func (w *jsonWalk) str() (from, to int, ok bool) {
	if w.at >= len(w.data) || w.data[w.at] != '"' {
		return 0, 0, false
	}
	w.at++
	from = w.at
	for w.at < len(w.data) {
		switch w.data[w.at] {
		case '"':
			w.at++
			return from, w.at - 1, true
		case '\\':
			w.at++
		}
		w.at++
	}
	return 0, 0, false
}

// unescape appends the text of the inside of a JSON string (RFC 8259, section 7).
func unescape(out, s []byte) []byte {
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 >= len(s) {
			out = append(out, s[i])
			continue
		}
		i++
		switch s[i] {
		case 'n':
			out = append(out, '\n')
		case 'r':
			out = append(out, '\r')
		case 't':
			out = append(out, '\t')
		case 'b', 'f':
			out = append(out, ' ')
		case 'u':
			r, ok := hex4(s, i+1)
			if !ok {
				out = append(out, '\\', 'u')
				continue
			}
			i += 4
			if utf16.IsSurrogate(r) {
				if low, ok := hex4(s, i+3); ok && i+2 < len(s) && s[i+1] == '\\' && s[i+2] == 'u' {
					r = utf16.DecodeRune(r, low)
					i += 6
				}
			}
			out = utf8.AppendRune(out, r)
		default:
			out = append(out, s[i])
		}
	}
	return out
}

func hex4(s []byte, at int) (rune, bool) {
	if at+4 > len(s) {
		return 0, false
	}
	n, err := strconv.ParseUint(string(s[at:at+4]), 16, 16)
	return rune(n), err == nil
}
