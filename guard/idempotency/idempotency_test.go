package idempotency_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/launchready/launchready/guard"
	"github.com/launchready/launchready/guard/idempotency"
	"github.com/launchready/launchready/guard/state"
)

type named struct{}

func (named) Name() string      { return "auth" }
func (named) Needs() guard.Need { return guard.NeedRoute }
func (named) Gives() guard.Need { return guard.NeedClaims }
func (named) Check(x *guard.Exchange) *guard.Denial {
	if user, tenant, ok := strings.Cut(x.Request.Header.Get("Test-User"), "@"); ok {
		x.Who = &guard.Principal{Subject: user, Tenant: tenant}
	}
	return nil
}

type late struct{}

func (late) Name() string      { return "input" }
func (late) Needs() guard.Need { return guard.NeedRoute }
func (late) Gives() guard.Need { return 0 }
func (late) Check(x *guard.Exchange) *guard.Denial {
	if x.Request.Header.Get("Test-Refuse") != "" {
		return &guard.Denial{Status: http.StatusTooManyRequests}
	}
	return nil
}

// stand is an application that makes one thing more with each request.
type stand struct {
	t         testing.TB
	url       string
	made      atomic.Int32
	slow, out chan struct{}
	down      guard.Lockdown
}

func newStand(t testing.TB, answers state.Answers) *stand {
	t.Helper()
	s := &stand{t: t, slow: make(chan struct{}, 100), out: make(chan struct{})}
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		n := s.made.Add(1)
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Location", fmt.Sprint("/things/", n))
		w.Header().Set("Set-Cookie", "session=secret")
		switch r.URL.Path {
		case "/fails":
			w.WriteHeader(http.StatusInternalServerError)
		case "/401", "/409", "/502", "/503", "/504":
			code, _ := strconv.Atoi(r.URL.Path[1:])
			w.WriteHeader(code)
		case "/dies":
			w.Header().Set("Content-Length", "100")
			_, _ = io.WriteString(w, "half")
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		case "/slow":
			w.WriteHeader(http.StatusCreated)
			_ = http.NewResponseController(w).Flush()
			s.slow <- struct{}{}
			select {
			case <-s.out:
			case <-r.Context().Done():
				s.slow <- struct{}{}
				return
			}
			_, _ = fmt.Fprintf(w, `{"id":%d}`, n)
		case "/long":
			_, _ = io.WriteString(w, strings.Repeat("a", 3000))
		case "/stream":
			w.Header().Set("Content-Type", "text/event-stream")
			_, _ = io.WriteString(w, "data: x\n\n")
		default:
			w.WriteHeader(http.StatusCreated)
			_, _ = fmt.Fprintf(w, `{"id":%d}`, n)
		}
	}))
	t.Cleanup(app.Close)
	u, err := url.Parse(app.URL)
	if err != nil {
		t.Fatal(err)
	}
	check, tap := idempotency.New(idempotency.Options{Answers: answers, Max: 2000})
	p, err := guard.New(guard.Options{Upstream: u, Routes: []*guard.Route{{Pattern: "/**"}, {Pattern: "/things/{id}"}}, Checks: []guard.Check{named{}, check, late{}}, Taps: []guard.Tap{tap}, Lockdown: &s.down})
	if err != nil {
		t.Fatal(err)
	}
	front := httptest.NewServer(p)
	t.Cleanup(front.Close)
	s.url = front.URL
	return s
}

func (s *stand) do(ctx context.Context, method, path, user, key, body string, headers ...string) (int, string, http.Header) {
	req, err := http.NewRequestWithContext(ctx, method, s.url+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Test-User", user)
	if key != "" {
		req.Header.Set("Idempotency-Key", key)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Add(headers[i], headers[i+1])
	}
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		return 0, "", nil
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		return 0, string(b), res.Header
	}
	return res.StatusCode, string(b), res.Header
}

func TestAgain(t *testing.T) {
	for name, c := range map[string]struct {
		first, second [5]string // method, path, user, key, body
		status        int       // of the second
		made          int32
	}{
		"the same":       {[5]string{"POST", "/a", "ann@x", "k", "1"}, [5]string{"POST", "/a", "ann@x", "k", "1"}, 201, 1},
		"another body":   {[5]string{"POST", "/a", "ann@x", "k", "1"}, [5]string{"POST", "/a", "ann@x", "k", "2"}, 422, 1},
		"another query":  {[5]string{"POST", "/a", "ann@x", "k", "1"}, [5]string{"POST", "/a?x", "ann@x", "k", "1"}, 422, 1},
		"another path":   {[5]string{"PUT", "/things/1", "ann@x", "k", ""}, [5]string{"PUT", "/things/2", "ann@x", "k", ""}, 422, 1},
		"another key":    {[5]string{"POST", "/a", "ann@x", "k", "1"}, [5]string{"POST", "/a", "ann@x", "K", "1"}, 201, 2},
		"another method": {[5]string{"POST", "/a", "ann@x", "k", "1"}, [5]string{"PATCH", "/a", "ann@x", "k", "1"}, 201, 2},
		"another user":   {[5]string{"POST", "/a", "ann@x", "k", "1"}, [5]string{"POST", "/a", "bob@x", "k", "1"}, 201, 2},
		"another tenant": {[5]string{"POST", "/a", "ann@x", "k", "1"}, [5]string{"POST", "/a", "ann@y", "k", "1"}, 201, 2},
		"nobody":         {[5]string{"POST", "/a", "", "k", "1"}, [5]string{"POST", "/a", "", "k", "1"}, 201, 2},
		"a read":         {[5]string{"GET", "/a", "ann@x", "k", ""}, [5]string{"GET", "/a", "ann@x", "k", ""}, 201, 2},
		"no key":         {[5]string{"POST", "/a", "ann@x", "", "1"}, [5]string{"POST", "/a", "ann@x", "", "1"}, 201, 2},
		"failed":         {[5]string{"POST", "/fails", "ann@x", "k", "1"}, [5]string{"POST", "/fails", "ann@x", "k", "1"}, 500, 2},
		"signed out":     {[5]string{"POST", "/401", "ann@x", "k", "1"}, [5]string{"POST", "/401", "ann@x", "k", "1"}, 401, 2},
		"in the way":     {[5]string{"POST", "/409", "ann@x", "k", "1"}, [5]string{"POST", "/409", "ann@x", "k", "1"}, 409, 2},
		"unavailable":    {[5]string{"POST", "/503", "ann@x", "k", "1"}, [5]string{"POST", "/503", "ann@x", "k", "1"}, 503, 2},
		"a gateway's":    {[5]string{"POST", "/502", "ann@x", "k", "1"}, [5]string{"POST", "/502", "ann@x", "k", "1"}, 409, 1},
		"a late gateway": {[5]string{"POST", "/504", "ann@x", "k", "1"}, [5]string{"POST", "/504", "ann@x", "k", "1"}, 409, 1},
		"quoted":         {[5]string{"POST", "/a", "ann@x", `"k"`, "1"}, [5]string{"POST", "/a", "ann@x", `"k"`, "2"}, 422, 1},
		"broke off":      {[5]string{"POST", "/dies", "ann@x", "k", "1"}, [5]string{"POST", "/dies", "ann@x", "k", "1"}, 409, 1},
		"too long":       {[5]string{"POST", "/long", "ann@x", "k", "1"}, [5]string{"POST", "/long", "ann@x", "k", "1"}, 409, 1},
		"a stream":       {[5]string{"POST", "/stream", "ann@x", "k", "1"}, [5]string{"POST", "/stream", "ann@x", "k", "1"}, 409, 1},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStand(t, &state.Replies{})
			do := func(r [5]string) (int, string, http.Header) { return s.do(t.Context(), r[0], r[1], r[2], r[3], r[4]) }
			_, body, h := do(c.first)
			if h != nil && h.Get("Idempotency-Replayed") != "" {
				t.Error("the first is a repetition")
			}
			status, again, h2 := do(c.second)
			if status != c.status || s.made.Load() != c.made {
				t.Fatalf("status %d, want %d; %d made, want %d", status, c.status, s.made.Load(), c.made)
			}
			if name != "the same" {
				if h2.Get("Idempotency-Replayed") != "" || c.made == 2 && status == 201 && again == body {
					t.Errorf("an answer was given again: %s", again)
				}
				return
			}
			if again != body || h2.Get("Location") != "/things/1" || h2.Get("Idempotency-Replayed") != "true" || h2.Get("Set-Cookie") != "" || h2.Get("X-Request-Id") == h.Get("X-Request-Id") {
				t.Errorf("%s %v, at first %s %v", again, h2, body, h)
			}
		})
	}
}

func TestKeys(t *testing.T) {
	s := newStand(t, &state.Replies{})
	for name, key := range map[string]string{"long": strings.Repeat("k", 256), "not ASCII": "k\u00e9y"} {
		if status, _, _ := s.do(t.Context(), "POST", "/a", "ann@x", key, ""); status != 400 || s.made.Load() != 0 {
			t.Errorf("%s: %d", name, status)
		}
	}
	if status, _, _ := s.do(t.Context(), "POST", "/a", "ann@x", "a", "", "Idempotency-Key", "b"); status != 400 || s.made.Load() != 0 {
		t.Errorf("two keys: %d", status)
	}
	// What guard itself refused was not done: the key is free.
	if status, _, _ := s.do(t.Context(), "POST", "/a", "ann@x", "k", "", "Test-Refuse", "1"); status != 429 {
		t.Errorf("refused: %d", status)
	}
	if status, _, _ := s.do(t.Context(), "POST", "/a", "ann@x", "k", ""); status != 201 || s.made.Load() != 1 {
		t.Errorf("after a refusal: %d, %d made", status, s.made.Load())
	}
}

// TestCrowd: of many at one time one is done, and the others are told to wait;
// and one whose caller leaves is done to its end.
func TestCrowd(t *testing.T) {
	s := newStand(t, &state.Replies{})
	ctx, leave := context.WithCancel(t.Context())
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		s.do(ctx, "POST", "/slow", "ann@x", "k", "1")
	}()
	<-s.slow
	var wg sync.WaitGroup
	for range 10 {
		wg.Go(func() {
			if status, _, h := s.do(context.Background(), "POST", "/slow", "ann@x", "k", "1"); status != 409 || h.Get("Retry-After") == "" {
				t.Errorf("status %d", status)
			}
		})
	}
	wg.Wait()
	leave()
	<-gone
	close(s.out)
	for {
		status, body, h := s.do(t.Context(), "POST", "/slow", "ann@x", "k", "1")
		if status == 409 {
			continue // until the answer is whole
		}
		if status != 201 || body != `{"id":1}` || h.Get("Idempotency-Replayed") != "true" || s.made.Load() != 1 {
			t.Errorf("%d %s, %d made", status, body, s.made.Load())
		}
		return
	}
}

// TestLockdown: a key keeps nothing under way that is cut in a lock-down, and what
// was broken off is not done again.
func TestLockdown(t *testing.T) {
	s := newStand(t, &state.Replies{})
	over := make(chan int, 1)
	go func() {
		status, _, _ := s.do(context.Background(), "POST", "/slow", "ann@x", "k", "1")
		over <- status
	}()
	<-s.slow
	s.down.Lock(true)
	<-s.slow                                            // the upstream was stopped
	if status := <-over; status != 0 && status != 503 { // as it comes before or behind the head of the answer
		t.Errorf("status %d", status)
	}
	s.down.Lock(false)
	if status, _, _ := s.do(t.Context(), "POST", "/slow", "ann@x", "k", "1"); status != 409 || s.made.Load() != 1 {
		t.Errorf("again: %d, %d made", status, s.made.Load())
	}
}

// down is a store that is not there.
type down struct{ state.Answers }

func (down) Begin(context.Context, string, string, [32]byte, time.Duration) (state.Found, state.Answer, error) {
	return state.Fresh, state.Answer{}, errors.New("connect to 10.0.0.9: refused")
}

// slow is a store that the caller leaves while it claims.
type slow struct {
	state.Answers
	leave  chan struct{}
	begins chan bool // whether it was cut
}

func (s slow) Begin(ctx context.Context, key, owner string, print [32]byte, lease time.Duration) (state.Found, state.Answer, error) {
	select {
	case <-s.leave: // the second one
		return s.Answers.Begin(ctx, key, owner, print, lease)
	default:
	}
	close(s.leave)
	cut := false
	select {
	case <-ctx.Done():
		cut = true
	case <-time.After(200 * time.Millisecond): // as long as the news of it may take
	}
	defer func() { s.begins <- cut }()
	return s.Answers.Begin(ctx, key, owner, print, lease)
}

// TestLeavesEarly: a caller that leaves while its key is claimed does not cut the
// claim, and its key is free again, since the application was not asked.
func TestLeavesEarly(t *testing.T) {
	a := slow{&state.Replies{}, make(chan struct{}), make(chan bool, 1)}
	s := newStand(t, a)
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-a.leave; cancel() }()
	s.do(ctx, "POST", "/a", "ann@x", "k", "1")
	if <-a.begins {
		t.Error("the claim was cut")
	}
	for began := time.Now(); ; time.Sleep(10 * time.Millisecond) {
		status, _, _ := s.do(t.Context(), "POST", "/a", "ann@x", "k", "1")
		if status == 201 {
			break
		}
		if status != 409 || time.Since(began) > 20*time.Second {
			t.Fatalf("the key is not free: %d", status)
		}
	}
	if s.made.Load() != 1 {
		t.Errorf("%d made", s.made.Load())
	}
}

// forgetful is a store that is gone when the answer is there.
type forgetful struct{ state.Answers }

func (forgetful) Finish(context.Context, string, string, state.Answer, time.Duration) error {
	return errors.New("connect to 10.0.0.9: refused")
}

// TestNotKept: an answer that cannot be kept is passed on, and its request not done
// again while nobody knows whether it may be.
func TestNotKept(t *testing.T) {
	s := newStand(t, forgetful{&state.Replies{}})
	if status, body, _ := s.do(t.Context(), "POST", "/a", "ann@x", "k", "1"); status != 201 || body != `{"id":1}` {
		t.Errorf("%d %s", status, body)
	}
	if status, _, _ := s.do(t.Context(), "POST", "/a", "ann@x", "k", "1"); status != 409 || s.made.Load() != 1 {
		t.Errorf("again: %d, %d made", status, s.made.Load())
	}
}

func TestDown(t *testing.T) {
	s := newStand(t, down{})
	if status, body, h := s.do(t.Context(), "POST", "/a", "ann@x", "k", ""); status != 503 || s.made.Load() != 0 || h.Get("Retry-After") == "" || strings.Contains(body, "10.0") {
		t.Errorf("%d %s", status, body)
	}
	if status, _, _ := s.do(t.Context(), "POST", "/a", "ann@x", "", ""); status != 201 {
		t.Errorf("without a key: %d", status)
	}
}
