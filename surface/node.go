package surface

import (
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// maxHops bounds a chain of references that lead to references.
const maxHops = 32

// node is a value and the document that its references are relative to.
type node struct {
	v   any
	doc *document
}

func (n node) object() map[string]any { m, _ := n.v.(map[string]any); return m }
func (n node) list() []any            { l, _ := n.v.([]any); return l }
func (n node) isNil() bool            { return n.v == nil }

// text gives a string, and numbers as people write them: YAML reads the version
// 1.0 as a number.
func (n node) text() string {
	switch v := n.v.(type) {
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return ""
}

// truth reads a boolean that may have been written as a string.
func (n node) truth() bool {
	switch v := n.v.(type) {
	case bool:
		return v
	case string:
		return strings.EqualFold(v, "true")
	}
	return false
}

// number reads a number that may have been written as a string.
func (n node) number() (float64, bool) {
	switch v := n.v.(type) {
	case float64:
		return v, true
	case string:
		f, err := strconv.ParseFloat(v, 64)
		return f, err == nil
	}
	return 0, false
}

// keys lists an object's keys in order, so that a description always gives the
// same surface.
func (n node) keys() []string { return slices.Sorted(maps.Keys(n.object())) }

// reader turns the description's nodes into routes.
type reader struct {
	*loader
	root    node
	swagger bool // version 2.0
	schemas *schemaBuilder
}

// get gives a member, with references resolved.
func (r *reader) get(n node, key string) node {
	m := n.object()
	if m == nil {
		return node{nil, n.doc}
	}
	v, ok := m[key]
	if !ok {
		return node{nil, n.doc}
	}
	return r.deref(node{v, n.doc})
}

// at gives a list's item, with references resolved.
func (r *reader) at(n node, i int) node { return r.deref(node{n.list()[i], n.doc}) }

// deref follows references until a value stands there. What cannot be resolved
// is nil, with a warning.
func (r *reader) deref(n node) node {
	for range maxHops {
		ref, ok := refOf(n)
		if !ok {
			return n
		}
		next, _, err := r.target(n.doc, ref)
		if err != "" {
			r.warn("reference %s cannot be resolved: %s", ref, err)
			return node{nil, n.doc}
		}
		n = next
	}
	r.warn("references lead in a circle")
	return node{nil, n.doc}
}

func refOf(n node) (string, bool) {
	m := n.object()
	if m == nil {
		return "", false
	}
	ref, ok := m["$ref"].(string)
	return ref, ok
}

// target finds what a reference names, and a key by which to remember it.
func (r *reader) target(doc *document, ref string) (n node, key string, problem string) {
	file, frag, _ := strings.Cut(ref, "#")
	if file != "" {
		loc, err := join(doc.loc, file)
		if err != nil {
			return node{}, "", err.Error()
		}
		if loc != doc.loc {
			if doc, err = r.document(loc); err != nil {
				return node{}, "", err.Error()
			}
		}
	}
	if p, err := url.PathUnescape(frag); err == nil {
		frag = p
	}
	key = doc.loc + "#" + frag
	if frag == "" || strings.HasPrefix(frag, "/") {
		if v, ok := doc.pointer(frag); ok {
			return node{v, doc}, key, ""
		}
	}
	// "#User", "User" and pointers into the other version's place mean the
	// component of that name.
	name := frag[strings.LastIndexByte(frag, '/')+1:]
	if name == "" {
		return node{}, "", "no such place"
	}
	for _, place := range []string{"/components/schemas/", "/definitions/", "/components/parameters/", "/parameters/"} {
		if strings.Contains(frag, "arameters") != strings.Contains(place, "arameters") {
			continue
		}
		if v, ok := doc.pointer(place + name); ok {
			r.warn("reference %s taken for #%s%s", ref, place, name)
			return node{v, doc}, doc.loc + "#" + place + name, ""
		}
	}
	return node{}, "", "no such place"
}
