package probe_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/probe"
)

// till keeps what a toll was asked and told.
type till struct {
	mu    sync.Mutex
	said  []string
	until int // tolls that are let through; then none
}

func (l *till) say(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.said = append(l.said, fmt.Sprintf(format, args...))
}

func (l *till) toll(_ context.Context, r *lr.Request, messages int) (func(*lr.Exchange, bool), error) {
	l.say("%s %s %d", r.Method, r.Path, messages)
	if l.until--; l.until < 0 {
		return nil, lr.ErrMoney
	}
	if r.Path == "/free" {
		return nil, nil
	}
	return func(x *lr.Exchange, sent bool) {
		status := 0
		if x != nil {
			status = x.Status
		}
		l.say("=%d %t", status, sent)
	}, nil
}

// TestToll is asked before each attempt, and told what came of it.
func TestToll(t *testing.T) {
	n := 0
	u := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/busy":
			if n++; n < 3 {
				w.WriteHeader(http.StatusTooManyRequests)
			}
		case "/gone":
			panic(http.ErrAbortHandler)
		case "/ws":
			if c, err := websocket.Accept(w, r, nil); err == nil {
				c.Close(websocket.StatusNormalClosure, "") //nolint:errcheck // the client may be gone
			}
		}
	})
	for _, c := range []struct {
		name, method, path string
		until              int
		any                bool // whatever error
		err                error
		said               []string
	}{
		{"retries", "POST", "/busy", 10, false, nil, []string{"POST /busy 0", "=429 true", "POST /busy 0", "=429 true", "POST /busy 0", "=200 true"}},
		{"none left for a retry", "POST", "/busy", 1, false, lr.ErrMoney, []string{"POST /busy 0", "=429 true", "POST /busy 0"}},
		{"no answer", "POST", "/gone", 10, true, nil, []string{"POST /gone 0", "=0 true"}},
		{"no money", "POST", "/x", 0, false, lr.ErrMoney, []string{"POST /x 0"}},
		{"free", "GET", "/free", 10, false, nil, []string{"GET /free 0"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			n = 0
			l := &till{until: c.until}
			k := newClock()
			cl := client(t, probe.Options{Base: u, Toll: l.toll, Sleep: k.Sleep})
			_, err := cl.Do(t.Context(), nil, &lr.Request{Method: c.method, Path: c.path})
			if c.any && err == nil || !c.any && !errors.Is(err, c.err) {
				t.Errorf("got %v, want %v", err, c.err)
			}
			if !slices.Equal(l.said, c.said) {
				t.Errorf("toll: %q, want %q", l.said, c.said)
			}
			if c.until == 0 && cl.Requests() != 0 {
				t.Errorf("%d requests were sent without money", cl.Requests())
			}
		})
	}
	l := &till{until: 10}
	if _, err := client(t, probe.Options{Base: u, Toll: l.toll}).Dial(t.Context(), nil, get("/ws"), "a", "b"); err != nil || !slices.Equal(l.said, []string{"GET /ws 2", "=101 true"}) {
		t.Errorf("a WebSocket: %q (%v)", l.said, err)
	}
	// Money that is spent is no target that is lost.
	l = &till{}
	cl := client(t, probe.Options{Base: u, Toll: l.toll, LostAfter: 2})
	for range 5 {
		if _, err := cl.Do(t.Context(), nil, get("/x")); !errors.Is(err, lr.ErrMoney) {
			t.Fatalf("got %v", err)
		}
	}
	if _, lost := cl.Lost(); lost {
		t.Error("the target counts as lost")
	}
	// A request that the budget refuses afterwards is given back.
	l = &till{until: 10}
	cl = client(t, probe.Options{Base: u, Toll: l.toll, Budget: lr.Budget{Requests: 1}})
	for range 2 {
		cl.Do(t.Context(), nil, get("/y")) //nolint:errcheck // the toll is what counts
	}
	if last := l.said[len(l.said)-1]; last != "=0 false" {
		t.Errorf("a request that was never sent is settled %q", last)
	}
}

// TestEnough ends the reading of a stream that stays open.
func TestEnough(t *testing.T) {
	u := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		fmt.Fprint(w, "data: one\n\ndata: end\n\n")
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	})
	r := get("/stream")
	r.StreamFor = time.Minute
	r.Enough = func(b []byte) bool { return strings.Contains(string(b), "data: end") }
	x, err := client(t, probe.Options{Base: u}).Do(t.Context(), nil, r)
	if err != nil || x.Truncated || string(x.Body) != "data: one\n\ndata: end\n\n" || x.Took > 30*time.Second {
		t.Errorf("got %+v (%v)", x, err)
	}
}

// TestQuiet ends the reading of a WebSocket that has said all, and not of one that
// has said nothing yet.
func TestQuiet(t *testing.T) {
	u := serve(t, func(w http.ResponseWriter, r *http.Request) {
		c, err := websocket.Accept(w, r, nil)
		if err != nil {
			return
		}
		defer c.CloseNow() //nolint:errcheck // the client may be gone
		if r.URL.Path == "/says" {
			c.Write(r.Context(), websocket.MessageText, []byte("hello")) //nolint:errcheck // likewise
		}
		c.Read(r.Context()) //nolint:errcheck // until the client goes
	})
	for path, whole := range map[string]bool{"/says": true, "/mute": false} {
		r := get(path)
		r.StreamFor, r.Quiet = 300*time.Millisecond, 50*time.Millisecond
		x, err := client(t, probe.Options{Base: u}).Dial(t.Context(), nil, r)
		if err != nil || x.Truncated == whole {
			t.Errorf("%s: %+v (%v)", path, x, err)
		}
	}
	r := get("/says")
	r.StreamFor = time.Minute
	r.Enough = func(b []byte) bool { return string(b) == "hello" }
	if x, err := client(t, probe.Options{Base: u}).Dial(t.Context(), nil, r); err != nil || x.Truncated || string(x.Body) != "hello" {
		t.Errorf("enough: %+v (%v)", x, err)
	}
}
