package probe_test

import (
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/probe"
)

// refusing answers 429 with Retry-After where refuse says so of the n-th request.
func refusing(t *testing.T, after string, refuse func(n int32) bool) (*probe.Client, *atomic.Int32, *clock) {
	t.Helper()
	var n atomic.Int32
	base := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		if refuse(n.Add(1)) {
			if after != "" {
				w.Header().Set("Retry-After", after)
			}
			w.WriteHeader(http.StatusTooManyRequests)
		}
	})
	ck := newClock()
	return client(t, probe.Options{Base: base, Now: ck.Now, Sleep: ck.Sleep, Jitter: func() float64 { return 0 }}), &n, ck
}

// TestPatience: who says when to come back is believed beyond the retries, for
// twice the longest Retry-After; who does not is not.
func TestPatience(t *testing.T) {
	for _, c := range []struct {
		name, after string
		refusals    int32
		status      int
		attempts    int
	}{
		{"within the retries", "1", 3, 200, 4},
		{"beyond them", "1", 12, 200, 13},
		{"at once", "0", 12, 200, 13},
		{"at once, for ever", "0", 1000, 429, 24},
		{"for ever", "2", 1000, 429, 16},
		{"the longest waits", "15", 4, 429, 4},
		{"without a time", "", 5, 429, 4},
		{"nonsense for a time", "soon", 5, 429, 4},
	} {
		t.Run(c.name, func(t *testing.T) {
			cl, n, _ := refusing(t, c.after, func(n int32) bool { return n <= c.refusals })
			x := do(t, cl, nil, &lr.Request{Method: "POST", Path: "/"})
			if x.Status != c.status || x.Attempts != c.attempts || int(n.Load()) != c.attempts {
				t.Errorf("got %d after %d attempts (%d served), want %d after %d", x.Status, x.Attempts, n.Load(), c.status, c.attempts)
			}
		})
	}
}

// TestPatienceEnds: a limit that is shut costs three requests their patience, and
// the first answer brings it back.
func TestPatienceEnds(t *testing.T) {
	var shut atomic.Bool
	shut.Store(true)
	cl, _, ck := refusing(t, "1", func(int32) bool { return shut.Load() })
	for i, want := range []int{24, 24, 24, 4, 4} {
		if x := do(t, cl, nil, get("/")); x.Status != 429 || x.Attempts != want {
			t.Errorf("request %d: got %d after %d attempts, want 429 after %d", i+1, x.Status, x.Attempts, want)
		}
	}
	if x := do(t, cl, nil, get("/")); x.Attempts != 4 {
		t.Errorf("got %d attempts, want 4", x.Attempts)
	}
	begun := ck.Now()
	shut.Store(false)
	if x := do(t, cl, nil, get("/")); x.Status != 200 || x.Attempts != 1 {
		t.Errorf("got %d after %d attempts, want 200 at once", x.Status, x.Attempts)
	}
	if d := ck.Now().Sub(begun); d > 10*time.Second {
		t.Errorf("an open limit cost %s", d)
	}
}

// TestSharedLimit: where a limit refuses almost every second request whoever sends it,
// none of many at one time comes back with the refusal. Which are refused has no period:
// of three that ask in turn, one would meet every third for ever.
func TestSharedLimit(t *testing.T) {
	cl, served, _ := refusing(t, "1", func(n int32) bool { return uint32(n)*2654435769>>24 < 120 }) //nolint:gosec // n counts from 1; Knuth's multiplicative hash
	var wait sync.WaitGroup
	errs := make([]error, 16)
	for i := range errs {
		wait.Go(func() {
			for range 40 {
				x, err := cl.Do(t.Context(), nil, get("/"))
				if err == nil && x.Status != 200 {
					err = fmt.Errorf("got %d after %d attempts", x.Status, x.Attempts)
				}
				if err != nil {
					errs[i] = err
					return
				}
			}
		})
	}
	wait.Wait()
	for _, err := range errs {
		if err != nil {
			t.Error(err)
		}
	}
	if n := served.Load(); n < 640 {
		t.Errorf("%d requests were served", n)
	}
}
