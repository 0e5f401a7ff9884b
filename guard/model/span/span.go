// Package span reads JSON and remembers where each value stands, so that one value
// can be replaced and every other byte stays as it came: unknown members, their order
// and the spelling of numbers.
package span

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// Kind of a value.
type Kind byte

// The kinds.
const (
	Null Kind = iota + 1
	False
	True
	Number
	String
	Array
	Object
)

// Node is a value of a document, by its number. None is no value.
type Node int32

// None is what is asked for and not there.
const None Node = -1

type node struct {
	kind          Kind
	escaped       bool // a string with a backslash in it
	key, keyEnd   int32
	start, end    int32
	first, next   Node
	elements      int32
	whole, behind int32 // the member with its name
}

// Document is one JSON text. It may be read again with another text.
type Document struct {
	src   []byte
	nodes []node
	edits []edit
}

type edit struct {
	from, to int32
	text     []byte
	insert   bool
}

const (
	// MaxDepth is how deep values may nest.
	MaxDepth = 64
	// maxSize keeps offsets in 32 bits.
	maxSize = 1 << 30
)

var errSyntax = errors.New("not valid JSON")

// Read reads a text, which must not be changed while the document is in use. An
// object that has a name twice is refused: readers differ in which one counts.
func (d *Document) Read(src []byte) error {
	d.src, d.nodes, d.edits = src, d.nodes[:0], d.edits[:0]
	if len(src) > maxSize {
		return errors.New("the JSON is too long")
	}
	_, at, err := d.value(d.blank(0), 0)
	if err != nil {
		return err
	}
	if d.blank(at) != len(src) {
		return fmt.Errorf("something follows the value: %w", errSyntax)
	}
	return nil
}

func (d *Document) blank(i int) int {
	for i < len(d.src) && (d.src[i] == ' ' || d.src[i] == '\n' || d.src[i] == '\t' || d.src[i] == '\r') {
		i++
	}
	return i
}

func (d *Document) add(n node) Node {
	d.nodes = append(d.nodes, n)
	return Node(len(d.nodes) - 1) //nolint:gosec // fewer than bytes of the text
}

// value reads the value at i and returns what is behind it.
func (d *Document) value(i, depth int) (Node, int, error) {
	if i >= len(d.src) {
		return None, 0, errSyntax
	}
	n := node{start: int32(i), first: None, next: None} //nolint:gosec // below maxSize
	literal := func(word string, k Kind) (Node, int, error) {
		if !bytes.HasPrefix(d.src[i:], []byte(word)) {
			return None, 0, errSyntax
		}
		n.kind, n.end = k, n.start+int32(len(word)) //nolint:gosec // a word
		return d.add(n), i + len(word), nil
	}
	switch c := d.src[i]; c {
	case 'n':
		return literal("null", Null)
	case 't':
		return literal("true", True)
	case 'f':
		return literal("false", False)
	case '"':
		end, escaped, err := d.text(i)
		if err != nil {
			return None, 0, err
		}
		n.kind, n.end, n.escaped = String, int32(end), escaped //nolint:gosec // below maxSize
		return d.add(n), end, nil
	case '[', '{':
		if depth >= MaxDepth {
			return None, 0, errors.New("the JSON nests too deep")
		}
		n.kind = Array
		if c == '{' {
			n.kind = Object
		}
		at := d.add(n)
		end, err := d.inside(at, i+1, depth)
		return at, end, err
	default:
		end := number(d.src, i)
		if end == i {
			return None, 0, errSyntax
		}
		n.kind, n.end = Number, int32(end) //nolint:gosec // below maxSize
		return d.add(n), end, nil
	}
}

// inside reads what is in an array or an object up to its end.
func (d *Document) inside(at Node, i, depth int) (int, error) {
	closing := byte(']')
	if d.nodes[at].kind == Object {
		closing = '}'
	}
	last := None
	if i = d.blank(i); i < len(d.src) && d.src[i] == closing {
		d.nodes[at].end = int32(i + 1) //nolint:gosec // below maxSize
		return i + 1, nil
	}
	for {
		begin, key, keyEnd := i, 0, 0
		if closing == '}' {
			if i >= len(d.src) || d.src[i] != '"' {
				return 0, errSyntax
			}
			end, _, err := d.text(i)
			if err != nil {
				return 0, err
			}
			key, keyEnd = i, end
			if i = d.blank(end); i >= len(d.src) || d.src[i] != ':' {
				return 0, errSyntax
			}
			i = d.blank(i + 1)
		}
		child, end, err := d.value(i, depth+1)
		if err != nil {
			return 0, err
		}
		c := &d.nodes[child]
		c.key, c.keyEnd, c.whole, c.behind = int32(key), int32(keyEnd), int32(begin), int32(end) //nolint:gosec // below maxSize
		if last == None {
			d.nodes[at].first = child
		} else {
			d.nodes[last].next = child
		}
		last = child
		d.nodes[at].elements++
		if i = d.blank(end); i >= len(d.src) {
			return 0, errSyntax
		}
		switch d.src[i] {
		case ',':
			i = d.blank(i + 1)
		case closing:
			d.nodes[at].end = int32(i + 1) //nolint:gosec // below maxSize
			return i + 1, d.unique(at)
		default:
			return 0, errSyntax
		}
	}
}

// unique refuses a name that an object has twice.
func (d *Document) unique(at Node) error {
	if d.nodes[at].kind != Object {
		return nil
	}
	if d.nodes[at].elements > 16 {
		names := make(map[string]bool, d.nodes[at].elements)
		for c := d.nodes[at].first; c != None; c = d.nodes[c].next {
			n := d.Key(c)
			if names[n] {
				return errors.New("an object has a name twice")
			}
			names[n] = true
		}
		return nil
	}
	for a := d.nodes[at].first; a != None; a = d.nodes[a].next {
		for b := d.nodes[a].next; b != None; b = d.nodes[b].next {
			x, y := d.rawKey(a), d.rawKey(b)
			if bytes.Equal(x, y) || (bytes.IndexByte(x, '\\') >= 0 || bytes.IndexByte(y, '\\') >= 0) && d.Key(a) == d.Key(b) {
				return errors.New("an object has a name twice")
			}
		}
	}
	return nil
}

// text finds the end of the string at i (RFC 8259, 7).
func (d *Document) text(i int) (end int, escaped bool, err error) {
	for i++; i < len(d.src); i++ {
		switch c := d.src[i]; {
		case c == '"':
			return i + 1, escaped, nil
		case c < ' ':
			return 0, false, errSyntax
		case c == '\\':
			escaped = true
			i++
			if i >= len(d.src) {
				return 0, false, errSyntax
			}
			switch d.src[i] {
			case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
			case 'u':
				if _, ok := hex4(d.src, i+1); !ok {
					return 0, false, errSyntax
				}
				i += 4
			default:
				return 0, false, errSyntax
			}
		}
	}
	return 0, false, errSyntax
}

func hex4(b []byte, i int) (rune, bool) {
	if i+4 > len(b) {
		return 0, false
	}
	var r rune
	for _, c := range b[i : i+4] {
		switch {
		case c >= '0' && c <= '9':
			r = r<<4 | rune(c-'0')
		case c >= 'a' && c <= 'f':
			r = r<<4 | rune(c-'a'+10)
		case c >= 'A' && c <= 'F':
			r = r<<4 | rune(c-'A'+10)
		default:
			return 0, false
		}
	}
	return r, true
}

// number finds the end of the number at i (RFC 8259, 6); i when there is none.
func number(b []byte, i int) int {
	at := i
	digits := func() bool {
		from := at
		for at < len(b) && b[at] >= '0' && b[at] <= '9' {
			at++
		}
		return at > from
	}
	if at < len(b) && b[at] == '-' {
		at++
	}
	if at < len(b) && b[at] == '0' {
		at++
	} else if !digits() {
		return i
	}
	if at < len(b) && b[at] == '.' {
		at++
		if !digits() {
			return i
		}
	}
	if at < len(b) && (b[at] == 'e' || b[at] == 'E') {
		at++
		if at < len(b) && (b[at] == '+' || b[at] == '-') {
			at++
		}
		if !digits() {
			return i
		}
	}
	return at
}

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
	if n == None {
		return 0
	}
	return int(d.nodes[n].elements)
}

// First is the first element or member, Next the one behind; None ends.
func (d *Document) First(n Node) Node {
	if n == None {
		return None
	}
	return d.nodes[n].first
}

// Next is the sibling behind a node.
func (d *Document) Next(n Node) Node { return d.nodes[n].next }

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

// Get is the member of that path of names; None when it is not there.
func (d *Document) Get(n Node, path ...string) Node {
next:
	for _, name := range path {
		if d.Kind(n) != Object {
			return None
		}
		for c := d.nodes[n].first; c != None; c = d.nodes[c].next {
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

func unquote(raw []byte) []byte {
	out := make([]byte, 0, len(raw))
	for i := 0; i < len(raw); i++ {
		if raw[i] != '\\' {
			out = append(out, raw[i])
			continue
		}
		i++
		switch raw[i] {
		case 'b':
			out = append(out, '\b')
		case 'f':
			out = append(out, '\f')
		case 'n':
			out = append(out, '\n')
		case 'r':
			out = append(out, '\r')
		case 't':
			out = append(out, '\t')
		case 'u':
			r, _ := hex4(raw, i+1)
			i += 4
			if utf16.IsSurrogate(r) {
				low, ok := rune(0), false
				if i+2 < len(raw) && raw[i+1] == '\\' && raw[i+2] == 'u' {
					low, ok = hex4(raw, i+3)
				}
				if pair := utf16.DecodeRune(r, low); ok && pair != utf8.RuneError {
					r, i = pair, i+6
				} else {
					r = utf8.RuneError
				}
			}
			out = utf8.AppendRune(out, r)
		default:
			out = append(out, raw[i])
		}
	}
	return out
}

// Quote appends s as a JSON string. What is not UTF-8 stays as it is.
func Quote(dst, s []byte) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	for _, c := range s {
		switch {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c == '\n':
			dst = append(dst, '\\', 'n')
		case c == '\r':
			dst = append(dst, '\\', 'r')
		case c == '\t':
			dst = append(dst, '\\', 't')
		case c < ' ':
			dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		default:
			dst = append(dst, c)
		}
	}
	return append(dst, '"')
}

// Set replaces a value by a JSON text.
func (d *Document) Set(n Node, text []byte) {
	d.edits = append(d.edits, edit{d.nodes[n].start, d.nodes[n].end, text, false})
}

// SetText replaces a value by a string.
func (d *Document) SetText(n Node, s []byte) { d.Set(n, Quote(nil, s)) }

// Put sets a member of an object, which it may have or not. An object whose members
// are all dropped must not be put to.
func (d *Document) Put(object Node, name string, text []byte) {
	if n := d.Get(object, name); n != None {
		d.Set(n, text)
		return
	}
	at := d.nodes[object].start + 1
	add := append(Quote(nil, []byte(name)), ':')
	add = append(add, text...)
	if d.nodes[object].first != None {
		add = append(add, ',')
	}
	d.edits = append(d.edits, edit{at, at, add, true})
}

// Drop takes elements or members out of their array or object.
func (d *Document) Drop(parent Node, gone func(Node) bool) {
	var left []Node
	dropped := false
	for c := d.First(parent); c != None; c = d.Next(c) {
		if gone(c) {
			dropped = true
		} else {
			left = append(left, c)
		}
	}
	if !dropped {
		return
	}
	// What stays keeps its place; the gaps between are written anew.
	at := d.nodes[parent].start + 1
	for i, c := range left {
		var sep []byte
		if i > 0 {
			sep = []byte{','}
		}
		if at < d.nodes[c].whole {
			d.edits = append(d.edits, edit{at, d.nodes[c].whole, sep, false})
		}
		at = d.nodes[c].behind
	}
	d.edits = append(d.edits, edit{at, d.nodes[parent].end - 1, nil, false})
}

// Edited reports that something was changed.
func (d *Document) Edited() bool { return len(d.edits) > 0 }

// Output is the text with what was changed. An edit inside of what another edit
// took away is gone with it.
func (d *Document) Output() []byte {
	if len(d.edits) == 0 {
		return d.src
	}
	slices.SortStableFunc(d.edits, func(a, b edit) int {
		if a.from != b.from {
			return int(a.from - b.from)
		}
		if a.insert != b.insert { // what is put in front of what is replaced
			if a.insert {
				return -1
			}
			return 1
		}
		return int(b.to-b.from) - int(a.to-a.from) // the widest first
	})
	out := make([]byte, 0, len(d.src)+64)
	at := int32(0)
	for _, e := range d.edits {
		if e.from < at {
			continue
		}
		out = append(out, d.src[at:e.from]...)
		out = append(out, e.text...)
		at = e.to
	}
	return append(out, d.src[at:]...)
}
