package probe_test

import (
	"errors"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/probe"
)

func TestTargetLost(t *testing.T) {
	for _, tc := range []struct {
		name string
		down func(w http.ResponseWriter)
		errs bool // a request brings an error, no answer
	}{
		{"connections break", func(w http.ResponseWriter) {
			c, _, _ := w.(http.Hijacker).Hijack()
			c.(*net.TCPConn).SetLinger(0)
			c.Close()
		}, true},
		{"502 for everything", func(w http.ResponseWriter) { w.WriteHeader(502) }, false},
		{"503 for everything", func(w http.ResponseWriter) { w.WriteHeader(503) }, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var down atomic.Bool
			base := serve(t, func(w http.ResponseWriter, r *http.Request) {
				if down.Load() {
					tc.down(w)
				}
			})
			ck := newClock()
			c := client(t, probe.Options{Base: base, Now: ck.Now, Sleep: ck.Sleep, LostAfter: 3})
			do(t, c, bearer("a", "tok-123456789"), get("/good?k=tok-123456789"))
			down.Store(true)
			for range 3 {
				x, err := c.Do(t.Context(), bearer("a", "tok-123456789"), get("/v1/chats?k=tok-123456789"))
				if errors.Is(err, lr.ErrLost) {
					t.Fatal("lost before it was sure")
				}
				if (err != nil) != tc.errs {
					t.Fatalf("got %v, %v", x, err)
				}
			}
			sent := c.Requests()
			_, err := c.Do(t.Context(), nil, get("/other"))
			if !errors.Is(err, lr.ErrLost) || !strings.Contains(err.Error(), "GET /v1/chats") || !strings.Contains(err.Error(), "GET /good?k=[secret]") {
				t.Errorf("got %v, want ErrLost naming GET /good and GET /v1/chats", err)
			}
			if strings.Contains(err.Error(), "tok-") {
				t.Errorf("error shows the token: %v", err)
			}
			last, lost := c.Lost()
			if !lost || last != "GET /good?k=[secret]" {
				t.Errorf("Lost: got %q, %v", last, lost)
			}
			if c.Requests() != sent {
				t.Error("a lost target was asked again")
			}
			if _, err := c.Dial(t.Context(), nil, get("/ws")); !errors.Is(err, lr.ErrLost) {
				t.Errorf("Dial: got %v, want ErrLost", err)
			}
		})
	}
}

func TestOneBadRouteIsNoLostTarget(t *testing.T) {
	base := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/crash" {
			c, _, _ := w.(http.Hijacker).Hijack()
			c.Close()
		}
	})
	ck := newClock()
	c := client(t, probe.Options{Base: base, Now: ck.Now, Sleep: ck.Sleep, LostAfter: 3})
	do(t, c, nil, get("/good"))
	for range 10 {
		if _, err := c.Do(t.Context(), nil, get("/crash")); err == nil || errors.Is(err, lr.ErrLost) {
			t.Fatalf("got %v, want the broken connection", err)
		}
	}
	do(t, c, nil, get("/good"))
	if _, lost := c.Lost(); lost {
		t.Error("one route that crashes counts as a lost target")
	}
}

func TestDeadHostIsLost(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	l.Close()
	ck := newClock()
	c := client(t, probe.Options{Base: parse(t, "http://"+addr), Now: ck.Now, Sleep: ck.Sleep, LostAfter: 2})
	for range 2 {
		if _, err := c.Do(t.Context(), nil, get("/")); err == nil || !strings.Contains(err.Error(), "refused") {
			t.Fatalf("got %v, want connection refused", err)
		}
	}
	if _, err := c.Do(t.Context(), nil, get("/")); !errors.Is(err, lr.ErrLost) || !strings.Contains(err.Error(), "never") {
		t.Errorf("got %v, want ErrLost that says it never answered", err)
	}
	if last, lost := c.Lost(); !lost || last != "GET /" {
		t.Errorf("Lost: got %q, %v", last, lost)
	}
}
