package ownership_test

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/launchready/launchready/guard/ownership"
)

// TestSocketOrigin: a page of another origin opens no WebSocket, whatever
// credential its visitor's browser sends along.
func TestSocketOrigin(t *testing.T) {
	s := newStand(t, setting{edit: func(o *ownership.Options) { o.Rules["/ws"][0].Messages.Origins = []string{"https://app.acme.test"} }})
	host := strings.TrimPrefix(s.front, "http://")
	for origin, want := range map[string]int{
		"": 101, "http://" + host: 101, "https://" + host: 101, "https://app.acme.test": 101, "https://App.acme.test": 101,
		"https://evil.test": 403, "null": 403, "http://app.acme.test": 403, "https://app.acme.test.evil.test": 403, "https://app.acme.test:8443": 403, host: 403, "https://app.acme.test,https://evil.test": 403,
	} {
		h := http.Header{"Authorization": {"Bearer globex"}}
		for _, o := range strings.Split(origin, ",") {
			if o != "" {
				h.Add("Origin", o)
			}
		}
		c, res, err := websocket.Dial(t.Context(), s.front+"/ws", &websocket.DialOptions{HTTPHeader: h})
		if err == nil {
			_ = c.CloseNow()
		}
		if res == nil || res.StatusCode != want {
			t.Errorf("%q: %v %v, want %d", origin, res, err, want)
		}
	}
}

// TestSocketRate: the messages of a user are counted over all connections; one
// that is too much reaches nobody, and who goes on is cut off.
func TestSocketRate(t *testing.T) {
	var now atomic.Int64
	s := newStand(t, setting{edit: func(o *ownership.Options) {
		o.Now = func() time.Time { return time.Unix(1+now.Load(), 0) }
		o.Rules["/ws"][0].Messages.Rate, o.Rules["/ws"][0].Messages.Window = 3, time.Minute
	}})
	dial := func(tenant string) *websocket.Conn {
		t.Helper()
		c, _, err := websocket.Dial(t.Context(), s.front+"/ws", &websocket.DialOptions{HTTPHeader: http.Header{"Authorization": {"Bearer " + tenant}}})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.CloseNow() })
		return c
	}
	say := func(c *websocket.Conn) string {
		t.Helper()
		if err := c.Write(t.Context(), websocket.MessageText, []byte(`{"type":"hello"}`)); err != nil {
			return websocket.CloseStatus(err).String()
		}
		_, b, err := c.Read(t.Context())
		if err != nil {
			return websocket.CloseStatus(err).String()
		}
		return string(b)
	}
	one, two, other := dial("acme"), dial("acme"), dial("globex")
	for i, c := range []*websocket.Conn{one, two, one} {
		if got := say(c); !strings.Contains(got, "no chat") {
			t.Errorf("message %d: %s", i, got)
		}
	}
	for _, c := range []*websocket.Conn{one, two} {
		if got := say(c); got != `{"type":"error","status":429,"title":"Too Many Requests"}` {
			t.Errorf("too much: %s", got)
		}
	}
	if got := say(other); !strings.Contains(got, "no chat") {
		t.Errorf("another user: %s", got)
	}
	last := ""
	for range 100 {
		last = say(two)
	}
	if last != websocket.StatusPolicyViolation.String() {
		t.Errorf("who goes on: %s", last)
	}
	now.Add(20)
	if got := say(dial("acme")); !strings.Contains(got, "no chat") {
		t.Errorf("a third of the window later: %s", got)
	}
}
