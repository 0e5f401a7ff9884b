package screen

import (
	"errors"
	"strings"
	"unicode"

	"github.com/launchready/launchready/redact"
)

// Needles are values that are looked for in texts, in the ways in which traffic
// writes them and in either case. The cost of a look does not grow with their number.
type Needles struct {
	first  []uint64 // a bit for each pair of bytes that one begins with
	by     map[[shortest]byte][]needle
	long   int
	owners int
}

type needle struct {
	text  string
	owner int
}

// shortest value that can be looked for: a shorter one stands in texts by chance.
const shortest = 8

// ErrNeedle is said of a value that cannot be looked for.
var ErrNeedle = errors.New("a value to look for has at least 8 characters and no blank")

// NewNeedles compiles the values; what is found is told by a value's place in the list.
func NewNeedles(values []string) (*Needles, error) {
	n := &Needles{first: make([]uint64, 1<<16/64), by: map[[shortest]byte][]needle{}, owners: len(values)}
	for i, v := range values {
		if len(v) < shortest || strings.ContainsFunc(v, unicode.IsSpace) {
			return nil, ErrNeedle
		}
		seen := map[string]bool{}
		for _, f := range redact.Forms(v) {
			text := fold(f.Text)
			if len(text) < shortest || seen[text] {
				continue
			}
			seen[text] = true
			pair := int(text[0])<<8 | int(text[1])
			n.first[pair/64] |= 1 << (pair % 64)
			head := [shortest]byte([]byte(text[:shortest]))
			n.by[head] = append(n.by[head], needle{text, i})
			n.long = max(n.long, len(text))
		}
	}
	return n, nil
}

func fold(s string) string {
	b := []byte(s)
	for i, c := range b {
		b[i] = lower(c)
	}
	return string(b)
}

func lower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// Find calls visit for each value that is in the text as it is written or as it is read,
// until visit says false.
func (n *Needles) Find(text []byte, visit func(value int) bool) {
	if n == nil {
		return
	}
	more := true
	once := func(v int) bool {
		more = visit(v)
		return more
	}
	if n.find(text, once); more && disguised(text) {
		n.find(bare(text, false), once)
	}
}

// find looks at the text as it is written.
func (n *Needles) find(text []byte, visit func(value int) bool) {
	if n == nil || len(n.by) == 0 || len(text) < shortest {
		return
	}
	var head [shortest]byte
	last := lower(text[0])
	for i := 0; i+shortest <= len(text); i++ {
		next := lower(text[i+1])
		pair := int(last)<<8 | int(next)
		last = next
		if n.first[pair/64]&(1<<(pair%64)) == 0 {
			continue
		}
		for k := range head {
			head[k] = lower(text[i+k])
		}
		for _, c := range n.by[head] {
			if begins(text[i:], c.text) && !visit(c.owner) {
				return
			}
		}
	}
}

// begins reports that the text begins with a folded word.
func begins(text []byte, word string) bool {
	if len(text) < len(word) {
		return false
	}
	for i := range len(word) {
		if lower(text[i]) != word[i] {
			return false
		}
	}
	return true
}
