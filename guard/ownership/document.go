package ownership

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"unicode/utf8"
)

// document is JSON with the place of each value in its bytes, so that what is
// kept stays byte for byte as it came. Nodes stand in the order of the text: the
// first child of a node follows it, and next is where its sibling stands.
type document struct {
	b     []byte
	nodes []node
}

type node struct {
	start, end       int32 // of the value
	keyStart, keyEnd int32 // of the member's name with its quotes; equal: none
	next             int32
	kind             byte // { [ " 0 (number) t f n
}

const (
	deepest   = 64
	mostNodes = 1 << 20
)

var errUnread = errors.New("the body is no JSON that can be read")

// read parses one JSON value.
func (d *document) read(b []byte) error {
	d.b, d.nodes = b, d.nodes[:0]
	if !utf8.Valid(b) {
		return errUnread
	}
	from := 0
	if bytes.HasPrefix(b, []byte("\ufeff")) {
		from = 3 // a mark of byte order, which some frameworks write
	}
	i, err := d.value(d.blank(from), 0, 0, 0)
	if err != nil {
		return err
	}
	if d.blank(i) != len(b) {
		return errUnread
	}
	return nil
}

func (d *document) blank(i int) int {
	for i < len(d.b) && (d.b[i] == ' ' || d.b[i] == '\n' || d.b[i] == '\t' || d.b[i] == '\r') {
		i++
	}
	return i
}

func (d *document) value(i, keyStart, keyEnd, depth int) (int, error) {
	if i >= len(d.b) || depth > deepest || len(d.nodes) >= mostNodes {
		return 0, errUnread
	}
	at := len(d.nodes)
	d.nodes = append(d.nodes, node{start: int32(i), keyStart: int32(keyStart), keyEnd: int32(keyEnd), kind: d.b[i]}) //nolint:gosec // a body is bounded far below 2 GB
	var err error
	switch c := d.b[i]; {
	case c == '{' || c == '[':
		i, err = d.inside(i, depth)
	case c == '"':
		i, err = d.quoted(i)
	case c == '-' || c >= '0' && c <= '9':
		d.nodes[at].kind = '0'
		i, err = d.number(i)
	case c == 't':
		i, err = d.word(i, "true")
	case c == 'f':
		i, err = d.word(i, "false")
	case c == 'n':
		i, err = d.word(i, "null")
	default:
		err = errUnread
	}
	if err != nil {
		return 0, err
	}
	d.nodes[at].end, d.nodes[at].next = int32(i), int32(len(d.nodes)) //nolint:gosec // as above
	return i, nil
}

// inside reads a list or an object.
func (d *document) inside(i, depth int) (int, error) {
	object := d.b[i] == '{'
	last := byte(']')
	if object {
		last = '}'
	}
	i = d.blank(i + 1)
	if i < len(d.b) && d.b[i] == last {
		return i + 1, nil
	}
	for {
		var from, to int
		if object {
			if i >= len(d.b) || d.b[i] != '"' {
				return 0, errUnread
			}
			end, err := d.quoted(i)
			if err != nil {
				return 0, err
			}
			from, to = i, end
			if i = d.blank(end); i >= len(d.b) || d.b[i] != ':' {
				return 0, errUnread
			}
			i = d.blank(i + 1)
		}
		end, err := d.value(i, from, to, depth+1)
		if err != nil {
			return 0, err
		}
		if i = d.blank(end); i >= len(d.b) {
			return 0, errUnread
		}
		switch d.b[i] {
		case last:
			return i + 1, nil
		case ',':
			i = d.blank(i + 1)
		default:
			return 0, errUnread
		}
	}
}

func (d *document) quoted(i int) (int, error) {
	for i++; i < len(d.b); i++ {
		switch c := d.b[i]; {
		case c == '"':
			return i + 1, nil
		case c < ' ':
			return 0, errUnread
		case c == '\\':
			i++
			if i >= len(d.b) {
				return 0, errUnread
			}
			switch d.b[i] {
			case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
			case 'u':
				if i+4 >= len(d.b) || !hex(d.b[i+1]) || !hex(d.b[i+2]) || !hex(d.b[i+3]) || !hex(d.b[i+4]) {
					return 0, errUnread
				}
				i += 4
			default:
				return 0, errUnread
			}
		}
	}
	return 0, errUnread
}

func (d *document) number(i int) (int, error) {
	digits := func() bool {
		from := i
		for i < len(d.b) && d.b[i] >= '0' && d.b[i] <= '9' {
			i++
		}
		return i > from
	}
	if d.b[i] == '-' {
		i++
	}
	if i < len(d.b) && d.b[i] == '0' {
		i++
	} else if !digits() {
		return 0, errUnread
	}
	if i < len(d.b) && d.b[i] == '.' {
		if i++; !digits() {
			return 0, errUnread
		}
	}
	if i < len(d.b) && (d.b[i] == 'e' || d.b[i] == 'E') {
		if i++; i < len(d.b) && (d.b[i] == '+' || d.b[i] == '-') {
			i++
		}
		if !digits() {
			return 0, errUnread
		}
	}
	return i, nil
}

func (d *document) word(i int, w string) (int, error) {
	if len(d.b)-i < len(w) || string(d.b[i:i+len(w)]) != w {
		return 0, errUnread
	}
	return i + len(w), nil
}

// scalar is the text of a string or the spelling of any other value that holds
// no others. The bytes are the document's own where nothing was escaped.
func (d *document) scalar(i int32) (text []byte, ok bool) {
	n := d.nodes[i]
	switch n.kind {
	case '{', '[':
		return nil, false
	case '"':
		return unquoted(d.b[n.start:n.end]), true
	}
	return d.b[n.start:n.end], true
}

func unquoted(b []byte) []byte {
	if bytes.IndexByte(b, '\\') < 0 {
		return b[1 : len(b)-1]
	}
	var s string
	if json.Unmarshal(b, &s) != nil {
		return nil
	}
	return []byte(s)
}

// named reports that a node is a member of that name, however it is cased:
// frameworks bind alike what differs in case alone.
func (d *document) named(i int32, name string) bool {
	n := d.nodes[i]
	if n.keyEnd == n.keyStart {
		return false
	}
	raw := d.b[n.keyStart+1 : n.keyEnd-1]
	if bytes.IndexByte(raw, '\\') < 0 {
		if len(raw) == len(name) && string(raw) == name {
			return true
		}
		if len(raw) > 3*len(name) { // no letter grows more than that by folding
			return false
		}
		return strings.EqualFold(string(raw), name)
	}
	return strings.EqualFold(string(unquoted(d.b[n.keyStart:n.keyEnd])), name)
}
