package model_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/launchready/launchready/guard"
	"github.com/launchready/launchready/guard/model"
)

// purse is a meter that books and refuses as it is told.
type purse struct {
	mu      sync.Mutex
	asks    []model.Ask
	settled []model.Usage
	err     error
	most    int // bytes of a stream
	done    chan struct{}
}

func (p *purse) Reserve(_ context.Context, a model.Ask) (model.Hold, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asks = append(p.asks, a)
	if p.err != nil {
		return nil, p.err
	}
	return p, nil
}

func (p *purse) Count(n int) error {
	if p.most > 0 && n > p.most {
		return &model.Denial{Denial: guard.Denial{Status: http.StatusTooManyRequests, Reason: "spent"}, Code: "budget_exceeded", Message: "The budget is spent."}
	}
	return nil
}

func (p *purse) Settle(u model.Usage) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.settled = append(p.settled, u)
	if p.done != nil {
		close(p.done)
	}
}

func TestMeter(t *testing.T) {
	for _, path := range paths() {
		for _, stream := range []bool{false, true} {
			p := &purse{}
			s := newStand(t, func(o *model.Options) { o.Meter = p })
			s.fake.says(map[bool]string{true: "text/event-stream", false: "application/json"}[stream], completion(path, stream, []string{"Hello ", "you."}, []tool{{"search", `{"q":"a"}`}}))
			if status, body, _ := s.post(path, question(path, stream, "x", "Hi")); status != 200 {
				t.Fatalf("%s: %d %s", path, status, body)
			}
			a := p.asks[0]
			if a.Caller.Tenant != "acme" || a.Model != "small" || a.Prompt < 100 || a.MaxTokens == 0 || a.Stream != stream {
				t.Errorf("%s: asked for %+v", path, a)
			}
			u := p.settled[0]
			known := !stream || path != "/v1/chat/completions" // whose stream tells only when it is asked to
			if len(p.settled) != 1 || u.Known != known || known && (u.Input != 1 || u.Output != 2) || u.Bytes != len("Hello you.")+len(`{"q":"a"}`) {
				t.Errorf("%s stream %t: settled %+v", path, stream, p.settled)
			}
		}
	}
}

func TestMeterRefuses(t *testing.T) {
	p := &purse{err: &model.Denial{Denial: guard.Denial{Status: http.StatusTooManyRequests, Reason: "spent", Retry: 90 * time.Second}, Code: "budget_exceeded", Message: "The budget is spent."}}
	s := newStand(t, func(o *model.Options) { o.Meter = p })
	status, body, h := s.post("/v1/messages", question("/v1/messages", true, "x", "Hi"))
	if status != 429 || !strings.Contains(body, `"rate_limit_error"`) || h.Get("Retry-After") != "90" || s.fake.last() != "" {
		t.Errorf("%d %s %v", status, body, h)
	}
	p.err = errors.New("store of 10.0.0.7 is down")
	status, body, _ = s.post("/v1/chat/completions", hello)
	if status != 503 || strings.Contains(body, "10.0.0.7") || s.fake.last() != "" {
		t.Errorf("%d %s", status, body)
	}
}

// TestMeterStops: a budget that is spent in the middle ends the stream there.
func TestMeterStops(t *testing.T) {
	for _, path := range paths() {
		p := &purse{most: 12}
		s := newStand(t, func(o *model.Options) { o.Meter = p })
		s.fake.says("text/event-stream", completion(path, true, []string{"Hello ", "you ", "there ", "and so on"}, nil))
		_, body, _ := s.post(path, question(path, true, "x", "Hi"))
		if h := hear(t, path, body); h.Error == "" || strings.Contains(body, "and so on") || !strings.HasPrefix(h.Text, "Hello ") {
			t.Errorf("%s: %+v\n%s", path, h, body)
		}
		if len(p.settled) != 1 || p.settled[0].Known || p.settled[0].Bytes == 0 {
			t.Errorf("%s: settled %+v", path, p.settled)
		}
	}
}

// TestMeterLeaves: what came before the application went is booked, once.
func TestMeterLeaves(t *testing.T) {
	p := &purse{done: make(chan struct{})}
	s := newStand(t, func(o *model.Options) { o.Meter = p })
	s.fake.say = func(w http.ResponseWriter, r *http.Request, _ []byte) {
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = io.WriteString(w, chatText("Hello there "))
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	}
	ctx, cancel := context.WithCancel(t.Context())
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.guard.URL+"/v1/chat/completions", strings.NewReader(hello))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+virtual)
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if _, err := res.Body.Read(make([]byte, 64)); err != nil {
		t.Fatal(err)
	}
	cancel()
	<-p.done
	if u := p.settled[0]; len(p.settled) != 1 || u.Known || u.Bytes != len("Hello there ") {
		t.Errorf("settled %+v", p.settled)
	}
}

// TestSilence: a provider that says nothing more does not hold the application for ever.
func TestSilence(t *testing.T) {
	s := newStand(t, func(o *model.Options) { o.Idle = 30 * time.Millisecond })
	s.fake.say = func(w http.ResponseWriter, r *http.Request, _ []byte) {
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = io.WriteString(w, chatText("Hello there "))
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	}
	_, body, _ := s.post("/v1/chat/completions", hello)
	if h := hear(t, "/v1/chat/completions", body); h.Error == "" || h.Text != "Hello there " {
		t.Errorf("%+v", h)
	}
}
