package transport

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net/http"
	"testing"
)

// CheckFraming holds that a cut changes no verdict, and that net/http finds the same
// requests in what is taken.
func CheckFraming(t *testing.T, b []byte, at int) {
	var whole, cut scanner
	if at < 0 || at > len(b) {
		at = len(b) / 2
	}
	one := whole.feed(b)
	two := cut.feed(b[:at])
	if two == nil {
		two = cut.feed(b[at:])
	}
	if (one == nil) != (two == nil) || one == nil && whole != cut {
		t.Fatalf("%q cut at %d: %v, %v", b, at, one, two)
	}
	var bytewise scanner
	var three error
	for i := 0; i < len(b) && three == nil; i++ {
		three = bytewise.feed(b[i : i+1])
	}
	if (one == nil) != (three == nil) || one == nil && whole != bytewise {
		t.Fatalf("%q byte by byte: %v, %v", b, one, three)
	}
	if one != nil || whole.state != requestLine || whole.n != 0 || whole.cr {
		return
	}
	r := bufio.NewReader(bytes.NewReader(b))
	for {
		if _, err := r.Peek(1); err != nil {
			return
		}
		req, err := http.ReadRequest(r)
		if err != nil {
			return // the server refuses it
		}
		if _, err := io.Copy(io.Discard, req.Body); err != nil {
			if !errors.Is(err, io.ErrUnexpectedEOF) {
				return // as a trailer without a colon
			}
			t.Fatalf("%q: net/http finds a body that the scanner does not: %v", b, err)
		}
	}
}

// Feed serves the benchmark.
func Feed(b []byte) error {
	var s scanner
	return s.feed(b)
}
