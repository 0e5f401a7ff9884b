package source

import (
	"strings"

	"github.com/launchready/launchready/source/code"
)

// value is what an expression is known to be; nil is unknown.
type value any

// text is a string. What was not resolved of it is "{?}", and open is set.
type text struct {
	s    string
	open bool
}

type list struct{ items []value }

type object struct {
	keys []string
	m    map[string]value
}

func newObject() *object { return &object{m: map[string]value{}} }

func (o *object) set(key string, v value) {
	if _, ok := o.m[key]; !ok {
		o.keys = append(o.keys, key)
	}
	o.m[key] = v
}

// closure is a function of the source.
type closure struct {
	fn    *code.Node
	env   *scope
	self  value   // of a method
	decor []value // decorators that stand nearest to it, outermost first
}

// class of the source; a Go struct too.
type class struct {
	node *code.Node
	env  *scope
}

type instance struct {
	of     *class
	fields map[string]value
}

// external is what another package gives, by its dotted path: "express.Router".
type external struct{ path string }

// made is the result of calling an external.
type made struct {
	path  string
	args  []value
	named map[string]value
	node  *code.Node
	env   *scope
}

// namespace is a module of the source as a whole.
type namespace struct{ mod *module }

// bound is a method of a router that was taken and not yet called.
type bound struct {
	r    *router
	name string
}

// scope holds variables.
type scope struct {
	vars   map[string]value
	parent *scope
	mod    *module
	file   *code.File
}

func (s *scope) child() *scope {
	return &scope{vars: map[string]value{}, parent: s, mod: s.mod, file: s.file}
}

func (s *scope) get(name string) (value, bool) {
	for e := s; e != nil; e = e.parent {
		if v, ok := e.vars[name]; ok {
			return v, true
		}
	}
	return nil, false
}

// set changes a variable where it lives, or makes it here.
func (s *scope) set(name string, v value) {
	for e := s; e != nil; e = e.parent {
		if _, ok := e.vars[name]; ok {
			e.vars[name] = v
			return
		}
	}
	s.vars[name] = v
}

// stringOf is the text of a value.
func stringOf(v value) (text, bool) {
	t, ok := v.(text)
	return t, ok
}

// spread flattens lists: middleware may be given one by one or in arrays.
func flatten(vs []value, nodes []*code.Node) ([]value, []*code.Node) {
	var out []value
	var at []*code.Node
	for i, v := range vs {
		var n *code.Node
		if i < len(nodes) {
			n = nodes[i]
		}
		if l, ok := v.(*list); ok {
			for j, item := range l.items {
				out = append(out, item)
				if n.Is(code.Array) && j < len(n.List) {
					at = append(at, n.List[j])
				} else {
					at = append(at, n)
				}
			}
			continue
		}
		out, at = append(out, v), append(at, n)
	}
	return out, at
}

// join puts path pieces together with one slash between them.
func join(a, b string) string {
	if b == "" || b == "/" {
		if a == "" {
			return b
		}
		return a
	}
	return strings.TrimSuffix(a, "/") + "/" + strings.TrimPrefix(b, "/")
}
