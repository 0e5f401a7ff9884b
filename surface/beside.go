package surface

import (
	"strings"

	lr "github.com/launchready/launchready"
)

// beside tells each route of a description which templates of it fit its address
// as well: GET /users/{name} fits that of GET /users/me. What is only observed or
// recorded is left out, since no author set it apart: there a word may be a key
// that nobody knew for one.
func beside(routes []*lr.Route) {
	roots := map[string]*branch{} // by method
	for _, rt := range routes {
		if rt == nil {
			continue
		}
		rt.Beside = nil
		if !rt.Declared || rt.Shown || !strings.Contains(rt.Path, "{") {
			continue
		}
		if roots[rt.Method] == nil {
			roots[rt.Method] = &branch{}
		}
		roots[rt.Method].plant(rt.Path)
	}
	for _, rt := range routes {
		if rt == nil || !rt.Declared || rt.Shown || roots[rt.Method] == nil {
			continue
		}
		f := fitting{left: mostSteps}
		f.walk(roots[rt.Method], parts(rt.Path), false)
		rt.Beside = f.found
	}
}

// branch is a tree of templates, a segment a level.
type branch struct {
	next     []twig
	literal  map[string]*branch
	template string // that ends here
}

// twig is a segment with a parameter in it.
type twig struct {
	seg  string
	then *branch
}

func (b *branch) plant(template string) {
	for _, seg := range parts(template) {
		b = b.grow(seg)
	}
	if b.template == "" {
		b.template = template
	}
}

func (b *branch) grow(seg string) *branch {
	if !strings.Contains(seg, "{") {
		if b.literal == nil {
			b.literal = map[string]*branch{}
		}
		if b.literal[seg] == nil {
			b.literal[seg] = &branch{}
		}
		return b.literal[seg]
	}
	for _, t := range b.next {
		if alike(t.seg, seg) {
			return t.then
		}
	}
	b.next = append(b.next, twig{seg, &branch{}})
	return b.next[len(b.next)-1].then
}

// alike reports segments that fit the same texts.
func alike(a, b string) bool { return lr.FitsSegment(a, b) && lr.FitsSegment(b, a) }

// Bounds of the search for one route: descriptions come from outside.
const (
	mostSteps  = 2000
	mostBeside = 20
)

type fitting struct {
	left  int
	found []string
}

// walk finds the templates that are wider than the path: somewhere a parameter
// stands for a word of it.
func (f *fitting) walk(b *branch, path []string, wider bool) {
	if f.left--; f.left < 0 || len(f.found) == mostBeside {
		return
	}
	if len(path) == 0 {
		if wider && b.template != "" {
			f.found = append(f.found, b.template)
		}
		return
	}
	if next := b.literal[path[0]]; next != nil {
		f.walk(next, path[1:], wider)
	}
	for _, t := range b.next {
		if lr.FitsSegment(t.seg, path[0]) {
			f.walk(t.then, path[1:], wider || !alike(t.seg, path[0]))
		}
	}
}

func parts(p string) []string {
	return strings.FieldsFunc(p, func(r rune) bool { return r == '/' })
}
