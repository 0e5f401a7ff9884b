package ownership

import (
	"bytes"
	"io"
	"regexp"
	"strings"
	"testing"
)

// TestStranger: an id that names nothing looks like the one that was asked for.
func TestStranger(t *testing.T) {
	for id, like := range map[string]string{
		"7": `^9\d{8}$`, "123456789012": `^1\d{11}$`, "0b9f0c4e-1111-4abc-8def-00000000abcd": `^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$`,
		"0B9F0C4E-1111-4ABC-8DEF-00000000ABCD": `^[0-9A-F]{8}-[0-9A-F]{4}-4[0-9A-F]{3}-8[0-9A-F]{3}-[0-9A-F]{12}$`,
		"chat_4kq2v8r0m1x7c9t3b5n6j2h8wd":      `^chat_4[0-9kqvrmxctbnjhwd]{25}$`,
		"my-notes":                             `^[a-z]{2}-[a-z]{9}$`, "Ab.c~1": `^[A-Z][a-z]\.[a-z]~\d{7}$`,
	} {
		seen := map[string]bool{}
		for range 20 {
			s, ok := stranger(id)
			if !ok || !regexp.MustCompile(like).MatchString(s) {
				t.Errorf("%s: %s, not like %s", id, s, like)
			}
			seen[s] = true
		}
		if seen[id] || len(seen) < 20 {
			t.Errorf("%s: %d of 20 differ", id, len(seen))
		}
	}
	for _, id := range []string{"", "a b", "a/b", "é", `a"b`, strings.Repeat("a", 257), "a\x00"} {
		if s, ok := stranger(id); ok {
			t.Errorf("%q: %q", id, s)
		}
	}
}

func FuzzStranger(f *testing.F) {
	f.Add("chat_4kq2v8r0m1x7c9t3b5n6j2h8wd")
	f.Fuzz(func(t *testing.T, id string) {
		s, ok := stranger(id)
		if ok && (s == id || len(s) < len(id) || strings.ContainsAny(s, "/?#%\"\\ ") || len(s) > Longest+12) {
			t.Errorf("%q: %q", id, s)
		}
	})
}

// FuzzStream: where everything passes, a stream is the same byte for byte,
// wherever its pieces end; where nothing does, no data of it is left.
func FuzzStream(f *testing.F) {
	f.Add([]byte(": x\n\ndata: {\"a\":1}\r\n\r\ndata: b\ndata: c\n\nid: 1"), true)
	f.Add([]byte("{\"a\":1}\n\n{\"b\":2}"), false)
	f.Fuzz(func(t *testing.T, b []byte, sse bool) {
		read := func(pass bool) ([]byte, error) {
			s := newStream(io.NopCloser(&slowly{b: b}), sse, func([]byte) (bool, error) { return pass, nil })
			return io.ReadAll(s)
		}
		if got, err := read(true); err == nil && !bytes.Equal(got, b) {
			t.Errorf("%q became %q", b, got)
		}
		got, err := read(false)
		if err != nil {
			return
		}
		for _, l := range bytes.Split(got, []byte("\n")) {
			data, is := bytes.CutPrefix(l, []byte("data:"))
			if sse && is && len(bytes.TrimSpace(data)) > 0 || !sse && len(bytes.TrimSpace(l)) > 0 {
				t.Errorf("%q left %q", b, got)
			}
		}
	})
}

type slowly struct{ b []byte }

func (s *slowly) Read(p []byte) (int, error) {
	if len(s.b) == 0 {
		return 0, io.EOF
	}
	n := copy(p[:min(3, len(p))], s.b)
	s.b = s.b[n:]
	return n, nil
}
