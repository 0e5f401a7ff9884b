package screen

import (
	"bytes"
	"html"
	"strconv"
)

// disguised reports a text that may say something else to who reads it rendered: with
// backslashes, references or characters outside of ASCII, among which are invisible ones.
func disguised(text []byte) bool {
	for _, c := range text {
		if c >= 0x80 || c == '\\' || c == '&' {
			return true
		}
	}
	return false
}

// bare is a text as it is rendered: without backslashes before punctuation (CommonMark
// 0.31.2, 2.4), with references (2.5) and JSON's \u00xx as what they stand for; and, unless
// wide is to be kept, what of that is in ASCII.
func bare(text []byte, wide bool) []byte {
	if bytes.IndexByte(text, '&') >= 0 {
		text = []byte(html.UnescapeString(string(text)))
	}
	out := make([]byte, 0, len(text))
	for i := 0; i < len(text); i++ {
		c := text[i]
		if c == '\\' && i+1 < len(text) {
			if next := text[i+1]; next > ' ' && next < 0x7f && (!wordly(next) || next == '_') {
				out = append(out, next)
				i++
				continue
			}
			if i+6 <= len(text) && text[i+1] == 'u' {
				if n, err := strconv.ParseUint(string(text[i+2:i+6]), 16, 16); err == nil {
					if i += 5; n < 0x80 {
						out = append(out, byte(n))
					} else if wide {
						out = append(out, text[i-5:i+1]...)
					}
					continue
				}
			}
		}
		if c < 0x80 || wide {
			out = append(out, c)
		}
	}
	return out
}
