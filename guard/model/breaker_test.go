package model_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/launchready/launchready/guard/model"
)

// TestBreaker: a provider that fails is left alone, for longer each time, and asked
// by one request whether it is well again; what it refuses for the request's own
// sake breaks nothing.
func TestBreaker(t *testing.T) {
	var clock, status, asked atomic.Int64
	var after atomic.Value
	after.Store("")
	s := newStand(t, func(o *model.Options) {
		o.Breaker = model.Breaker{Failures: 3, Pause: 10 * time.Second, Longest: 60 * time.Second}
		o.Now = func() time.Time { return time.Unix(1_800_000_000+clock.Load(), 0) }
	})
	s.fake.say = func(w http.ResponseWriter, _ *http.Request, _ []byte) {
		asked.Add(1)
		w.Header().Set("Content-Type", "application/json")
		if a, ok := after.Load().(string); ok && a != "" {
			w.Header().Set("Retry-After", a)
		}
		code := int(status.Load())
		w.WriteHeader(code)
		if code != 200 {
			_, _ = io.WriteString(w, `{"error":{"message":"no"}}`)
			return
		}
		_, _ = io.WriteString(w, `{"choices":[{"index":0,"message":{"role":"assistant","content":"Hello."},"finish_reason":"stop"}]}`)
	}
	for i, step := range []struct {
		at     int64  // seconds
		says   int64  // of the provider
		wait   string // Retry-After of the provider
		want   int
		passes bool   // the provider is asked
		after  string // Retry-After that the application is told
	}{
		{0, 500, "", 500, true, ""}, {0, 400, "", 400, true, ""}, // its own mistake: the row begins anew
		{0, 500, "", 500, true, ""}, {0, 429, "", 429, true, ""}, {0, 529, "", 529, true, ""}, // the third in a row
		{0, 200, "", 503, false, "10"}, {9, 200, "", 503, false, "1"},
		{10, 503, "", 503, true, ""}, {10, 200, "", 503, false, "20"}, // twice as long
		{29, 200, "", 503, false, "1"}, {30, 500, "45", 500, true, "45"}, {30, 200, "", 503, false, "45"}, // as long as it says
		{75, 500, "900", 500, true, "900"}, {75, 200, "", 503, false, "60"}, // and no longer than the policy
		{135, 200, "", 200, true, ""}, {135, 500, "", 500, true, ""}, {135, 200, "", 200, true, ""}, // well again
	} {
		clock.Store(step.at)
		status.Store(step.says)
		after.Store(step.wait)
		before := asked.Load()
		got, body, h := s.post("/v1/chat/completions", hello)
		if got != step.want || (asked.Load() > before) != step.passes || h.Get("Retry-After") != step.after || strings.Contains(body, "provider_paused") == step.passes {
			t.Errorf("step %d: %d after %q, asked: %t; %s", i, got, h.Get("Retry-After"), asked.Load() > before, body)
		}
	}
}

// TestBreakerCrowd: while one asks whether a provider is well again, the others wait;
// and where that one leaves, the next has the turn.
func TestBreakerCrowd(t *testing.T) {
	var clock atomic.Int64
	var well atomic.Bool
	tries := make(chan struct{}, 1)
	s := newStand(t, func(o *model.Options) {
		o.Breaker = model.Breaker{Failures: 1, Pause: time.Second, Longest: time.Second}
		o.Now = func() time.Time { return time.Unix(1_800_000_000+clock.Load(), 0) }
	})
	s.fake.say = func(w http.ResponseWriter, r *http.Request, _ []byte) {
		w.Header().Set("Content-Type", "application/json")
		switch {
		case well.Load():
			_, _ = io.WriteString(w, `{"choices":[{"index":0,"message":{"role":"assistant","content":"Hello."},"finish_reason":"stop"}]}`)
		case clock.Load() == 0:
			w.WriteHeader(http.StatusInternalServerError)
		default:
			tries <- struct{}{}
			<-r.Context().Done()
		}
	}
	s.post("/v1/chat/completions", hello)
	clock.Store(1)
	ctx, leave := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() {
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.guard.URL+"/v1/chat/completions", strings.NewReader(hello))
		if err != nil {
			t.Error(err)
			return
		}
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Authorization", "Bearer "+virtual)
		if res, err := http.DefaultClient.Do(r); err == nil {
			_ = res.Body.Close()
			t.Errorf("the one that tries was answered %d", res.StatusCode)
		}
	})
	<-tries
	for range 5 {
		if got, body, _ := s.post("/v1/chat/completions", hello); got != 503 || !strings.Contains(body, "provider_paused") {
			t.Errorf("beside the one that tries: %d %s", got, body)
		}
	}
	well.Store(true)
	leave()
	wg.Wait()
	got := 503
	for got == 503 { // until guard has seen that it left
		got, _, _ = s.post("/v1/chat/completions", hello)
	}
	if got != 200 {
		t.Errorf("the next: %d", got)
	}
}
