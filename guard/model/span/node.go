package span

import (
	"bytes"
	"strconv"
	"strings"
)

// Root is the whole value.
func (d *Document) Root() Node {
	if len(d.nodes) == 0 {
		return None
	}
	return 0
}

// Kind of a node; 0 of None.
func (d *Document) Kind(n Node) Kind {
	if n == None {
		return 0
	}
	return d.nodes[n].kind
}

// Len is how many elements or members a node has.
func (d *Document) Len(n Node) int {
	all := 0
	for c := d.First(n); c != None; c = d.Next(c) {
		all++
	}
	return all
}

// First is the first element or member, Next the one behind; None ends.
func (d *Document) First(n Node) Node {
	if n == None || d.nodes[n].behind == n+1 {
		return None
	}
	return n + 1
}

// Next is the sibling behind a node.
func (d *Document) Next(n Node) Node {
	if d.nodes[n].last {
		return None
	}
	return d.nodes[n].behind
}

// Behind is the first node that a node does not hold: from itself up to there is all
// that it does.
func (d *Document) Behind(n Node) Node { return d.nodes[n].behind }

func (d *Document) rawKey(n Node) []byte {
	if d.nodes[n].keyEnd == 0 {
		return nil
	}
	return d.src[d.nodes[n].key+1 : d.nodes[n].keyEnd-1]
}

// Key is the name of a member.
func (d *Document) Key(n Node) string {
	raw := d.rawKey(n)
	if bytes.IndexByte(raw, '\\') < 0 {
		return string(raw)
	}
	return string(unquote(raw))
}

// Named reports that a node is a member of that name, however it is cased:
// frameworks bind alike what differs in case alone.
func (d *Document) Named(n Node, name string) bool {
	raw := d.rawKey(n)
	switch {
	case bytes.IndexByte(raw, '\\') >= 0:
		raw = unquote(raw)
	case len(raw) == len(name) && string(raw) == name:
		return raw != nil
	}
	if raw == nil || len(raw) > 3*len(name) { // no letter grows more than that by folding
		return false
	}
	return strings.EqualFold(string(raw), name)
}

// Get is the member of that path of names; None when it is not there.
func (d *Document) Get(n Node, path ...string) Node {
next:
	for _, name := range path {
		if d.Kind(n) != Object {
			return None
		}
		for c := d.First(n); c != None; c = d.Next(c) {
			raw := d.rawKey(c)
			if string(raw) == name || bytes.IndexByte(raw, '\\') >= 0 && d.Key(c) == name {
				n = c
				continue next
			}
		}
		return None
	}
	return n
}

// Raw is a value as it is written.
func (d *Document) Raw(n Node) []byte {
	if n == None {
		return nil
	}
	return d.src[d.nodes[n].start:d.nodes[n].end]
}

// Bytes is what a string says; nil of anything else. It may be a part of the text.
func (d *Document) Bytes(n Node) []byte {
	if d.Kind(n) != String {
		return nil
	}
	raw := d.src[d.nodes[n].start+1 : d.nodes[n].end-1]
	if !d.nodes[n].escaped {
		return raw
	}
	return unquote(raw)
}

// Scalar is what a string says, or any other value as it is written; not ok of what
// holds others. It may be a part of the text.
func (d *Document) Scalar(n Node) (text []byte, ok bool) {
	switch d.Kind(n) {
	case Array, Object, 0:
		return nil, false
	case String:
		return d.Bytes(n), true
	case Null, False, True, Number:
	}
	return d.Raw(n), true
}

// Text is what a string says; empty of anything else.
func (d *Document) Text(n Node) string { return string(d.Bytes(n)) }

// Is reports a string of that value.
func (d *Document) Is(n Node, s string) bool { return string(d.Bytes(n)) == s && d.Kind(n) == String }

// Int is a number that is whole.
func (d *Document) Int(n Node) (int64, bool) {
	if d.Kind(n) != Number {
		return 0, false
	}
	i, err := strconv.ParseInt(string(d.Raw(n)), 10, 64)
	return i, err == nil
}
