package spend_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/coder/websocket"

	"github.com/launchready/launchready/guard"
	"github.com/launchready/launchready/guard/spend"
	"github.com/launchready/launchready/guard/state"
)

// TestObserve: in observe a request goes on as it came, and is charged all the same.
func TestObserve(t *testing.T) {
	s := newStand(t, func(o *spend.Options) { o.User = 5000 })
	s.modes["spend"] = guard.Observe
	body := `{"model":"m","messages":[],"max_tokens":5000}`
	if status, _, _ := s.ask(t.Context(), "/v1/silent", "ann@x", body); status != 200 || s.said.Load() != body || s.spent("user") != 45+1000 {
		t.Errorf("status %d, sent %v, cost %d", status, s.said.Load(), s.spent("user"))
	}
}

// TestObserved: what spend would have refused or ended goes on as it would without
// spend, to the byte in both directions, and the log says what would have been.
func TestObserved(t *testing.T) {
	long := `{"model":"m","messages":["` + strings.Repeat("a", 1<<20) + `"]}`
	for name, c := range map[string]struct {
		path, body string
		chunked    bool
		change     func(*spend.Options)
		want       string      // in the log; "": nothing
		cost       state.Money // -1: whatever
	}{
		"what it would let in":   {path: "/v1/json", cost: 105},
		"a stream":               {path: "/v1/stream", cost: 105},
		"a spent budget":         {"/v1/json", "", false, func(o *spend.Options) { o.User = 10 }, "the budget of the day is spent: user", 0},
		"a stream without":       {"/v1/stream", "", false, func(o *spend.Options) { o.Total = 10 }, "the budget of the day is spent: total", 0},
		"a model without price":  {"/v1/silent", `{"model":"x","messages":[]}`, false, nil, "no price", 0},
		"a bound that is none":   {"/v1/silent", `{"model":"m","messages":[],"max_tokens":-1}`, false, nil, "cannot be told", 0},
		"a greater bound":        {"/v1/silent", `{"model":"m","messages":[],"max_tokens":4000}`, false, func(o *spend.Options) { o.User = 9000 }, "", 1045},
		"a ledger that is down":  {"/v1/json", "", false, func(o *spend.Options) { o.Ledger = broken{} }, "the budget cannot be asked", -1},
		"a stream that is long":  {"/v1/stream", "", false, func(o *spend.Options) { o.MaxTokens = 1 }, "would have been ended", -1},
		"a body that is long":    {"/v1/silent", long, false, nil, "too long", 0},
		"one of unknown length":  {"/v1/silent", long, true, nil, "too long", 0},
		"a short one of unknown": {"/v1/silent", `{"model":"m","messages":[]}`, true, func(o *spend.Options) { o.User = 9000 }, "", 1027},
	} {
		t.Run(name, func(t *testing.T) {
			var seen [2]string
			for i, mode := range []guard.Mode{guard.Off, guard.Observe} {
				s := newStand(t, c.change)
				s.modes["spend"] = mode
				var body io.Reader = strings.NewReader(c.body)
				if c.chunked {
					body = io.MultiReader(body)
				}
				r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+c.path, body)
				if err != nil {
					t.Fatal(err)
				}
				r.Header.Set("Test-User", "ann@x")
				r.Header.Set("Accept-Encoding", "gzip")
				res, err := http.DefaultTransport.RoundTrip(r)
				if err != nil {
					t.Fatal(err)
				}
				defer res.Body.Close()
				b, err := io.ReadAll(res.Body)
				if err != nil {
					t.Fatal(err)
				}
				res.Header.Del("X-Request-Id")
				res.Header.Del("Date")
				seen[i] = fmt.Sprint(res.StatusCode, res.Header, string(b), res.ContentLength, s.asked.Load(), s.head.Load(), s.said.Load())
				if mode == guard.Off {
					continue
				}
				log := s.log.of("observed")
				if len(log) != min(1, len(c.want)) || c.want != "" && !strings.Contains(log[0], c.want) {
					t.Errorf("%s, want %q", log, c.want)
				}
				if c.cost >= 0 && s.spent("user") != c.cost {
					t.Errorf("cost %d, want %d", s.spent("user"), c.cost)
				}
			}
			if seen[0] != seen[1] {
				t.Errorf("without %.300s\nobserved %.300s", seen[0], seen[1])
			}
		})
	}
}

// TestObservedTunnel: a WebSocket is not ended, and it is said once that it would be.
func TestObservedTunnel(t *testing.T) {
	s := newStand(t, func(o *spend.Options) { o.User = 2000 })
	s.modes["spend"] = guard.Observe
	c, _, err := websocket.Dial(t.Context(), s.url+"/v1/ws", &websocket.DialOptions{HTTPHeader: http.Header{"Test-User": {"ann@x"}}})
	if err != nil {
		t.Fatal(err)
	}
	defer c.CloseNow()
	for range 30 { // a message and its echo cost 296
		if err := c.Write(t.Context(), websocket.MessageText, []byte(strings.Repeat("a", 80))); err != nil {
			t.Fatal(err)
		}
		if _, _, err := c.Read(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if log := s.log.of("observed"); len(log) != 1 || !strings.Contains(log[0], "WebSocket") || s.spent("user") != 2000 {
		t.Errorf("%s, cost %d", log, s.spent("user"))
	}
}
