package tls

import (
	"bytes"
	"errors"
	"io"
	"testing"
)

// TestReadSSL2 takes a SERVER-HELLO of SSL 2.0 alone for one.
func TestReadSSL2(t *testing.T) {
	good := []byte{0x80, 11, 4, 0, 1, 0, 2, 0, 0, 0, 3, 0, 16}
	for name, c := range map[string]struct {
		b    []byte
		want error
	}{
		"a hello":            {good, nil},
		"of another version": {append([]byte{0x80, 11, 4, 0, 1, 3}, good[6:]...), ErrGarbage},
		"an error":           {append([]byte{0x80, 11, 0}, good[3:]...), ErrGarbage},
		"an alert of TLS":    {[]byte{21, 3, 1, 0, 2, 2, 70}, ErrGarbage},
		"plain text":         {[]byte("HTTP/1.1 400 Bad Request"), ErrGarbage},
		"too short a record": {[]byte{0x80, 3, 0, 0, 1}, ErrGarbage},
		"cut off":            {good[:7], io.ErrUnexpectedEOF},
		"nothing":            {nil, io.EOF},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := readSSL2(bytes.NewReader(c.b))
			if !errors.Is(err, c.want) || (r != nil) != (c.want == nil) {
				t.Errorf("got %v, %v, want %v", r, err, c.want)
			}
		})
	}
}

func FuzzReadSSL2(f *testing.F) {
	f.Add([]byte{0x80, 11, 4, 0, 1, 0, 2, 0, 0, 0, 3, 0, 16})
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := readSSL2(bytes.NewReader(b))
		if (r == nil) == (err == nil) {
			t.Errorf("%v, %v", r, err)
		}
		if r != nil && (b[0]&0x80 == 0 || r.Version != SSL2) {
			t.Errorf("%x is taken for SSL 2.0", b)
		}
	})
}
