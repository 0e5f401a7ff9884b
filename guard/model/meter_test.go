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

// TestMeterRequest: the meter is told in which of the front's requests is asked, by the
// signed header alone, and of nothing that no front would have named so.
func TestMeterRequest(t *testing.T) {
	const id = "ABCDEFGHIJKLMNOPQRSTUVWXY2"
	named := func(jti string) []string {
		claims := map[string]any{"sub": "ann", "tenant": "acme", "exp": time.Now().Add(time.Minute)}
		if jti != "" {
			claims["jti"] = jti
		}
		return []string{"Authorization", "Bearer " + signed, model.DefaultContextHeader, assertion(t, contextKey, claims)}
	}
	for name, c := range map[string]struct {
		head []string
		want string
	}{
		"one of the front's":       {named(id), id},
		"none":                     {named(""), ""},
		"another shape":            {named("abcdefghijklmnopqrstuvwxyz"), ""},
		"a hold of the listener":   {named("model/" + id), ""},
		"a part of another":        {named(id + "/1"), ""},
		"with a line behind it":    {named(id + "\n"), ""},
		"with the key of a tenant": {[]string{model.DefaultContextHeader, named(id)[3]}, ""},
	} {
		p := &purse{}
		s := newStand(t, func(o *model.Options) { o.Meter = p })
		if status, body, _ := s.post("/v1/chat/completions", hello, c.head...); status != 200 && status != 502 {
			t.Fatalf("%s: %d %s", name, status, body)
		}
		if got := p.asks[0].Caller.Request; got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
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

// left is a meter whose caller goes while it is asked.
type left struct {
	purse
	leave context.CancelFunc
}

func (l *left) Reserve(ctx context.Context, a model.Ask) (model.Hold, error) {
	l.leave()
	<-ctx.Done()
	_, err := l.purse.Reserve(ctx, a)
	return &l.purse, err
}

// TestMeterLeft: who has left when the budget is reserved is not asked for, and pays
// nothing.
func TestMeterLeft(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	l := &left{leave: cancel, purse: purse{done: make(chan struct{})}}
	s := newStand(t, func(o *model.Options) { o.Meter = l })
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.guard.URL+"/v1/chat/completions", strings.NewReader(hello))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+virtual)
	if res, err := http.DefaultClient.Do(r); err == nil {
		_ = res.Body.Close()
		t.Error("it was answered")
	}
	<-l.done
	if !l.settled[0].Free || s.fake.last() != "" {
		t.Errorf("settled %+v, asked %q", l.settled, s.fake.last())
	}
}

// lost is a meter whose store is gone in the middle of a stream.
type lost struct{ purse }

func (l *lost) Reserve(context.Context, model.Ask) (model.Hold, error) { return l, nil }
func (l *lost) Count(int) error                                        { return errors.New("store of 10.0.0.7 is down") }

// TestMeterLost: what cannot be decided any more ends the stream, and says no address.
func TestMeterLost(t *testing.T) {
	for _, path := range paths() {
		l := &lost{}
		s := newStand(t, func(o *model.Options) { o.Meter = l })
		s.fake.says("text/event-stream", completion(path, true, []string{"Hello ", "you ", "and so on"}, nil))
		_, body, _ := s.post(path, question(path, true, "x", "Hi"))
		if h := hear(t, path, body); h.Error == "" || strings.Contains(body, "10.0.0.7") || strings.Contains(body, "and so on") || !strings.Contains(body, "cannot be decided") {
			t.Errorf("%s: %+v %s", path, h, body)
		}
		if len(l.settled) != 1 || l.settled[0].Known {
			t.Errorf("%s: settled %+v", path, l.settled)
		}
	}
}

// TestTell: a stream of chat completions is asked for its usage, and the application
// gets that when it asked for it.
func TestTell(t *testing.T) {
	const path = "/v1/chat/completions"
	const usage = `data: {"id":"c1","choices":[],"usage":{"prompt_tokens":3,"completion_tokens":4}}` + "\n\n"
	for name, c := range map[string]struct {
		options string // of the stream, as the application writes them
		sent    string
		gets    bool
	}{
		"nothing said":   {"", `"stream_options":{"include_usage":true}`, false},
		"other options":  {`"stream_options":{"x":1},`, `"stream_options":{"include_usage":true,"x":1}`, false},
		"told not to":    {`"stream_options":{"include_usage":false},`, `"stream_options":{"include_usage":true}`, false},
		"no options":     {`"stream_options":null,`, `"stream_options":{"include_usage":true}`, false},
		"asked for it":   {`"stream_options":{"include_usage":true},`, `"stream_options":{"include_usage":true}`, true},
		"not a stream":   {"-", "", true},
		"without Meters": {"+", "", true},
	} {
		p := &purse{}
		s := newStand(t, func(o *model.Options) {
			o.Tell = true
			if c.options != "+" {
				o.Meter = p
			}
		})
		body := completion(path, true, []string{"Hello "}, nil)
		body = strings.Replace(body, "data: [DONE]", usage+"data: [DONE]", 1)
		s.fake.says("text/event-stream", body)
		ask := strings.Replace(question(path, c.options != "-", "x", "Hi"), "{", "{"+strings.Trim(c.options, "+-"), 1)
		_, got, _ := s.post(path, ask)
		if c.sent != "" && !strings.Contains(s.fake.last(), c.sent) || c.sent == "" && strings.Contains(s.fake.last(), "stream_options") {
			t.Errorf("%s: the provider gets %.200s", name, s.fake.last())
		}
		want := body
		if !c.gets {
			want = strings.Replace(body, usage, "", 1)
		}
		if got != want {
			t.Errorf("%s: the application gets %s\nwant %s", name, got, want)
		}
		if c.options != "+" && (len(p.settled) != 1 || !p.settled[0].Known || p.settled[0].Output != 4) {
			t.Errorf("%s: settled %+v", name, p.settled)
		}
	}
}

// TestReferences: what the provider fetches is counted, and what only looks so is not.
func TestReferences(t *testing.T) {
	for _, c := range []struct {
		path, content string
		want          int
	}{
		{"/v1/chat/completions", `[{"type":"image_url","image_url":{"url":"https://p.test/1"}},{"type":"file","file":{"file_id":"f1"}},{"type":"text","text":"url"}]`, 2},
		{"/v1/chat/completions", `[{"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}}]`, 0},
		{"/v1/responses", `[{"type":"input_image","image_url":"https://p.test/1"},{"type":"input_file","file_url":"https://p.test/2"}]`, 2},
		{"/v1/messages", `[{"type":"image","source":{"type":"url","url":"https://p.test/1"}},{"type":"document","source":{"type":"file","file_id":"f1"}}]`, 2},
		{"/v1/messages", `[{"type":"tool_use","id":"t","name":"open","input":{"url":"https://p.test/1"}}]`, 0},
	} {
		p := &purse{}
		s := newStand(t, func(o *model.Options) { o.Meter = p })
		s.fake.says("application/json", completion(c.path, false, []string{"Hi"}, nil))
		member := map[bool]string{true: "input", false: "messages"}[c.path == "/v1/responses"]
		status, body, _ := s.post(c.path, `{"model":"small","max_tokens":9,"`+member+`":[{"role":"user","content":`+c.content+`}]}`)
		if status != 200 || len(p.asks) != 1 || p.asks[0].References != c.want {
			t.Errorf("%s: %d %s, %+v, want %d", c.content, status, body, p.asks, c.want)
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
