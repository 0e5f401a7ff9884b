package report

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Inert returns s with nothing left in it that a terminal or a reader's eye
// would act on: invalid UTF-8 is replaced; control, bidirectional, zero-width
// and tag characters are written as escapes (\x1b, \u202e). Line feeds and tabs
// stay; a carriage return before a line feed goes.
func Inert(s string) string { return inert(s, true) }

// Line is Inert for text that must stay on one line.
func Line(s string) string { return inert(s, false) }

// Bound cuts a text to n bytes at a character's start, and says so.
func Bound(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "") + fmt.Sprintf(" … %d bytes cut …", len(s)-n)
}

func inert(s string, lines bool) string {
	if plain(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s) + 16)
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			b.WriteRune(utf8.RuneError)
		case lines && (r == '\n' || r == '\t'):
			b.WriteRune(r)
		case lines && r == '\r' && strings.HasPrefix(s[i+1:], "\n"):
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case r < 0x20 || r >= 0x7f && r < 0xa0:
			fmt.Fprintf(&b, `\x%02x`, r)
		case acts(r):
			if r > 0xffff {
				fmt.Fprintf(&b, `\U%08x`, r)
			} else {
				fmt.Fprintf(&b, `\u%04x`, r)
			}
		default:
			b.WriteString(s[i : i+n])
		}
		i += n
	}
	return b.String()
}

// plain reports printable ASCII, the usual case.
func plain(s string) bool {
	for i := range len(s) {
		if s[i] < 0x20 || s[i] >= 0x7f {
			return false
		}
	}
	return true
}

// acts reports the characters that are not seen but change what is seen, or
// carry text past the reader: bidirectional controls (Unicode TR9), zero-width
// ones, line and paragraph separators, variation selectors' supplement, tags.
func acts(r rune) bool {
	switch {
	case r == 0xad, r == 0x61c, r == 0x180e, r == 0xfeff, r == 0x115f, r == 0x1160, r == 0x3164, r == 0xffa0:
		return true
	case r >= 0x200b && r <= 0x200f, r >= 0x2028 && r <= 0x202e, r >= 0x2060 && r <= 0x206f:
		return true
	case r >= 0xfff0 && r <= 0xfffb, r >= 0xe0000 && r <= 0xe0fff, r&0xfffe == 0xfffe: // the last are no characters, and XML has none of them
		return true
	}
	return false
}
