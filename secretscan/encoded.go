package secretscan

import (
	"bytes"
	"encoding/base64"
	"unicode/utf8"
)

// Bounds of what is decoded: shorter runs are ids and hashes, and a document gets no
// more than a share of a mebibyte however often it encodes itself.
const (
	shortestRun = 32
	mostDecoded = 1 << 20
)

// base64Byte are both alphabets of RFC 4648 without the padding.
func base64Table() (t [256]bool) {
	for c := range 256 {
		b := byte(c)
		t[c] = isLetter(b) || isDigit(b) || b == '+' || b == '/' || b == '-' || b == '_'
	}
	return t
}

var inBase64 = base64Table()

// encodedView decodes runs of base64 that hold text, and scans it.
func (s *Scanner) encodedView(c *collector, d *document, data []byte, at place, from, to int) {
	left := mostDecoded
	k := cursor{data: data, at: at}
	for i := from; i+shortestRun <= to; {
		// A run of that length covers its last byte: most places are passed over unseen.
		if !inBase64[data[i+shortestRun-1]] {
			i += shortestRun
			continue
		}
		start := i + shortestRun - 1
		for start > i && inBase64[data[start-1]] {
			start--
		}
		if start > i {
			i = start
			if i+shortestRun > to || !inBase64[data[i+shortestRun-1]] {
				continue
			}
			whole := true
			for k := i; k < i+shortestRun; k++ {
				if !inBase64[data[k]] {
					whole, i = false, k+1
					break
				}
			}
			if !whole {
				continue
			}
		}
		end := i + shortestRun
		for end < len(data) && end-i < left*4/3 && inBase64[data[end]] {
			end++
		}
		// "path/to=eyJ…", "data:application/json;base64,…": the run may begin with what is no part of it.
		run := data[i:end]
		if text, skipped := decodeText(run); text != nil {
			left -= len(text)
			in := d.inside("base64", "")
			if in.format != environ {
				in.format = unknown
			}
			if bytes.HasPrefix(bytes.TrimSpace(text), []byte("{")) {
				in.format = settings
			}
			s.document(c, in, text, k.pin(i+skipped))
			if left < shortestRun {
				return
			}
		}
		i = end
	}
}

// decodeText decodes a run when it holds text.
func decodeText(run []byte) ([]byte, int) {
	for _, skip := range []int{0, bytes.LastIndexByte(run[:min(len(run), shortestRun)], '/') + 1} {
		part := run[skip:]
		if len(part) < 24 || skip == 0 && bytes.HasPrefix(part, []byte("eyJ")) && bytes.IndexByte(part, '.') >= 0 {
			continue
		}
		encoding := base64.RawStdEncoding
		if bytes.ContainsAny(part, "-_") {
			encoding = base64.RawURLEncoding
		}
		// The first bytes tell: most runs are hashes, identifiers and pictures.
		var probe [18]byte
		if n, err := encoding.Decode(probe[:], part[:24]); err != nil || !isText(probe[:n]) {
			continue
		}
		part = part[:len(part)-boolInt(len(part)%4 == 1)]
		out := make([]byte, encoding.DecodedLen(len(part)))
		n, err := encoding.Decode(out, part)
		if err != nil || !isText(out[:n]) {
			continue
		}
		return out[:n], skip
	}
	return nil, 0
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// isText reports printable UTF-8.
func isText(b []byte) bool {
	if len(b) == 0 {
		return false
	}
	odd := 0
	for i := 0; i < len(b); {
		c := b[i]
		if c < utf8.RuneSelf {
			if c < ' ' && c != '\n' && c != '\r' && c != '\t' || c == 0x7f {
				return false
			}
			i++
			continue
		}
		r, n := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && n == 1 && i+4 <= len(b) {
			return false
		}
		odd++
		i += n
	}
	return odd*4 <= len(b)
}
