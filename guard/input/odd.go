package input

import (
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// odd reports whether a text of valid JSON holds, as it is or escaped, a control
// character other than a tab and the ends of lines, or a code point that is no
// character (Unicode 23.7): what many writers of JSON, logs and terminals break on.
func odd(b []byte) bool {
	for i := 0; i < len(b); {
		switch {
		case b[i] == '\\' && i+1 < len(b):
			if b[i+1] == 'b' || b[i+1] == 'f' {
				return true
			}
			if b[i+1] != 'u' {
				i += 2
				continue
			}
			r := escaped(b[i:])
			i += 6
			if utf16.IsSurrogate(r) {
				r = utf16.DecodeRune(r, escaped(b[min(i, len(b)):]))
				i += 6
			}
			if strange(r) {
				return true
			}
		case b[i] < utf8.RuneSelf:
			if b[i] == 0x7f {
				return true
			}
			i++
		default:
			r, n := utf8.DecodeRune(b[i:])
			if strange(r) {
				return true
			}
			i += n
		}
	}
	return false
}

// escaped reads \uXXXX; 0 where there is none.
func escaped(b []byte) rune {
	if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
		return 0
	}
	n, err := strconv.ParseUint(string(b[2:6]), 16, 16)
	if err != nil {
		return 0
	}
	return rune(n)
}

func strange(r rune) bool {
	switch {
	case r == '\t' || r == '\n' || r == '\r':
		return false
	case r < ' ', r >= 0x7f && r < 0xa0, r >= 0xfdd0 && r <= 0xfdef:
		return true
	}
	return r&0xfffe == 0xfffe
}
