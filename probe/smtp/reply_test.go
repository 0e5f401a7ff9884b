package smtp

import (
	"bufio"
	"errors"
	"io"
	"strings"
	"testing"
)

func TestReadReply(t *testing.T) {
	for _, tc := range []struct {
		name, in, want string
		err            error
	}{
		{"one line", "220 mx1.harbor.test ESMTP\r\n", "220 mx1.harbor.test ESMTP", nil},
		{"several lines", "250-mx1\r\n250-SIZE 1000\r\n250 STARTTLS\r\n", "250 mx1 / SIZE 1000 / STARTTLS", nil},
		{"code alone", "250\r\n", "250", nil},
		{"line feed alone", "250 ok\n", "250 ok", nil},
		{"control characters are left out", "220 a\x1b[31mb\x00\r\n", "220 a[31mb", nil},
		{"two codes", "250-a\r\n251 b\r\n", "", ErrReply},
		{"no code", "hello\r\n", "", ErrReply},
		{"short", "25\r\n", "", ErrReply},
		{"a code of nothing", "999 x\r\n", "", ErrReply},
		{"HTTP", "HTTP/1.1 400 Bad Request\r\n\r\n", "", ErrReply},
		{"closed at once", "", "", io.EOF},
		{"closed in a line", "220 mx", "", io.ErrUnexpectedEOF},
		{"closed between lines", "250-a\r\n", "", io.EOF},
		{"a line without end", strings.Repeat("2", 1<<20), "", ErrReply},
		{"lines without end", strings.Repeat("250-a\r\n", 10_000), "", ErrReply},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r, err := ReadReply(bufio.NewReader(strings.NewReader(tc.in)))
			if !errors.Is(err, tc.err) {
				t.Fatalf("got the error %v, want %v", err, tc.err)
			}
			if err == nil && r.String() != tc.want {
				t.Errorf("got %q, want %q", r, tc.want)
			}
		})
	}
}

func TestExtensions(t *testing.T) {
	got := extensions(Reply{Code: 250, Lines: []string{"STARTTLS is my name", "size 1000", " starttls"}})
	if len(got) != 2 || got["SIZE"] != "1000" {
		t.Errorf("got %v", got)
	}
	if _, ok := got["STARTTLS"]; !ok {
		t.Errorf("got %v, want STARTTLS", got)
	}
}

func FuzzReadReply(f *testing.F) {
	f.Add([]byte("220 mx\r\n"))
	f.Add([]byte("250-a\r\n250-b\r\n250 c\r\n"))
	f.Add([]byte("250\n"))
	f.Add([]byte("\x16\x03\x01\x02"))
	f.Fuzz(func(t *testing.T, in []byte) {
		r, err := ReadReply(bufio.NewReader(strings.NewReader(string(in))))
		if len(r.Lines) > mostLines {
			t.Errorf("%d lines", len(r.Lines))
		}
		for _, l := range r.Lines {
			if len(l) > mostShown+4 || strings.ContainsAny(l, "\r\n\x1b\x00") {
				t.Errorf("a line %q", l)
			}
		}
		if err == nil && (r.Code < 200 || r.Code > 559 || len(r.Lines) == 0) {
			t.Errorf("accepted %q as %+v", in, r)
		}
		extensions(r)
	})
}
