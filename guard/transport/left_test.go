package transport_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"testing"
	"time"
)

// TestLeft: a stream that goes on without its handler is as whole as any, and so is
// what comes on its connection after it, while it lasts, and together with it.
func TestLeft(t *testing.T) {
	t.Parallel()
	for _, secure := range []bool{false, true} {
		l := newLasting(t, secure, 0)
		c := l.dial()
		for _, path := range []string{"/stream", "/long", "/trailer"} {
			for _, when := range []string{"after", "while", "with"} {
				c.ask(path, "")
				if when == "with" {
					c.ask("/fine", "")
				}
				res := c.begun()
				if when == "while" {
					c.ask("/fine", "")
				}
				l.more <- struct{}{}
				b, err := io.ReadAll(res.Body)
				want := ""
				if path == "/long" {
					want = "data: " + long + "\n\n"
				}
				if err != nil || string(b) != want || path == "/trailer" && res.Trailer.Get("X-Sum") != "42" {
					t.Errorf("%s: %d bytes, %v, %v", path, len(b), err, res.Trailer)
				}
				if o := <-l.over; o.Aborted || o.Status != 200 || o.Bytes != int64(len("data: one\n\n")+len(want)) {
					t.Errorf("%s: %+v", path, o)
				}
				if when == "after" {
					c.fine()
				} else {
					c.answered()
				}
			}
		}
		c.ask("/stream", "")
		res := c.begun()
		l.more <- struct{}{}
		_, _ = io.Copy(io.Discard, res.Body)
		<-l.over
		_, _ = io.WriteString(c, "GET /fine HTTP/1.1\nHost: app.test\r\n\r\n")
		if res, err := http.ReadResponse(c.in, nil); err != nil || res.StatusCode != http.StatusBadRequest {
			t.Errorf("a line that ends in LF after a stream: %v, %v", res, err)
		}
	}
}

// TestLeftBroken: who leaves is noticed, and what breaks off is not taken for whole.
func TestLeftBroken(t *testing.T) {
	t.Parallel()
	l := newLasting(t, false, 0)
	aborted := func(name string) {
		t.Helper()
		if o := <-l.over; !o.Aborted {
			t.Errorf("%s: %+v", name, o)
		}
	}
	c := l.dial()
	c.ask("/stream", "")
	c.begun()
	_ = c.Close()
	aborted("the caller has left")
	for _, path := range []string{"/breaks", "/dies"} {
		c := l.dial()
		c.ask(path, "")
		res := c.begun()
		l.more <- struct{}{}
		if _, err := io.ReadAll(res.Body); err == nil {
			t.Errorf("%s: half a stream is taken for whole", path)
		}
		aborted(path)
	}
	c = l.dial()
	c.ask("/shuts", "")
	shut := c.begun()
	l.more <- struct{}{}
	if _, err := io.ReadAll(shut.Body); err == nil {
		t.Error("a stream whose end broke is taken for whole")
	}
	<-l.over // its limits are given back all the same
	c = l.dial()
	c.ask("/stream", "Connection: close\r\n")
	res := c.begun()
	l.more <- struct{}{}
	if _, err := io.ReadAll(res.Body); err != nil || !res.Close {
		t.Errorf("%v, it ends: %t", err, res.Close)
	}
	if _, err := c.in.ReadByte(); err != io.EOF { //nolint:errorlint // as it is
		t.Errorf("the connection goes on: %v", err)
	}
}

// TestLeftEnding: the end of guard waits for what has left its handler, closes what
// rests, and cuts what does not end.
func TestLeftEnding(t *testing.T) {
	t.Parallel()
	l := newLasting(t, false, 0)
	rests, c, late := l.dial(), l.dial(), l.dial()
	rests.ask("/stream", "")
	res := rests.begun()
	l.more <- struct{}{}
	_, _ = io.Copy(io.Discard, res.Body)
	<-l.over
	c.ask("/stream", "")
	res = c.begun()
	late.ask("/stream", "")
	cut := late.begun()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := l.srv.Shutdown(ctx); err == nil {
		t.Error("it waits for nobody")
	}
	if _, err := rests.in.ReadByte(); err == nil {
		t.Error("a connection rests on")
	}
	l.more <- struct{}{}
	// One of the two ends by itself, and its connection with it.
	whole := 0
	done := make(chan error, 2)
	go func() { _, err := io.Copy(io.Discard, res.Body); done <- err }()
	go func() { _, err := io.Copy(io.Discard, cut.Body); done <- err }()
	if o := <-l.over; o.Aborted {
		t.Errorf("%+v", o)
	}
	if err := l.srv.Close(); err != nil {
		t.Error(err)
	}
	if o := <-l.over; !o.Aborted {
		t.Errorf("%+v", o)
	}
	for range 2 {
		if <-done == nil {
			whole++
		}
	}
	if whole != 1 {
		t.Errorf("%d streams are whole", whole)
	}
}

// TestRest: who asks for nothing after a stream is not waited for.
func TestRest(t *testing.T) {
	t.Parallel()
	l := newLasting(t, false, time.Millisecond)
	c := l.dial()
	c.ask("/stream", "")
	res := c.begun()
	l.more <- struct{}{}
	if _, err := io.Copy(io.Discard, res.Body); err != nil {
		t.Error(err)
	}
	if _, err := c.in.ReadByte(); err != io.EOF { //nolint:errorlint // as it is
		t.Errorf("the connection goes on: %v", err)
	}
}

// TestLeftBody: a stream that has left its handler holds nothing of the request's body.
func TestLeftBody(t *testing.T) {
	l := newLasting(t, false, 0)
	const size = 16 << 20
	held := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := held()
	c := l.dial()
	if _, err := fmt.Fprintf(c, "POST /read HTTP/1.1\r\nHost: app.test\r\nContent-Length: %d\r\n\r\n", size); err != nil {
		t.Fatal(err)
	}
	piece := make([]byte, 1<<20)
	for range size / len(piece) {
		if _, err := c.Write(piece); err != nil {
			t.Fatal(err)
		}
	}
	res := c.begun()
	for began := time.Now(); held() > before+size/2; { // the transport is a little later than the handler
		if time.Since(began) > 20*time.Second {
			t.Fatalf("%d MB are held", (held()-before)>>20)
		}
		time.Sleep(time.Millisecond)
	}
	l.more <- struct{}{}
	if _, err := io.Copy(io.Discard, res.Body); err != nil {
		t.Error(err)
	}
	if o := <-l.over; o.Aborted {
		t.Errorf("%+v", o)
	}
}
