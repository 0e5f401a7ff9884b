package ownership

import (
	"fmt"
	"strings"

	"github.com/launchready/launchready/guard/model/span"
)

// Path names values of a JSON document: "$.data[*].id" for those exactly, or a
// name alone, "tenant_id", for every member of that name at any depth.
type Path struct {
	text  string
	steps []step
}

type step struct {
	name string
	each bool // [*]
	deep bool // ..name
}

// ParsePath reads a path: $, .name, ['name'], [*] and ..name.
func ParsePath(s string) (Path, error) {
	p := Path{text: s}
	bad := fmt.Errorf("%q is no path, as $.tenant_id, $.data[*].id or a name", s)
	rest, rooted := strings.CutPrefix(s, "$")
	if !rooted {
		if s == "" || strings.ContainsAny(s, ".[]'\"*$ ") {
			return Path{}, bad
		}
		p.steps = []step{{name: s, deep: true}}
		return p, nil
	}
	for rest != "" {
		var st step
		switch {
		case strings.HasPrefix(rest, "[*]"):
			st.each, rest = true, rest[3:]
		case strings.HasPrefix(rest, "['"):
			name, after, ok := strings.Cut(rest[2:], "']")
			if !ok || name == "" {
				return Path{}, bad
			}
			st.name, rest = name, after
		case strings.HasPrefix(rest, "."):
			rest = rest[1:]
			if strings.HasPrefix(rest, ".") {
				st.deep, rest = true, rest[1:]
			}
			n := strings.IndexAny(rest, ".[")
			if n < 0 {
				n = len(rest)
			}
			if st.name, rest = rest[:n], rest[n:]; st.name == "" || strings.ContainsAny(st.name, "*]'\"$ ") {
				return Path{}, bad
			}
		default:
			return Path{}, bad
		}
		p.steps = append(p.steps, st)
	}
	return p, nil
}

// String is the path as it was written.
func (p Path) String() string { return p.text }

// member is the name of what the path leads to, as a form would call it.
func (p Path) member() string {
	for i := len(p.steps) - 1; i >= 0; i-- {
		if p.steps[i].name != "" {
			return p.steps[i].name
		}
	}
	return ""
}

// root is the name of a member of the document itself.
func (p Path) root() (name string, ok bool) {
	if len(p.steps) != 1 || p.steps[0].each {
		return "", false
	}
	return p.steps[0].name, true
}

// Direct reads a path within an item of a list: a name alone is a member of the
// item itself.
func Direct(s string) (Path, error) {
	if s != "" && !strings.HasPrefix(s, "$") {
		s = "$." + s
	}
	return ParsePath(s)
}

// find visits each value that the path names below a node. Where an object says
// a name twice, both are visited: which one counts is the reader's choice.
func (p Path) find(d *span.Document, from span.Node, visit func(n span.Node)) {
	walk(d, from, p.steps, visit)
}

func walk(d *span.Document, at span.Node, steps []step, visit func(span.Node)) {
	if len(steps) == 0 {
		visit(at)
		return
	}
	s := steps[0]
	list := d.Kind(at) == span.Array
	for c := d.First(at); c != span.None; c = d.Next(c) {
		switch {
		case s.each:
			if list {
				walk(d, c, steps[1:], visit)
			}
		case d.Named(c, s.name):
			walk(d, c, steps[1:], visit)
			if s.deep {
				walk(d, c, steps, visit)
			}
		case s.deep:
			walk(d, c, steps, visit)
		}
	}
}
