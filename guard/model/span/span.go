// Package span reads JSON and remembers where each value stands, so that one value
// can be replaced and every other byte stays as it came: unknown members, their order
// and the spelling of numbers.
package span

import (
	"bytes"
	"errors"
	"fmt"
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

// Node is a value of a document, by its number: values are numbered in the order of
// the text, so that what a list or an object holds follows it. None is no value.
type Node int32

// None is what is asked for and not there.
const None Node = -1

type node struct {
	start, end  int32 // of the value
	key, keyEnd int32 // of the member's name with its quotes; equal: none
	behind      Node  // the first that this one does not hold
	kind        Kind
	escaped     bool // a string with a backslash in it
	last        bool // in its list or object
	gone        bool // was dropped
}

// Document is one JSON text. It may be read again with another text.
type Document struct {
	// Loose takes what some applications write: a mark of byte order in front, and a
	// name twice in an object, of which Get gives the first and Next each.
	Loose bool
	// Most is how many values a text may hold; 0: any number.
	Most int

	src   []byte
	nodes []node
	edits []edit
	cut   []Node // lists and objects that something was dropped of
}

const (
	// MaxDepth is how deep values may nest.
	MaxDepth = 64
	// maxSize keeps offsets in 32 bits.
	maxSize = 1 << 30
	// few is how many nodes there is room for at first.
	few = 16
	// kept is how many nodes are kept for another text.
	kept = 1 << 14
)

var errSyntax = errors.New("not valid JSON")

// Read reads a text, which must not be changed while the document is in use. Whether
// strings are UTF-8 it does not look at. An object that has a name twice is refused
// where nothing else is said: readers differ in which one counts.
func (d *Document) Read(src []byte) error {
	d.src, d.nodes, d.edits, d.cut = src, d.nodes[:0], d.edits[:0], d.cut[:0]
	if len(src) > maxSize {
		return errors.New("the JSON is too long")
	}
	if d.nodes == nil {
		d.nodes = make([]node, 0, few)
	}
	from := 0
	if d.Loose && bytes.HasPrefix(src, []byte("\ufeff")) {
		from = len("\ufeff")
	}
	at, err := d.value(d.blank(from), 0, 0, 0)
	if err != nil {
		return err
	}
	d.nodes[0].last = true
	if d.blank(at) != len(src) {
		return fmt.Errorf("something follows the value: %w", errSyntax)
	}
	return nil
}

// Forget lets go of the text, and of the memory of a large one: what is kept for other
// texts should be small.
func (d *Document) Forget() {
	if d.src = nil; cap(d.nodes) > kept {
		d.nodes = nil
	}
}

func (d *Document) blank(i int) int {
	for i < len(d.src) && (d.src[i] == ' ' || d.src[i] == '\n' || d.src[i] == '\t' || d.src[i] == '\r') {
		i++
	}
	return i
}

// value reads the value at i, which is a member of the name from key to keyEnd, and
// returns what is behind it.
func (d *Document) value(i, key, keyEnd, depth int) (int, error) {
	if i >= len(d.src) {
		return 0, errSyntax
	}
	if d.Most > 0 && len(d.nodes) >= d.Most {
		return 0, errors.New("the JSON holds too many values")
	}
	at := len(d.nodes)
	d.nodes = append(d.nodes, node{start: int32(i), key: int32(key), keyEnd: int32(keyEnd)}) //nolint:gosec // below maxSize
	kind, escaped := Number, false
	var err error
	switch c := d.src[i]; c {
	case '{', '[':
		if depth >= MaxDepth {
			return 0, errors.New("the JSON nests too deep")
		}
		kind = Array
		if c == '{' {
			kind = Object
		}
		i, err = d.inside(at, i+1, depth)
	case '"':
		kind = String
		i, escaped, err = text(d.src, i)
	case 'n':
		kind = Null
		i, err = word(d.src, i, "null")
	case 't':
		kind = True
		i, err = word(d.src, i, "true")
	case 'f':
		kind = False
		i, err = word(d.src, i, "false")
	default:
		i, err = number(d.src, i)
	}
	if err != nil {
		return 0, err
	}
	n := &d.nodes[at]
	n.end, n.behind, n.kind, n.escaped = int32(i), Node(len(d.nodes)), kind, escaped //nolint:gosec // below maxSize
	return i, nil
}

// inside reads what is in a list or an object up to its end.
func (d *Document) inside(at, i, depth int) (int, error) {
	object, closing := false, byte(']')
	if d.src[i-1] == '{' {
		object, closing = true, '}'
	}
	if i = d.blank(i); i < len(d.src) && d.src[i] == closing {
		return i + 1, nil
	}
	for members := 1; ; members++ {
		key, keyEnd := 0, 0
		if object {
			if i >= len(d.src) || d.src[i] != '"' {
				return 0, errSyntax
			}
			end, _, err := text(d.src, i)
			if err != nil {
				return 0, err
			}
			key, keyEnd = i, end
			if i = d.blank(end); i >= len(d.src) || d.src[i] != ':' {
				return 0, errSyntax
			}
			i = d.blank(i + 1)
		}
		child := len(d.nodes)
		end, err := d.value(i, key, keyEnd, depth+1)
		if err != nil {
			return 0, err
		}
		if i = d.blank(end); i >= len(d.src) {
			return 0, errSyntax
		}
		switch d.src[i] {
		case ',':
			i = d.blank(i + 1)
		case closing:
			d.nodes[child].last = true
			if object && !d.Loose && !d.unique(Node(at+1), members) { //nolint:gosec // fewer than bytes of the text
				return 0, errors.New("an object has a name twice")
			}
			return i + 1, nil
		default:
			return 0, errSyntax
		}
	}
}

// unique reports that no two of so many members have one name.
func (d *Document) unique(first Node, members int) bool {
	if members > 16 {
		names := make(map[string]bool, members)
		for c := first; c != None; c = d.Next(c) {
			n := d.Key(c)
			if names[n] {
				return false
			}
			names[n] = true
		}
		return true
	}
	for a := first; a != None; a = d.Next(a) {
		x := d.rawKey(a)
		for b := d.Next(a); b != None; b = d.Next(b) {
			y := d.rawKey(b)
			if bytes.Equal(x, y) || (bytes.IndexByte(x, '\\') >= 0 || bytes.IndexByte(y, '\\') >= 0) && d.Key(a) == d.Key(b) {
				return false
			}
		}
	}
	return true
}
