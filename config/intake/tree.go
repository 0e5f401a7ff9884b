package intake

import (
	"errors"
	"fmt"
	"strings"
)

// shape is what a node of a tree is.
type shape uint8

const (
	nothing shape = iota // the zero value: a key without a value
	scalar
	list
	mapping
)

func (s shape) String() string {
	return [...]string{"nothing", "a text", "a list", "keys with values"}[s]
}

// node is one value of a file, whatever its syntax, and where it stands.
type node struct {
	shape        shape
	text         string // of a scalar
	value        any    // of a scalar that is a number, true or false
	pairs        []pair
	items        []*node
	line, column int // 0 where the syntax does not tell
}

// pair is one key of a mapping.
type pair struct {
	key string
	at  *node // the key itself
	*node
}

// get is the value of a key, nil when it has none. A nil node has no keys.
func (n *node) get(key string) *node {
	if n == nil {
		return nil
	}
	for _, p := range n.pairs {
		if p.key == key && p.shape != nothing {
			return p.node
		}
	}
	return nil
}

// Bounds of a file of identities; no honest one comes near.
const (
	maxIdentityFile = 1 << 20
	maxDepth        = 40
	maxNodes        = 50_000 // aliases repeat nodes
	maxKeys         = 2000
	maxFaults       = 20
	maxWarnings     = 100
)

// Fault is one mistake in a file. It never quotes a value: what stands in these
// files is secret more often than not.
type Fault struct {
	File         string
	Line, Column int // 0 when they are not known
	Message      string
}

// Error is one line: position and message.
func (f *Fault) Error() string {
	switch {
	case f.Line == 0:
		return f.File + ": " + f.Message
	case f.Column == 0:
		return fmt.Sprintf("%s:%d: %s", f.File, f.Line, f.Message)
	}
	return fmt.Sprintf("%s:%d:%d: %s", f.File, f.Line, f.Column, f.Message)
}

// reading is a file that is being read: what is wrong with it and what was left
// out of it.
type reading struct {
	file     string
	faults   []error
	warnings []string
	nodes    int
}

func (r *reading) fault(at *node, format string, args ...any) {
	if len(r.faults) >= maxFaults {
		return
	}
	f := &Fault{File: r.file, Message: fmt.Sprintf(format, args...)}
	if at != nil {
		f.Line, f.Column = at.line, at.column
	}
	r.faults = append(r.faults, f)
}

// warn names what is left out, once.
func (r *reading) warn(format string, args ...any) {
	w := fmt.Sprintf(format, args...)
	for _, have := range r.warnings {
		if have == w {
			return
		}
	}
	if len(r.warnings) < maxWarnings {
		r.warnings = append(r.warnings, w)
	}
}

// err is every mistake found, nil when there is none.
func (r *reading) err() error { return errors.Join(r.faults...) }

// str is the text of a scalar; "" when there is none.
func (r *reading) str(n *node, what string) string {
	if n == nil {
		return ""
	}
	if n.shape != scalar {
		r.fault(n, "%s must be a text, not %s", what, n.shape)
		return ""
	}
	if strings.ContainsRune(n.text, 0) {
		r.fault(n, "%s holds a zero byte", what)
		return ""
	}
	return n.text
}

// word is str for a text that has to be on one line: a name, a header, a path.
func (r *reading) word(n *node, what string) string {
	s := r.str(n, what)
	if strings.ContainsAny(s, "\r\n") {
		r.fault(n, "%s holds a line break", what)
		return ""
	}
	return strings.TrimSpace(s)
}

func (r *reading) need(n *node, key, what string) string {
	v := n.get(key)
	if v == nil {
		r.fault(n, "%s: %s is missing", what, key)
		return ""
	}
	return r.word(v, what+"."+key)
}

func (r *reading) flag(n *node, what string) bool {
	if n == nil {
		return false
	}
	if b, ok := n.value.(bool); ok {
		return b
	}
	if n.shape == scalar {
		switch strings.ToLower(n.text) { // YAML 1.1 has more words for them
		case "true", "yes", "on":
			return true
		case "false", "no", "off":
			return false
		}
	}
	r.fault(n, "%s must be true or false, not %s", what, n.shape)
	return false
}

func (r *reading) list(n *node, what string) []*node {
	if n == nil {
		return nil
	}
	if n.shape != list {
		r.fault(n, "%s must be a list, not %s", what, n.shape)
		return nil
	}
	return n.items
}

func (r *reading) keys(n *node, what string) []pair {
	if n == nil || n.shape == nothing {
		return nil
	}
	if n.shape != mapping {
		r.fault(n, "%s must be keys with values, not %s", what, n.shape)
		return nil
	}
	return n.pairs
}

// one holds a word to a list.
func (r *reading) one(n *node, what string, of ...string) string {
	s := r.word(n, what)
	for _, w := range of {
		if s == "" || strings.EqualFold(s, w) {
			return s
		}
	}
	r.fault(n, "%s is none of %s", what, strings.Join(of, ", "))
	return ""
}

// plain is the tree as encoding/json would have it.
func (n *node) plain() any {
	switch {
	case n == nil || n.shape == nothing:
		return nil
	case n.shape == list:
		out := make([]any, len(n.items))
		for i, x := range n.items {
			out[i] = x.plain()
		}
		return out
	case n.shape == mapping:
		out := make(map[string]any, len(n.pairs))
		for _, p := range n.pairs {
			out[p.key] = p.node.plain()
		}
		return out
	case n.value != nil:
		return n.value
	}
	return n.text
}
