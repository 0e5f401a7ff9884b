package secretscan

import (
	"bytes"
	"io"
	"unicode/utf16"
	"unicode/utf8"
)

// media begin files that hold no text: pictures, fonts, sound, film, compiled Python.
var media = []string{
	"\x89PNG\r\n", "\xff\xd8\xff", "GIF87a", "GIF89a", "BM\x00", "wOFF", "wOF2", "\x00\x01\x00\x00\x00", "OTTO\x00", "ttcf", "ID3", "OggS", "fLaC", "\x1aE\xdf\xa3", "II*\x00", "MM\x00*", "8BPS", "\x00\x00\x01\x00", "FWS", "CWS",
}

func isMedia(head []byte) bool {
	for _, m := range media {
		if bytes.HasPrefix(head, []byte(m)) {
			return true
		}
	}
	if len(head) > 12 && (string(head[4:8]) == "ftyp" || string(head[:4]) == "RIFF" && (string(head[8:12]) == "WEBP" || string(head[8:12]) == "WAVE" || string(head[8:12]) == "AVI ")) {
		return true
	}
	return false
}

// isUTF16 knows a text in UTF-16 by its mark.
func isUTF16(head []byte) bool {
	return len(head) >= 2 && (head[0] == 0xff && head[1] == 0xfe || head[0] == 0xfe && head[1] == 0xff) && (len(head) < 4 || head[2] != 0 || head[3] != 0)
}

// newUTF16 reads UTF-16 with a mark as UTF-8.
func newUTF16(r io.Reader) io.Reader { return &wide{r: r} }

type wide struct {
	r       io.Reader
	begun   bool
	big     bool
	high    rune // the first half of a pair
	pending []byte
	odd     []byte
	err     error
}

func (w *wide) Read(p []byte) (int, error) {
	for len(w.pending) == 0 {
		if w.err != nil {
			return 0, w.err
		}
		var buf [4096]byte
		n := copy(buf[:], w.odd)
		m, err := w.r.Read(buf[n:])
		n += m
		w.err = err
		in := buf[:n&^1]
		w.odd = append(w.odd[:0], buf[n&^1:n]...)
		if !w.begun && len(in) >= 2 {
			w.begun, w.big = true, in[0] == 0xfe
			in = in[2:]
		}
		for ; len(in) >= 2; in = in[2:] {
			u := rune(in[0]) | rune(in[1])<<8
			if w.big {
				u = rune(in[0])<<8 | rune(in[1])
			}
			switch {
			case w.high != 0:
				u = utf16.DecodeRune(w.high, u)
				w.high = 0
			case u >= 0xd800 && u < 0xdc00:
				w.high = u
				continue
			}
			w.pending = utf8.AppendRune(w.pending, u)
		}
	}
	n := copy(p, w.pending)
	w.pending = w.pending[n:]
	return n, nil
}
