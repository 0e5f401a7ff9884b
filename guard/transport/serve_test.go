package transport_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/launchready/launchready/guard"
	"github.com/launchready/launchready/guard/model"
	"github.com/launchready/launchready/guard/policy"
	"github.com/launchready/launchready/guard/record"
)

// served is a policy with what outlives a reload: counters, a queue, budgets, switches
// and a lock-down, at the front and at the model's listener.
const served = `version: 1
listen: 127.0.0.1:0
upstream: %s
auth: {bearer: {whoami: /me, subject: id, tenant: org, cache: 1s}, assertion: {audience: app, secret: "${env:SECRET}"}}
limits: {all: {per: global, requests: 1000000, window: 1m, concurrent: %d}}
queue: {depth: 100, wait: 1m}
routes:
  - {path: /chat, chat: true, limits: [all]}
  - {path: /stream, public: true, limits: [all]}
spend: {prices: {m: {input: 1, output: 2}}, model: m, max_tokens: 100, total_day: 1000}
idempotency: {}
model:
  listen: 127.0.0.1:8081
  providers: {openai: {url: "%s", key: "${env:SECRET}"}}
  keys: [{name: app, sha256: "%x", tenant: acme}]
  models: [m]
  max_tokens: 100
  spend: {}
state: {ledger: memory}
unsafe: [charged at the front /chat]
`

// serving is guard's program in small: its parts as it puts them together.
type serving struct {
	*testing.T
	state  *policy.State
	pipe   guard.Handler
	egress model.Handler
	count  *record.Metrics
}

// apply serves by a policy from now on.
func (s *serving) apply(text string) *policy.Policy {
	s.Helper()
	env := func(string) (string, bool) { return strings.Repeat("k", 32), true }
	s.state.Env = env
	p, err := policy.Parse("guard.yaml", []byte(text))
	if err != nil {
		s.Fatal(err)
	}
	proxy, err := p.BuildModel(s.state, env)
	if err != nil {
		s.Fatal(err)
	}
	pipe, err := p.Build(s.state)
	if err != nil {
		s.Fatal(err)
	}
	s.pipe.Store(pipe)
	s.egress.Store(proxy)
	s.count.Reloaded(true)
	return p
}

// TestServes: from its start to its drain, with a policy that is read again and metrics
// that are looked at all the while, guard loses no request of the front and none of the
// model; a lock-down in the middle refuses and opens again; streams of both end whole.
// The race detector walks this package, and by this the parts together.
func TestServes(t *testing.T) {
	t.Parallel()
	const key = "lrk_of-the-application"
	finish := make(chan struct{})
	begun := make(chan struct{}, 2)
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		stream := func(one, two string) {
			w.Header().Set("Content-Type", "text/event-stream")
			_, _ = io.WriteString(w, one)
			_ = http.NewResponseController(w).Flush()
			begun <- struct{}{}
			<-finish
			_, _ = io.WriteString(w, two)
		}
		const piece, end = `data: {"choices":[{"index":0,"delta":{"content":"%s"},"finish_reason":null}]}` + "\n\n", `data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}` + "\n\ndata: [DONE]\n\n"
		switch {
		case r.URL.Path == "/me":
			_, _ = io.WriteString(w, `{"id":"ann","org":"acme"}`)
		case r.URL.Path == "/stream":
			stream("data: one\n\n", "data: two\n\n")
		case strings.Contains(string(b), `"stream":true`):
			stream(fmt.Sprintf(piece, "one "), fmt.Sprintf(piece, "two")+end)
		default:
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, `{"choices":[{"index":0,"message":{"role":"assistant","content":"fine"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":1}}`)
		}
	}))
	defer app.Close()
	text := func(slots int) string {
		return fmt.Sprintf(served, app.URL, slots, app.URL, sha256.Sum256([]byte(key)))
	}

	sink := record.NewSink(io.Discard, 0)
	defer sink.Close()
	log := slog.New(slog.NewJSONHandler(sink, nil))
	s := &serving{T: t, count: record.NewMetrics()}
	s.state = &policy.State{Log: log, Record: record.All{s.count, record.NewAccess(log, false)}, Spent: s.count.Spend(), Lockdown: &guard.Lockdown{}, Transport: guard.Transport(0, 0)}
	s.count.Queue(func() record.Waiting { return record.Waiting{Depth: s.state.Memory.Queue.Stats().Depth} })
	p := s.apply(text(3))
	front, err := p.Front(s.state, &s.pipe)
	if err != nil {
		t.Fatal(err)
	}
	l, l2 := listen(t), listen(t)
	second := &http.Server{Handler: &s.egress, ReadHeaderTimeout: time.Minute}
	var servers sync.WaitGroup
	servers.Go(func() { _ = front.Server.Serve(l) })
	servers.Go(func() { _ = second.Serve(l2) })
	t.Cleanup(func() {
		_, _ = front.Server.Close(), second.Close()
		servers.Wait()
		front.Close()
		if err := s.state.Close(); err != nil {
			t.Error(err)
		}
	})

	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 8}}
	defer client.CloseIdleConnections()
	begin := func(to, key, body string) (*http.Response, error) {
		r, err := http.NewRequestWithContext(context.WithoutCancel(t.Context()), http.MethodPost, "http://"+to, strings.NewReader(body))
		if err != nil {
			return nil, err
		}
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Authorization", "Bearer "+key)
		return client.Do(r)
	}
	const question = `{"model":"m","messages":[{"role":"user","content":"hi"}]}`
	asks := map[string]func() (*http.Response, error){
		"front": func() (*http.Response, error) { return begin(l.Addr().String()+"/chat", "token-of-ann", question) },
		"model": func() (*http.Response, error) {
			return begin(l2.Addr().String()+"/v1/chat/completions", key, question)
		},
	}
	var asked atomic.Int64
	var locked atomic.Bool // 503 is an answer as well
	stop := make(chan struct{})
	var load sync.WaitGroup
	for name, ask := range asks {
		for range 3 {
			load.Go(func() {
				for {
					select {
					case <-stop:
						return
					default:
					}
					before := locked.Load()
					res, err := ask()
					if err != nil {
						t.Errorf("%s: lost: %v", name, err)
						return
					}
					b, err := io.ReadAll(res.Body)
					_ = res.Body.Close()
					whole := err == nil && res.StatusCode == 200 && strings.Contains(string(b), "fine")
					if !whole && !before && !locked.Load() {
						t.Errorf("%s: lost: %d %q %v", name, res.StatusCode, b, err)
					}
					asked.Add(1)
				}
			})
		}
	}
	more := func() { // some are served meanwhile
		for n := asked.Load(); asked.Load() < n+12 && !t.Failed(); {
			w := httptest.NewRecorder()
			s.count.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", http.NoBody))
			if !strings.Contains(w.Body.String(), "guard_policy_current 1") {
				t.Error("the metrics lack what was counted")
			}
		}
	}
	for i := range 2 {
		s.apply(text(3 + i%2))
		more()
	}
	locked.Store(true)
	s.state.Lockdown.Lock(true)
	s.apply(text(4))
	for name, ask := range asks {
		res, err := ask()
		if err != nil {
			t.Fatal(err)
		}
		if _ = res.Body.Close(); res.StatusCode != 503 {
			t.Errorf("%s, locked down: %d", name, res.StatusCode)
		}
	}
	s.state.Lockdown.Lock(false)
	close(stop)
	load.Wait() // those that were refused may still be answered
	locked.Store(false)

	var streams []*http.Response
	for to, body := range map[string]string{l.Addr().String() + "/stream": "{}", l2.Addr().String() + "/v1/chat/completions": strings.Replace(question, "{", `{"stream":true,`, 1)} {
		res, err := begin(to, key, body)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		<-begun
		streams = append(streams, res)
	}
	front.Server.Ending()
	for name, ask := range asks {
		res, err := ask()
		if err != nil {
			t.Fatalf("%s, while it ends: %v", name, err)
		}
		if _ = res.Body.Close(); res.StatusCode != 200 || res.Close != (name == "front") {
			t.Errorf("%s, while it ends: %d, its connection ends: %t", name, res.StatusCode, res.Close)
		}
	}
	s.apply(text(3)) // a policy that comes now is served by as well
	end, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), time.Minute)
	defer cancel()
	over := make(chan error, 2)
	go func() { over <- front.Server.Shutdown(end) }()
	go func() { over <- second.Shutdown(end) }()
	close(finish)
	for _, res := range streams {
		if b, err := io.ReadAll(res.Body); err != nil || !strings.Contains(string(b), "one") || !strings.Contains(string(b), "two") {
			t.Errorf("a stream: %q, %v", b, err)
		}
	}
	client.CloseIdleConnections() // those that were never used, which the end would wait for
	for range 2 {
		if err := <-over; err != nil {
			t.Errorf("the end: %v", err)
		}
	}
	if _, err := asks["front"](); err == nil {
		t.Error("somebody is served after the end")
	}
}
