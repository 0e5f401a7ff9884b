package launchready

import (
	"path"
	"strings"
)

// Access is what the owner of the target states about who may read what.
// Patterns are "METHOD /path" or "/path"; {name} matches a segment, * too, and
// ** any rest. A pattern that is a template of the description means that route,
// and not one which the description names beside it by a word: /users/{name} does
// not open /users/_debug, and /users/* does.
type Access struct {
	Public []string // answers anyone, on purpose
	Admin  []string // for privileged roles only
	Shared []string // readable across tenants, on purpose
}

// Match reports whether a list of access patterns covers a route template.
func Match(patterns []string, rt *Route) bool {
	for _, p := range patterns {
		method, pat, ok := strings.Cut(p, " ")
		if !ok {
			method, pat = "", p
		}
		if method != "" && !strings.EqualFold(method, rt.Method) {
			continue
		}
		if matchPath(splitPath(pat), splitPath(rt.Path)) && !rt.stands(pat) {
			return true
		}
	}
	return false
}

// stands reports whether the pattern is the template of another route, beside
// which the description names this one.
func (r *Route) stands(pattern string) bool {
	for _, b := range r.Beside {
		if emptied(b) == emptied(pattern) {
			return true
		}
	}
	return false
}

func matchPath(pat, p []string) bool {
	for len(pat) > 0 {
		if pat[0] == "**" {
			return true
		}
		if len(p) == 0 || !FitsSegment(pat[0], p[0]) {
			return false
		}
		pat, p = pat[1:], p[1:]
	}
	return len(p) == 0
}

// FitsSegment reports whether a segment of a pattern covers one of a path: a
// {name} and a * in it stand for any text.
func FitsSegment(pattern, seg string) bool {
	if pattern == seg {
		return true
	}
	ok, err := path.Match(strings.ReplaceAll(emptied(pattern), "{}", "*"), seg)
	return err == nil && ok
}

// emptied is a template without the names of its parameters, and without slashes
// that say nothing.
func emptied(template string) string {
	segs := splitPath(template)
	for i, s := range segs {
		segs[i] = emptySegment(s)
	}
	return strings.Join(segs, "/")
}

func emptySegment(s string) string {
	var b strings.Builder
	for {
		i := strings.IndexByte(s, '{')
		if i < 0 {
			break
		}
		j := strings.IndexByte(s[i:], '}')
		if j < 0 {
			break
		}
		b.WriteString(s[:i] + "{}")
		s = s[i+j+1:]
	}
	return b.String() + s
}

func splitPath(p string) []string {
	return strings.FieldsFunc(p, func(r rune) bool { return r == '/' })
}
