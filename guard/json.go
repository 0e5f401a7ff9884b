package guard

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// MaxDepth is how deep a JSON body may nest where the policy says nothing.
const MaxDepth = 32

// longestNumber is how many characters a number may have: more than any format of
// machines keeps, and few enough to reckon with.
const longestNumber = 100

// Strict reads JSON that every reader understands alike: one value, no name
// twice in an object (not even in another case, which some bind alike), bounded
// depth, valid UTF-8, no half of a surrogate pair and no NUL, numbers that are
// finite. It tells each member, and of a list each of its own: an object as Object.
// depth is how many lists and objects may stand in each other. The error says in words
// for the log what is wrong, and nothing of the text.
func Strict(b []byte, depth int, member func(name string, value any)) error {
	r := reader{b: b, member: member}
	_, err := r.whole(depth)
	return err
}

// Object stands for one where Strict tells of members.
type Object struct{}

// Decode reads JSON as Strict does and gives its value: map[string]any, []any,
// string, json.Number, bool or nil. Its errors are those of Strict.
func Decode(b []byte, depth int) (any, error) {
	r := reader{b: b, build: true}
	return r.whole(depth)
}

var (
	errJSON  = errors.New("the body is not valid JSON")
	errText  = errors.New("a text of the body is no Unicode text, or has a NUL")
	errTwice = errors.New("an object has a name twice")
	errDeep  = errors.New("the body nests too deep")
	errMore  = errors.New("something follows the JSON value")
	errUTF8  = errors.New("the body is not UTF-8")
	errLarge = errors.New("a number of the body is too large or too long")
)

// reader walks the text once. Where nothing is built and nobody listens, it
// allocates for objects of many members only.
type reader struct {
	b      []byte
	i      int
	build  bool
	member func(string, any)
	names  [][]byte // of the objects that are open
}

func (r *reader) whole(depth int) (any, error) {
	if !utf8.Valid(r.b) {
		return nil, errUTF8
	}
	var few [24][]byte
	r.names = few[:0]
	r.blank()
	v, err := r.value(depth, "")
	if err != nil {
		return nil, err
	}
	if r.blank(); r.i != len(r.b) {
		return nil, errMore
	}
	return v, nil
}

func (r *reader) blank() {
	for r.i < len(r.b) {
		switch r.b[r.i] {
		case ' ', '\t', '\n', '\r':
			r.i++
		default:
			return
		}
	}
}

func (r *reader) next() byte {
	if r.i < len(r.b) {
		return r.b[r.i]
	}
	return 0
}

func (r *reader) value(depth int, name string) (any, error) {
	var v any
	switch c := r.next(); {
	case c == '{' || c == '[':
		if depth <= 0 {
			return nil, errDeep
		}
		r.i++
		if c == '{' {
			if r.member != nil {
				r.member(name, Object{})
			}
			return r.object(depth - 1)
		}
		return r.list(depth-1, name)
	case c == '"':
		s, err := r.text()
		if err != nil {
			return nil, err
		}
		if r.build || r.member != nil {
			v = string(s)
		}
	case c == '-' || c >= '0' && c <= '9':
		n, err := r.number()
		if err != nil {
			return nil, err
		}
		if r.build || r.member != nil {
			v = json.Number(n)
		}
	case r.word("true"):
		v = true
	case r.word("false"):
		v = false
	case r.word("null"):
	default:
		return nil, errJSON
	}
	if r.member != nil {
		r.member(name, v)
	}
	return v, nil
}

func (r *reader) word(w string) bool {
	if len(r.b)-r.i >= len(w) && string(r.b[r.i:r.i+len(w)]) == w {
		r.i += len(w)
		return true
	}
	return false
}

func (r *reader) list(depth int, name string) (any, error) {
	var out []any
	if r.build {
		out = []any{}
	}
	r.blank()
	if r.next() == ']' {
		r.i++
		return out, nil
	}
	for {
		r.blank()
		v, err := r.value(depth, name)
		if err != nil {
			return nil, err
		}
		if r.build {
			out = append(out, v)
		}
		r.blank()
		c := r.next()
		r.i++
		if c == ']' {
			return out, nil
		}
		if c != ',' {
			return nil, errJSON
		}
	}
}

// many is from how many names on a set is asked instead of each of them.
const many = 16

func (r *reader) object(depth int) (any, error) {
	var out map[string]any
	if r.build {
		out = map[string]any{}
	}
	first := len(r.names)
	defer func() { r.names = r.names[:first] }()
	var seen map[string]bool
	r.blank()
	if r.next() == '}' {
		r.i++
		return out, nil
	}
	for {
		r.blank()
		if r.next() != '"' {
			return nil, errJSON
		}
		name, err := r.text()
		if err != nil {
			return nil, err
		}
		if own := r.names[first:]; len(own) < many {
			for _, o := range own {
				if bytes.EqualFold(o, name) {
					return nil, errTwice
				}
			}
		} else {
			if seen == nil {
				seen = make(map[string]bool, 2*many)
				for _, o := range own {
					seen[fold(o)] = true
				}
			}
			f := fold(name)
			if seen[f] {
				return nil, errTwice
			}
			seen[f] = true
		}
		if seen == nil {
			r.names = append(r.names, name)
		}
		r.blank()
		if r.next() != ':' {
			return nil, errJSON
		}
		r.i++
		r.blank()
		inner := ""
		if r.build || r.member != nil {
			inner = string(name)
		}
		v, err := r.value(depth, inner)
		if err != nil {
			return nil, err
		}
		if r.build {
			out[inner] = v
		}
		r.blank()
		c := r.next()
		r.i++
		if c == '}' {
			return out, nil
		}
		if c != ',' {
			return nil, errJSON
		}
	}
}

// fold makes alike what bytes.EqualFold takes as alike.
func fold(b []byte) string {
	return strings.Map(func(c rune) rune {
		least := c
		for o := unicode.SimpleFold(c); o != c; o = unicode.SimpleFold(o) {
			least = min(least, o)
		}
		return least
	}, string(b))
}

// text reads a string, and copies it only where it has escapes.
func (r *reader) text() ([]byte, error) {
	r.i++
	start := r.i
	for r.i < len(r.b) {
		switch c := r.b[r.i]; {
		case c == '"':
			s := r.b[start:r.i]
			r.i++
			return s, nil
		case c < ' ':
			return nil, errJSON
		case c == '\\':
			return r.escaped(start)
		}
		r.i++
	}
	return nil, errJSON
}

func (r *reader) escaped(start int) ([]byte, error) {
	out := append(make([]byte, 0, r.i-start+32), r.b[start:r.i]...)
	for r.i < len(r.b) {
		c := r.b[r.i]
		r.i++
		switch {
		case c == '"':
			return out, nil
		case c < ' ':
			return nil, errJSON
		case c != '\\':
			out = append(out, c)
			continue
		}
		e := r.next()
		r.i++
		if at := strings.IndexByte(`"\/bfnrt`, e); at >= 0 && e != 0 {
			out = append(out, "\"\\/\b\f\n\r\t"[at])
			continue
		}
		if e != 'u' {
			return nil, errJSON
		}
		c1, ok := r.hex()
		if !ok {
			return nil, errJSON
		}
		if utf16.IsSurrogate(c1) {
			if r.next() != '\\' || r.i+1 >= len(r.b) || r.b[r.i+1] != 'u' {
				return nil, errText
			}
			r.i += 2
			c2, ok := r.hex()
			if !ok {
				return nil, errJSON
			}
			if c1 = utf16.DecodeRune(c1, c2); c1 == unicode.ReplacementChar {
				return nil, errText
			}
		}
		if c1 == 0 {
			return nil, errText
		}
		out = utf8.AppendRune(out, c1)
	}
	return nil, errJSON
}

func (r *reader) hex() (rune, bool) {
	if len(r.b)-r.i < 4 {
		return 0, false
	}
	var n rune
	for _, c := range r.b[r.i : r.i+4] {
		switch {
		case c >= '0' && c <= '9':
			n = n<<4 | rune(c-'0')
		case c >= 'a' && c <= 'f':
			n = n<<4 | rune(c-'a'+10)
		case c >= 'A' && c <= 'F':
			n = n<<4 | rune(c-'A'+10)
		default:
			return 0, false
		}
	}
	r.i += 4
	return n, true
}

// number reads one as RFC 8259 section 6 writes it, and refuses what overflows or
// has an exponent that only costs time.
func (r *reader) number() ([]byte, error) {
	start := r.i
	if r.next() == '-' {
		r.i++
	}
	whole := r.i
	n := r.digits()
	if n == 0 || n > 1 && r.b[whole] == '0' {
		return nil, errJSON
	}
	power := false
	if r.next() == '.' {
		r.i++
		if r.digits() == 0 {
			return nil, errJSON
		}
	}
	if c := r.next(); c == 'e' || c == 'E' {
		power = true
		r.i++
		if c := r.next(); c == '+' || c == '-' {
			r.i++
		}
		at := r.i
		if r.digits() == 0 {
			return nil, errJSON
		}
		if e := strings.TrimLeft(string(r.b[at:r.i]), "0"); len(e) > 3 || len(e) == 3 && e > "400" {
			return nil, errLarge
		}
	}
	s := r.b[start:r.i]
	if len(s) > longestNumber {
		return nil, errLarge
	}
	if power {
		if _, err := strconv.ParseFloat(string(s), 64); err != nil {
			return nil, errLarge
		}
	}
	return s, nil
}

func (r *reader) digits() int {
	at := r.i
	for r.i < len(r.b) && r.b[r.i] >= '0' && r.b[r.i] <= '9' {
		r.i++
	}
	return r.i - at
}
