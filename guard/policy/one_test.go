package policy_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/coder/websocket"

	"github.com/launchready/launchready/guard/policy"
)

// both is a policy whose front and whose model's listener spend from one budget.
const both = `version: 1
listen: 127.0.0.1:0
upstream: %s
limits: {all: {per: global, requests: 100000, window: 1h}}
routes:
  - {path: /json, public: true, chat: true, limits: [all]}
  - {path: /events, public: true, chat: true, limits: [all]}
  - {path: /ws, public: true, chat: true, limits: [all]}
spend: {prices: {m: {input: 1, output: 2}}, model: m, max_tokens: 100, total_day: %.9f}
model:
  listen: 127.0.0.1:8081
  providers:
    openai: {url: "%s", key: "${env:OPENAI_API_KEY}"}
    anthropic: {url: "%s", key: "${env:OPENAI_API_KEY}"}
  keys: [{name: acme, sha256: "%x", tenant: acme}]
  models: [m]
  max_tokens: 100
  spend: {}
state: {ledger: "%s"}
unsafe: [charged at the front /json, charged at the front /events, charged at the front /ws]
`

// crossing is the application and the provider in one: what is let in waits until
// everybody of a crowd was let in or refused, so that no answer gives back too early
// what it did not use.
type crossing struct {
	*httptest.Server
	asked, known atomic.Int32
	crowd        int32
	wait         chan struct{} // closed then; nil: nothing waits
}

// is is told of each one that was let in or refused.
func (c *crossing) is() {
	if c.known.Add(1) == c.crowd {
		close(c.wait)
	}
}

func newCrossing(t testing.TB) *crossing {
	c := &crossing{}
	to := provider(t)
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c.asked.Add(1)
		c.is()
		if r.Header.Get("Upgrade") != "" {
			c.socket(w, r)
			return
		}
		b, _ := io.ReadAll(r.Body)
		if c.wait != nil {
			select {
			case <-c.wait:
			case <-r.Context().Done():
			}
		}
		switch r.URL.Path {
		case "/json":
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, `{"content":"hello","usage":{"prompt_tokens":1,"completion_tokens":1}}`)
		case "/events":
			w.Header().Set("Content-Type", "text/event-stream")
			_, _ = io.WriteString(w, "data: {\"content\":\"hello\"}\n\ndata: {\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":1}}\n\n")
		default:
			r.Body = io.NopCloser(strings.NewReader(string(b)))
			to.Config.Handler.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(c.Close)
	return c
}

// socket echoes.
func (c *crossing) socket(w http.ResponseWriter, r *http.Request) {
	ws, err := websocket.Accept(w, r, &websocket.AcceptOptions{InsecureSkipVerify: true})
	if err != nil {
		return
	}
	defer ws.CloseNow()
	for {
		kind, b, err := ws.Read(r.Context())
		if err != nil || ws.Write(r.Context(), kind, b) != nil {
			return
		}
	}
}

// pair is guard's front and its model's listener, with one ledger.
type pair struct {
	t             testing.TB
	front, second *httptest.Server // only their addresses count
}

// newPair serves with a budget in millionths of a dollar.
func newPair(t testing.TB, to string, budget int, modes string) *pair {
	t.Helper()
	text := fmt.Sprintf(both, to, float64(budget)/1e6, to, to, sha256.Sum256([]byte(virtual)), "sqlite:guard.db") + modes
	s := &policy.State{Folder: t.TempDir()}
	p := &pair{t: t, front: httptest.NewServer(serve(t, s, "%s", text))}
	p.second = httptest.NewServer(serveModel(t, s, "%s", text))
	t.Cleanup(func() {
		p.front.Close()
		p.second.Close()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

// kinds are the ways to ask the model through guard, and what one request of each
// reserves.
var kinds = []struct {
	name, path, body string
	stream           bool
}{
	{"front JSON", "/json", "{}", false},
	{"front SSE", "/events", "{}", true},
	{"front WebSocket", "/ws", "", false},
	{"chat", "chat/completions", prompt("chat/completions", "hello", false), false},
	{"chat streamed", "chat/completions", prompt("chat/completions", "hello", true), true},
	{"responses", "responses", prompt("responses", "hello", false), false},
	{"responses streamed", "responses", prompt("responses", "hello", true), true},
	{"messages", "messages", prompt("messages", "hello", false), false},
	{"messages streamed", "messages", prompt("messages", "hello", true), true},
	{"embeddings", "embeddings", prompt("embeddings", strings.Repeat("hello ", 33), false), false},
}

// reserves is the worst case: a token for each byte, and 100 of the answer for two each.
func reserves(i int) int {
	if kinds[i].path == "embeddings" {
		return len(kinds[i].body)
	}
	return len(kinds[i].body) + 200
}

// ask asks by the kind and gives the status; 101 is a WebSocket, which stays open until
// it is told to close.
func (p *pair) ask(i int, until <-chan struct{}) int {
	k := kinds[i]
	if k.path == "/ws" {
		c, res, err := websocket.Dial(context.Background(), p.front.URL+k.path, nil)
		if err == nil {
			<-until
			_ = c.CloseNow()
		}
		if res == nil {
			return 0
		}
		return res.StatusCode
	}
	to := p.second.URL + "/v1/" + k.path
	if strings.HasPrefix(k.path, "/") {
		to = p.front.URL + k.path
	}
	r, err := http.NewRequestWithContext(context.Background(), http.MethodPost, to, strings.NewReader(k.body))
	if err != nil {
		p.t.Error(err)
		return 0
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+virtual)
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0
	}
	defer res.Body.Close()
	if b, err := io.ReadAll(res.Body); err != nil || strings.Contains(string(b), "error") && res.StatusCode == 200 {
		p.t.Errorf("%s: %v %s", k.name, err, b)
	}
	return res.StatusCode
}

// TestBudgetForOne: with budget for one, of a crowd on any kind of route, or on all of
// them at the same time, one is let in and one reaches the application or its provider;
// when its answer tells what it used, the next one is let in as well.
func TestBudgetForOne(t *testing.T) {
	all := make([]int, len(kinds))
	cases := map[string][]int{"all at once": all}
	for i, k := range kinds {
		all[i] = i
		cases[k.name] = []int{i}
	}
	for name, of := range cases {
		t.Run(name, func(t *testing.T) {
			const crowd = 20
			dearest := 0
			for _, i := range of {
				dearest = max(dearest, reserves(i))
			}
			app := newCrossing(t)
			app.wait, app.crowd = make(chan struct{}), crowd
			p := newPair(t, app.URL, dearest+40, "")
			var in, refused atomic.Int32
			var wg sync.WaitGroup
			for n := range crowd {
				wg.Go(func() {
					switch status := p.ask(of[n%len(of)], app.wait); status {
					case 200, 101:
						in.Add(1)
					case 429:
						refused.Add(1)
						app.is()
					default:
						t.Errorf("%s: status %d", kinds[of[n%len(of)]].name, status)
					}
				})
			}
			wg.Wait()
			if in.Load() != 1 || app.asked.Load() != 1 || refused.Load() != crowd-1 {
				t.Errorf("%d let in, %d asked, %d refused", in.Load(), app.asked.Load(), refused.Load())
			}
			if len(of) > 1 || kinds[of[0]].path == "/ws" { // which tells no usage
				return
			}
			app.wait = nil
			if status := p.ask(of[0], nil); status != 200 {
				t.Errorf("after an answer that used little: %d", status)
			}
		})
	}
}

// TestBudgetForOneMessage: when the budget has one more part, one of the WebSockets
// that are open gets it for its next message, and the others are ended.
func TestBudgetForOneMessage(t *testing.T) {
	const open = 6
	app := newCrossing(t)
	p := newPair(t, app.URL, (open+1)*200+20, "")
	var sockets []*websocket.Conn
	for range open {
		c, _, err := websocket.Dial(t.Context(), p.front.URL+"/ws", nil)
		if err != nil {
			t.Fatal(err)
		}
		defer c.CloseNow()
		sockets = append(sockets, c)
	}
	// A message of 90 bytes and its echo take more than half of what opening reserved.
	message := []byte(strings.Repeat("a", 90))
	for round, want := range []int32{open, 1} {
		var answered atomic.Int32
		var wg sync.WaitGroup
		for _, c := range sockets {
			wg.Go(func() {
				if c.Write(t.Context(), websocket.MessageText, message) != nil {
					return
				}
				if _, b, err := c.Read(t.Context()); err == nil && string(b) == string(message) {
					answered.Add(1)
				}
			})
		}
		wg.Wait()
		if answered.Load() != want {
			t.Errorf("round %d: %d of %d were answered, want %d", round, answered.Load(), open, want)
		}
	}
}
