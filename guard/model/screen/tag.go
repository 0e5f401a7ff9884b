package screen

// tag is where a text may be in a tag of HTML (WHATWG HTML, 13.2.5.6 to 13.2.5.39). It is
// a set: what begins a tag for one reader is a text in quotes for another, so that each
// beginning counts.
type tag byte

const (
	inTag    tag = 1 << iota // among the names of attributes
	inBegin                  // behind "=", in front of the value
	inDouble                 // in a value in double quotes
	inSingle                 // likewise
	inBare                   // in a value without quotes
	inSharp                  // behind "<"

	inValues = inBegin | inDouble | inSingle
)

// step is where it may be behind c.
func (t tag) step(c byte) tag {
	var to tag
	letter := c|0x20 >= 'a' && c|0x20 <= 'z'
	if c == '<' {
		to = inSharp
	}
	if t&inSharp != 0 && letter {
		to |= inTag
	}
	if t&inTag != 0 {
		switch c {
		case '>':
		case '=':
			to |= inBegin
		default:
			to |= inTag
		}
	}
	if t&inBegin != 0 {
		switch {
		case c == '"':
			to |= inDouble
		case c == '\'':
			to |= inSingle
		case blank(c):
			to |= inBegin
		case c != '>':
			to |= inBare
		}
	}
	if t&inDouble != 0 {
		to |= closed(inDouble, c == '"')
	}
	if t&inSingle != 0 {
		to |= closed(inSingle, c == '\'')
	}
	if t&inBare != 0 && c != '>' {
		to |= closed(inBare, blank(c))
	}
	return to
}

func closed(value tag, over bool) tag {
	if over {
		return inTag
	}
	return value
}

// steps is where it may be behind s.
func (t tag) steps(s string) tag {
	for i := range len(s) {
		t = t.step(s[i])
	}
	return t
}
