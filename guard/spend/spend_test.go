package spend_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/launchready/launchready/guard"
	"github.com/launchready/launchready/guard/spend"
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

// late refuses after spend, where it is told.
type late struct{}

func (late) Name() string      { return "input" }
func (late) Needs() guard.Need { return guard.NeedRoute }
func (late) Gives() guard.Need { return 0 }
func (late) Check(x *guard.Exchange) *guard.Denial {
	if x.Request.Header.Get("Test-Refuse") != "" {
		return &guard.Denial{Status: http.StatusBadRequest}
	}
	return nil
}

const used = `,"usage":{"prompt_tokens":5,"completion_tokens":10}}`

// stand is a model's provider and guard before it. One token of the prompt costs 1,
// one of the reply 10; the worst case of a request with an empty body is 1000.
type stand struct {
	t     testing.TB
	url   string
	book  *state.Book
	asked atomic.Int32
	in    chan struct{} // one comes in for each request to /v1/slow
	out   chan struct{} // closed to answer them
	said  atomic.Value  // the last body
	head  atomic.Value  // and its header
	log   lines
	modes map[string]guard.Mode
}

func newStand(t testing.TB, change func(*spend.Options)) *stand {
	t.Helper()
	s := &stand{t: t, modes: map[string]guard.Mode{}, book: &state.Book{}, in: make(chan struct{}, 1000), out: make(chan struct{})}
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.asked.Add(1)
		if r.Header.Get("Upgrade") != "" {
			s.socket(w, r)
			return
		}
		b, _ := io.ReadAll(r.Body)
		s.said.Store(string(b))
		r.Header.Del("Content-Length") // how a body is framed is each hop's own
		r.Header.Del("X-Request-Id")
		r.Header.Del("X-Forwarded-Host") // its port
		s.head.Store(fmt.Sprint(r.Header))
		stream := func(lines ...string) {
			w.Header().Set("Content-Type", "text/event-stream")
			for _, l := range lines {
				_, _ = io.WriteString(w, "data: "+l+"\n\n")
				_ = http.NewResponseController(w).Flush()
			}
		}
		switch r.URL.Path {
		case "/v1/json":
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, `{"content":"hello"`+used)
		case "/v1/text", "/v1/page", "/v1/untold", "/v1/lines": // what the model wrote, which the caller chose
			if kind := map[string]string{"/v1/text": "text/plain; charset=utf-8", "/v1/page": "text/html", "/v1/untold": "", "/v1/lines": "application/x-ndjson"}[r.URL.Path]; kind != "" {
				w.Header().Set("Content-Type", kind)
			} else {
				w.Header()["Content-Type"] = nil
			}
			_, _ = io.WriteString(w, `{"content":"hello"`+used)
		case "/v1/silent":
			_, _ = io.WriteString(w, `{"content":"hello"}`)
		case "/v1/stream":
			stream(`{"content":"hel"}`, `{"content":"lo"}`, `{"content":""`+used, `[DONE]`)
		case "/v1/endless":
			stream(`{"content":"hello"}`)
			for r.Context().Err() == nil {
				stream(`{"content":"hello"}`)
			}
			s.in <- struct{}{}
		case "/v1/slow":
			stream(`{"content":"hello"}`)
			s.in <- struct{}{}
			select {
			case <-s.out:
				stream(`{"content":""` + used)
			case <-r.Context().Done():
			}
		case "/v1/dies":
			stream(`{"content":"hello"` + used)
			panic(http.ErrAbortHandler)
		case "/v1/refused":
			w.WriteHeader(http.StatusUnprocessableEntity)
		case "/v1/broken":
			w.WriteHeader(http.StatusInternalServerError)
		}
	}))
	t.Cleanup(app.Close)
	u, err := url.Parse(app.URL)
	if err != nil {
		t.Fatal(err)
	}
	o := spend.Options{Ledger: s.book, Prices: map[string]spend.Price{"m": {In: 1, Out: 10}, "m-big-*": {In: 2, Out: 100}}, Model: "m", MaxTokens: 100, User: 1000}
	o.Log = slog.New(slog.NewJSONHandler(&s.log, nil))
	if change != nil {
		change(&o)
	}
	check, tap := spend.New(o)
	p, err := guard.New(guard.Options{Upstream: u, Routes: []*guard.Route{{Pattern: "/v1/**", Chat: true}, {Pattern: "/other"}},
		Checks: []guard.Check{named{}, check, late{}}, Taps: []guard.Tap{tap}, Modes: s.modes, Log: o.Log})
	if err != nil {
		t.Fatal(err)
	}
	front := httptest.NewServer(p)
	t.Cleanup(front.Close)
	s.url = front.URL
	return s
}

// lines are a log.
type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

// of gives what was noted with the message.
func (l *lines) of(message string) []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []string
	for line := range strings.Lines(l.b.String()) {
		if strings.Contains(line, `"msg":"`+message+`"`) {
			out = append(out, line)
		}
	}
	return out
}

func (s *stand) socket(w http.ResponseWriter, r *http.Request) {
	c, err := websocket.Accept(w, r, &websocket.AcceptOptions{InsecureSkipVerify: true})
	if err != nil {
		return
	}
	defer c.CloseNow()
	for {
		kind, b, err := c.Read(r.Context())
		if err != nil || c.Write(r.Context(), kind, b) != nil {
			return
		}
	}
}

// ask gives status and body; an answer that broke off has the status 0.
func (s *stand) ask(ctx context.Context, path, user, body string, headers ...string) (int, string, http.Header) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Test-User", user)
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
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

// spent gives what an account has come to.
func (s *stand) spent(kind string) state.Money {
	s.t.Helper()
	day := time.Now().UTC().Format(time.DateOnly)
	name := map[string]string{"user": "user/" + day + "/" + state.Key{Tenant: "x", User: "ann"}.String(), "organisation": "organisation/" + day + "/x", "total": "total/" + day}[kind]
	m, err := s.book.Used(context.Background(), name)
	if err != nil {
		s.t.Fatal(err)
	}
	return m
}

// TestSettled: what each ending costs. None of them is free but a refusal.
func TestSettled(t *testing.T) {
	for name, c := range map[string]struct {
		path, body string
		headers    []string
		status     int
		cost       state.Money
	}{
		"usage":             {"/v1/json", "", nil, 200, 5 + 100},
		"usage of a stream": {"/v1/stream", "", nil, 200, 5 + 100},
		"usage of lines":    {"/v1/lines", "", nil, 200, 5 + 100},
		"usage in a text":   {"/v1/text", "", nil, 200, 1000},
		"usage in a page":   {"/v1/page", "", nil, 200, 1000},
		"usage of no type":  {"/v1/untold", "", nil, 200, 1000},
		"nothing told":      {"/v1/silent", "", nil, 200, 1000},
		"dies":              {"/v1/dies", "", nil, 0, 1000},
		"refused":           {"/v1/refused", "", nil, 422, 0},
		"refused by guard":  {"/v1/json", "", []string{"Test-Refuse", "1"}, 400, 0},
		"breaks":            {"/v1/broken", "", nil, 500, 1000},
		"max_tokens":        {"/v1/silent", `{"model":"m","messages":[],"max_tokens":7}`, nil, 200, 42 + 70},
		"too much":          {"/v1/silent", `{"model":"m","messages":[],"max_tokens":99}` + strings.Repeat(" ", 100), nil, 429, 0},
		"a query":           {"/v1/silent?q=" + strings.Repeat("a", 58), `{"model":"m","messages":[],"max_tokens":7}`, nil, 200, 42 + 60 + 70},
		"another model":     {"/v1/silent", `{"model":"m-big-1","messages":[],"max_tokens":2}`, nil, 200, 2*48 + 200},
		"unknown model":     {"/v1/json", `{"model":"m-big","messages":[]}`, nil, 403, 0},
		"unknown bound":     {"/v1/json", `{"model":"m","messages":[],"max_tokens":-1}`, nil, 400, 0},
		"not a chat":        {"/other", "", nil, 200, 0},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStand(t, nil)
			status, _, h := s.ask(t.Context(), c.path, "ann@x", c.body, c.headers...)
			if status != c.status {
				t.Errorf("status %d, want %d", status, c.status)
			}
			if status == 429 && h.Get("Retry-After") == "" {
				t.Error("no Retry-After")
			}
			if got := s.spent("user"); got != c.cost {
				t.Errorf("cost %d, want %d", got, c.cost)
			}
		})
	}
}

// TestOptions: a browser's question before a request costs nothing, and one with a body is
// charged: an application that takes all methods alike asks its model.
func TestOptions(t *testing.T) {
	for body, cost := range map[string]state.Money{"": 0, `{"model":"m","messages":[],"max_tokens":7}`: 42 + 70} {
		s := newStand(t, nil)
		req, err := http.NewRequestWithContext(t.Context(), http.MethodOptions, s.url+"/v1/silent", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Test-User", "ann@x")
		res, err := http.DefaultTransport.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, res.Body)
		_ = res.Body.Close()
		if got := s.spent("user"); res.StatusCode != 200 || got != cost {
			t.Errorf("%q: %d, cost %d, want %d", body, res.StatusCode, got, cost)
		}
	}
}

// TestBounded: the bound is said to the provider, too.
func TestBounded(t *testing.T) {
	s := newStand(t, nil)
	if status, _, _ := s.ask(t.Context(), "/v1/chat/completions", "ann@x", `{"model":"m","messages":[],"max_tokens":5000}`); status != 429 { // 100 tokens and the prompt
		t.Errorf("status %d", status)
	}
	s = newStand(t, func(o *spend.Options) { o.User = 5000 })
	if status, _, _ := s.ask(t.Context(), "/v1/chat/completions", "ann@x", `{"model":"m","messages":[],"max_tokens":5000}`); status != 200 || s.said.Load() != `{"model":"m","messages":[],"max_tokens":100}` {
		t.Errorf("status %d, sent %v", status, s.said.Load())
	}
	s = newStand(t, func(o *spend.Options) { o.Request = 999 })
	if status, _, _ := s.ask(t.Context(), "/v1/json", "ann@x", ""); status != 403 || s.asked.Load() != 0 {
		t.Errorf("more than one request may: %d", status)
	}
}

// TestOne: with budget for one, a crowd gets one in, on every kind of route and
// whichever budget it is.
func TestOne(t *testing.T) {
	budgets := map[string]func(*spend.Options){
		"user":         func(*spend.Options) {},
		"organisation": func(o *spend.Options) { o.User, o.Organisation = 0, 1000 },
		"total":        func(o *spend.Options) { o.User, o.Total = 9999, 1999 },
	}
	for kind, budget := range budgets {
		t.Run(kind, func(t *testing.T) {
			s := newStand(t, budget)
			var wg sync.WaitGroup
			var in, refused atomic.Int32
			for i := range 30 {
				path := []string{"/v1/silent", "/v1/slow"}[i%2]
				wg.Go(func() {
					switch status, _, _ := s.ask(context.Background(), path, "ann@x", ""); status {
					case 200:
						in.Add(1)
					case 429:
						if refused.Add(1) == 29 {
							close(s.out)
						}
					}
				})
			}
			wg.Wait()
			if in.Load() != 1 || s.asked.Load() != 1 || refused.Load() != 29 {
				t.Errorf("%d let in, %d refused", in.Load(), refused.Load())
			}
		})
	}
	t.Run("WebSocket", func(t *testing.T) {
		s := newStand(t, nil)
		var wg sync.WaitGroup
		var in atomic.Int32
		for range 10 {
			wg.Go(func() {
				c, _, err := websocket.Dial(context.Background(), s.url+"/v1/ws", &websocket.DialOptions{HTTPHeader: http.Header{"Test-User": {"ann@x"}}})
				if err == nil {
					in.Add(1)
					_ = c.CloseNow()
				}
			})
		}
		wg.Wait()
		if in.Load() != 1 || s.asked.Load() != 1 {
			t.Errorf("%d let in", in.Load())
		}
		if got := s.spent("user"); got != 1000 {
			t.Errorf("cost %d", got)
		}
	})
}

// TestTunnel: a WebSocket that says more than the budget allows is cut.
func TestTunnel(t *testing.T) {
	s := newStand(t, func(o *spend.Options) { o.User = 3000 })
	c, _, err := websocket.Dial(t.Context(), s.url+"/v1/ws", &websocket.DialOptions{HTTPHeader: http.Header{"Test-User": {"ann@x"}}, CompressionMode: websocket.CompressionContextTakeover})
	if err != nil {
		t.Fatal(err)
	}
	defer c.CloseNow()
	n := 0
	for ; n < 100; n++ {
		if c.Write(t.Context(), websocket.MessageText, []byte(strings.Repeat("a", 80))) != nil {
			break
		}
		if _, _, err := c.Read(t.Context()); err != nil {
			break
		}
	}
	if n < 8 || n > 11 { // 86 for what is asked, 210 for the answer
		t.Errorf("%d messages for 3000", n)
	}
	if got := s.spent("user"); got != 3000 {
		t.Errorf("cost %d", got)
	}
}

// TestStop: a stream that takes more than was reserved ends in the middle, says
// why, and stops the upstream.
func TestStop(t *testing.T) {
	s := newStand(t, nil)
	status, body, _ := s.ask(t.Context(), "/v1/endless", "ann@x", "")
	if status != 200 || !strings.HasSuffix(body, "\n\n") || !strings.Contains(body, "\n\nevent: error\ndata: {") || strings.Count(body, "hello") != 81 {
		t.Errorf("status %d, %d events, the end is %q", status, strings.Count(body, "hello"), body[max(0, len(body)-200):])
	}
	<-s.in // the upstream was stopped
	if got := s.spent("user"); got < 1000 {
		t.Errorf("cost %d", got)
	}
}

// TestDisconnect: who leaves, before the answer or in the middle of it, has paid.
func TestDisconnect(t *testing.T) {
	s := newStand(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	req, _ := http.NewRequestWithContext(ctx, http.MethodPost, s.url+"/v1/slow", nil)
	req.Header.Set("Test-User", "ann@x")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(res.Body).ReadString('\n'); err != nil || !strings.Contains(line, "hello") {
		t.Fatal(line, err)
	}
	<-s.in
	cancel()
	_ = res.Body.Close()
	if status, _, _ := s.ask(t.Context(), "/v1/json", "ann@x", ""); status != 429 {
		t.Errorf("the next: %d", status)
	}
	if got := s.spent("user"); got != 1000 {
		t.Errorf("cost %d", got)
	}
}

// broken is a ledger that is not there.
type broken struct{ state.Ledger }

func (broken) Reserve(context.Context, string, state.Money, []state.Cap) (int, error) {
	return -1, errors.New("connect to 10.0.0.9: refused")
}

func TestDown(t *testing.T) {
	s := newStand(t, func(o *spend.Options) { o.Ledger = broken{} })
	status, body, h := s.ask(t.Context(), "/v1/json", "ann@x", "")
	if status != 503 || s.asked.Load() != 0 || h.Get("Retry-After") == "" || strings.Contains(body, "10.0.0.9") {
		t.Errorf("status %d %s", status, body)
	}
}

// TestNobody: callers who did not sign in have a budget by address.
func TestNobody(t *testing.T) {
	s := newStand(t, nil)
	for i, want := range []int{200, 429} {
		if status, _, _ := s.ask(t.Context(), "/v1/silent", "", ""); status != want {
			t.Errorf("request %d: %d", i, status)
		}
	}
}

// TestNoBudget: who has no budget asks no model; and a model by a name in another
// case, which the upstream may not read, is no cheaper than the usual one.
func TestNoBudget(t *testing.T) {
	s := newStand(t, func(o *spend.Options) { o.User, o.Organisation = 0, 1000 })
	for user, want := range map[string]int{"": 403, "ann@": 403, "ann@x": 200} {
		if status, _, _ := s.ask(t.Context(), "/v1/silent", user, ""); status != want {
			t.Errorf("%q: %d, want %d", user, status, want)
		}
	}
	s = newStand(t, func(o *spend.Options) {
		o.Model, o.User = "m-big-1", 1e6
	})
	if status, _, _ := s.ask(t.Context(), "/v1/silent", "ann@x", `{"Model":"m","messages":[],"max_tokens":2}`); status != 200 || s.spent("user") != 2*42+200 {
		t.Errorf("status %d, cost %d", status, s.spent("user"))
	}
}

// TestSums: whatever comes at the same time and however it ends, what was spent
// is what the answers told, and never was the budget overdrawn.
func TestSums(t *testing.T) {
	const budget = 20_000
	s := newStand(t, func(o *spend.Options) { o.User, o.Total = 0, budget })
	close(s.out)
	paths := []string{"/v1/json", "/v1/stream", "/v1/silent", "/v1/refused", "/v1/slow", "/v1/broken"}
	costs := map[string]state.Money{"/v1/json": 105, "/v1/stream": 105, "/v1/silent": 1000, "/v1/slow": 105, "/v1/broken": 1000}
	var mu sync.Mutex
	var want state.Money
	var wg sync.WaitGroup
	for i := range 8 {
		rnd := rand.New(rand.NewPCG(uint64(i), 9))
		wg.Go(func() {
			for range 15 {
				path := paths[rnd.IntN(len(paths))]
				status, _, _ := s.ask(context.Background(), path, fmt.Sprint(i, "@x"), "")
				mu.Lock()
				if status != 429 {
					want += costs[path]
				}
				mu.Unlock()
				if got := s.spent("total"); got > budget {
					t.Errorf("%d was spent", got)
				}
			}
		})
	}
	wg.Wait()
	if got := s.spent("total"); got != want {
		t.Errorf("spent %d, want %d", got, want)
	}
}

func TestPerMillion(t *testing.T) {
	if p := spend.PerMillion(0.15, 0.60); p.In != 150_000 || p.Out != 600_000 {
		t.Errorf("%+v", p)
	}
	if spend.Dollars(1.5) != 15*state.Dollar/10 {
		t.Error(spend.Dollars(1.5))
	}
}

// BenchmarkSpend is the stage over an answer with usage; nothing is a route that
// asks no model.
func BenchmarkSpend(b *testing.B) {
	check, tap := spend.New(spend.Options{Ledger: &state.Book{}, Prices: map[string]spend.Price{"m": {}}, Model: "m", MaxTokens: 100, User: 1000, Organisation: 1000, Total: 1000})
	answer := `{"content":"` + strings.Repeat("a", 1000) + `"` + used
	p, err := guard.New(guard.Options{Upstream: &url.URL{Scheme: "http", Host: "app.test"}, Routes: []*guard.Route{{Pattern: "/chat", Chat: true}, {Pattern: "/nothing"}},
		Checks: []guard.Check{named{}, check}, Taps: []guard.Tap{tap}, Dial: canned(answer)})
	if err != nil {
		b.Fatal(err)
	}
	body := `{"model":"m","messages":[{"role":"user","content":"` + strings.Repeat("a", 1000) + `"}],"max_tokens":10}`
	for _, path := range []string{"/nothing", "/chat"} {
		b.Run(path[1:], func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
				r.Header.Set("Test-User", "ann@x")
				w := httptest.NewRecorder()
				p.ServeHTTP(w, r)
				if w.Code != http.StatusOK {
					b.Fatal(w.Code, w.Body)
				}
			}
		})
	}
}

type canned string

func (c canned) RoundTrip(r *http.Request) (*http.Response, error) {
	_, _ = io.Copy(io.Discard, r.Body)
	return &http.Response{StatusCode: 200, ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(string(c))), ContentLength: int64(len(c)), Request: r}, nil
}
