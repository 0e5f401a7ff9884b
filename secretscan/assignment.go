package secretscan

import "bytes"

// assignment is a name and the value that is given to it, in any of the ways of
// source code, configuration, command lines and logs.
type assignment struct {
	name       string
	from, to   int // of the value in the data
	quoted     bool
	byArgument bool // a default: getenv("NAME", "value"), NAME || "value"
	byFlag     bool // --name value
}

// Bounds of what is looked at: a longer name or value is none.
const (
	longestName  = 80
	longestValue = 1024
	widestGap    = 24
)

func isNamePart(c byte) bool { return isWord(c) || c == '-' || c == '.' }

// name finds the whole name around data[from:to].
func nameAround(data []byte, from, to int) (int, int) {
	from, to = around(data, from, to, longestName, isNamePart)
	for from < to && (data[from] == '.') {
		from++
	}
	for to > from && (data[to-1] == '.' || data[to-1] == '-') {
		to--
	}
	return from, to
}

// assign reads the assignment to the name data[from:to].
func assign(data []byte, from, to int, f format) (assignment, bool) {
	a := assignment{name: string(data[from:to])}
	p := to
	// The end of a quoted name: "name", \"name\", ["name"], 'name'.
	quotedName := false
	for n := 0; p < len(data) && n < 8; n++ {
		c := data[p]
		if c == '"' || c == '\'' || c == '`' {
			quotedName = true
		} else if c != '\\' && c != ']' && c != ')' || c == '\\' && !(p+1 < len(data) && (data[p+1] == '"' || data[p+1] == '\'' || data[p+1] == '\\')) {
			break
		}
		p++
	}
	bracketed := p > to && (data[p-1] == ')')
	q := p
	p = skipBlanks(data, p)
	if p >= len(data) {
		return a, false
	}
	wide := false // a line break may follow
	switch c := data[p]; {
	case c == '=' || c == ':':
		first := c
		for n := 0; p < len(data) && n < 3 && (data[p] == '=' || data[p] == ':' || data[p] == '>' && n > 0 || data[p] == '~' && n > 0); n++ {
			p++
		}
		wide = true
		if first == ':' && !quotedName {
			p = skipType(data, p, f)
		}
	case (c == '!' || c == '?' || c == '+') && p+1 < len(data) && data[p+1] == '=':
		p += 2
		for p < len(data) && data[p] == '=' {
			p++
		}
	case (c == '|' || c == '?') && p+1 < len(data) && data[p+1] == c:
		p += 2
		if p < len(data) && data[p] == '=' {
			p++
		}
		a.byArgument, wide = true, true
	case c == ',' && (quotedName || bracketed):
		p++
		a.byArgument, wide = true, true
	case c == '>' && from > 0 && (data[from-1] == '<' || data[from-1] == ':' || data[from-1] == '"'):
		p++
		return a.until(data, p, '<')
	case c == 's' && f == source && p > q && bytes.HasPrefix(data[p:], []byte("string = ")): // Go: var name string = "…"
		p += len("string = ")
	case p > q && from >= 2 && data[from-1] == '-' && data[from-2] == '-' || p > q && from < to-2 && data[from] == '-' && data[from+1] == '-':
		a.byFlag = true
	case p > q && spaced(data, from, f):
		a.byFlag = true
	default:
		return a, false
	}
	start := p
	p = skipBlanks(data, p)
	if wide && p < len(data) && (data[p] == '\n' || data[p] == '\r') {
		next := p
		for next < len(data) && next-p < 64 && (data[next] == '\n' || data[next] == '\r' || isBlank(data[next])) {
			next++
		}
		if next >= len(data) || data[next] != '"' && data[next] != '\'' || f == settings || f == environ {
			return a, false
		}
		p = next
	}
	if p-start > widestGap*3 || p >= len(data) {
		return a, false
	}
	if a.quote(data, p, f) {
		return a, true
	}
	if f == source && a.byFlag {
		return a, false
	}
	return a.bare(data, p, f)
}

func skipBlanks(data []byte, p int) int {
	for n := 0; p < len(data) && n < widestGap*2 && isBlank(data[p]); n++ {
		p++
	}
	return p
}

// skipType passes over the type of a declaration: `key: string = "…"`.
func skipType(data []byte, p int, f format) int {
	if f != source && f != unknown {
		return p
	}
	t := skipBlanks(data, p)
	end := t
	for end < len(data) && end-t < 40 && (isWord(data[end]) || bytes.IndexByte([]byte("[]<>|?&*. "), data[end]) >= 0) {
		end++
	}
	if end > t && end+1 < len(data) && data[end] == '=' && data[end+1] != '=' && data[end+1] != '>' && isLetter(data[t]) {
		return end + 1
	}
	return p
}

// spaced reports whether a blank alone separates name and value here: a .netrc, ENV of
// a Dockerfile, an export of fish, a line of a configuration such as requirepass.
func spaced(data []byte, from int, f format) bool {
	line := data[max(0, from-300):from]
	line = line[bytes.LastIndexByte(line, '\n')+1:]
	trimmed := bytes.TrimSpace(line)
	switch {
	case bytes.EqualFold(trimmed, []byte("ENV")), bytes.EqualFold(trimmed, []byte("set -x")), bytes.EqualFold(trimmed, []byte("setenv")), bytes.EqualFold(trimmed, []byte("set -gx")):
		return true
	case f == shell && bytes.Contains(line, []byte("login ")) && (bytes.Contains(line, []byte("machine ")) || len(trimmed) > 0):
		return true
	case f == shell && len(trimmed) == 0:
		// ".netrc" in lines of its own: "  password hunter2".
		return bytes.HasPrefix(bytes.ToLower(data[from:min(len(data), from+9)]), []byte("password "))
	}
	return false
}

// quote reads a quoted value at p, past a prefix of the literal (b"…", f'…') or one or
// two calls around it (SecretStr("…"), []byte("…")).
func (a *assignment) quote(data []byte, p int, f format) bool {
	for range 3 {
		slashes := 0
		for p+slashes < len(data) && data[p+slashes] == '\\' && slashes < 4 {
			slashes++
		}
		at := p + slashes
		if at >= len(data) {
			return false
		}
		if c := data[at]; c == '"' || c == '\'' || c == '`' {
			return a.closing(data, at+1, c, slashes)
		}
		// A call or a literal's prefix.
		end := p
		for end < len(data) && end-p < 40 && (isWord(data[end]) || data[end] == '.' || data[end] == '[' || data[end] == ']' || data[end] == '@' || data[end] == '$' || data[end] == '&') {
			end++
		}
		if end < len(data) && data[end] == '(' {
			end++
		} else if end == p || end-p > 2 || f == settings || f == environ {
			return false
		}
		if end == p {
			return false
		}
		p = end
	}
	return false
}

// closing reads up to the quote c, which has as many backslashes before it as the opening one.
func (a *assignment) closing(data []byte, from int, c byte, slashes int) bool {
	for i := from; i < len(data) && i-from <= longestValue; i++ {
		switch data[i] {
		case c:
			n := 0
			for i-n-1 >= from && data[i-n-1] == '\\' {
				n++
			}
			if slashes == 0 && n%2 == 1 {
				continue
			}
			if slashes > 0 && n != slashes {
				if n == 0 {
					return false // the string around ended first
				}
				continue
			}
			a.from, a.to, a.quoted = from, i-n*min(slashes, 1), true
			return a.to > a.from
		case '\n', '\r':
			if c != '`' {
				return false
			}
		}
	}
	return false
}

// until reads up to a byte, on one line.
func (a assignment) until(data []byte, from int, stop byte) (assignment, bool) {
	end := bytes.IndexByte(data[from:min(len(data), from+longestValue)], stop)
	if end <= 0 || bytes.IndexByte(data[from:from+end], '\n') >= 0 {
		return a, false
	}
	a.from, a.to, a.quoted = from, from+end, true
	return a, true
}

// bare reads a value without quotes.
func (a assignment) bare(data []byte, p int, f format) (assignment, bool) {
	end := p
	if f == environ || f == settings {
		for end < len(data) && end-p < longestValue && data[end] != '\n' && data[end] != '\r' {
			if data[end] == '#' && end > p && isBlank(data[end-1]) {
				break
			}
			if f == settings && (data[end] == ',' || data[end] == '}' || data[end] == '"' || data[end] == '<' || data[end] == ';') {
				break
			}
			end++
		}
		for end > p && isBlank(data[end-1]) {
			end--
		}
	} else {
		for end < len(data) && end-p < longestValue && data[end] > ' ' && bytes.IndexByte([]byte("\"'`,;<>(){}[]|&\\"), data[end]) < 0 {
			end++
		}
		if end < len(data) && (data[end] == '(' || data[end] == '[' || data[end] == '{') {
			return a, false // a call, an index, a template
		}
		for end > p && (data[end-1] == '.' || data[end-1] == ':' || data[end-1] == '?') {
			end-- // the end of a sentence
		}
	}
	if end == p || end-p >= longestValue {
		return a, false
	}
	a.from, a.to = p, end
	return a, true
}
