package probe_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/probe"
)

func TestDial(t *testing.T) {
	h := func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/plain" {
			fmt.Fprint(w, "no socket here")
			return
		}
		if r.Header.Get("Authorization")+r.Header.Get("Cookie")+r.URL.Query().Get("key") == "" {
			w.WriteHeader(401)
			fmt.Fprint(w, strings.Repeat("sign in first ", 200))
			return
		}
		c, err := websocket.Accept(w, r, nil)
		if err != nil {
			return
		}
		defer c.CloseNow()
		ctx := context.WithoutCancel(r.Context())
		c.Write(ctx, websocket.MessageText, []byte("hello "+r.RequestURI))
		switch r.URL.Path {
		case "/close":
			c.Close(websocket.StatusNormalClosure, "bye")
		case "/big":
			c.Write(ctx, websocket.MessageText, []byte(strings.Repeat("b", 200)))
		case "/flood":
			for c.Write(ctx, websocket.MessageText, []byte("more")) == nil {
			}
		default:
			for {
				_, m, err := c.Read(ctx)
				if err != nil {
					return
				}
				c.Write(ctx, websocket.MessageText, append([]byte("echo "), m...))
			}
		}
	}
	s, ca := secure(t, h)
	plain := serve(t, h)
	secret := func(k, v string) map[string]lr.Secret { return map[string]lr.Secret{k: lr.NewSecret(v)} }
	for _, tc := range []struct {
		name   string
		cred   lr.Credential
		path   string
		send   []string
		status int
		body   string
		trunc  bool
	}{
		{"header", lr.Credential{Header: secret("Authorization", "Bearer tok-123456789")}, "/ws", []string{"a", "b"}, 101, "hello /ws\necho a\necho b", true},
		{"cookie", lr.Credential{Cookie: secret("sid", "tok-123456789")}, "/ws", []string{"a"}, 101, "hello /ws\necho a", true},
		{"query", lr.Credential{Query: secret("key", "tok-123456789")}, "/ws", nil, 101, "hello /ws?key=tok-123456789", true},
		{"closed by the target", lr.Credential{Cookie: secret("sid", "tok-123456789")}, "/close", nil, 101, "hello /close", false},
		{"refused", lr.Credential{}, "/ws", nil, 401, strings.Repeat("sign in first ", 200), false},
		{"no socket", lr.Credential{}, "/plain", nil, 200, "no socket here", false},
		{"raw path", lr.Credential{Cookie: secret("sid", "tok-123456789")}, "/a/%2e%2E//b", nil, 101, "hello /a/%2e%2E//b", true},
	} {
		for kind, o := range map[string]probe.Options{"ws": {Base: plain}, "wss": {Base: parse(t, s.URL), CAFile: ca}} {
			t.Run(tc.name+" "+kind, func(t *testing.T) {
				o.StreamFor = 100 * time.Millisecond
				c := client(t, o)
				x, err := c.Dial(t.Context(), &lr.Account{Identity: lr.Identity{Name: "a"}, Credential: tc.cred}, &lr.Request{Path: tc.path, Note: "n"}, tc.send...)
				if err != nil {
					t.Fatal(err)
				}
				if x.Status != tc.status || string(x.Body) != tc.body || x.Truncated != tc.trunc {
					t.Errorf("got %d %q truncated %v, want %d %q %v", x.Status, x.Body, x.Truncated, tc.status, tc.body, tc.trunc)
				}
				if x.As != "a" || x.Method != "GET" || x.Note != "n" || string(x.Sent) != strings.Join(tc.send, "\n") {
					t.Errorf("got %+v", x)
				}
				if rec := x.URL + fmt.Sprint(x.Request); strings.Contains(rec, "tok-") {
					t.Errorf("record shows the credential: %s", rec)
				}
			})
		}
	}
	t.Run("flood is bounded", func(t *testing.T) {
		c := client(t, probe.Options{Base: plain, Keep: 1000, StreamFor: time.Minute})
		x, err := c.Dial(t.Context(), bearer("a", "tok-123456789"), get("/flood"))
		if err != nil || len(x.Body) != 1000 || !x.Truncated {
			t.Fatalf("got %v %v", x, err)
		}
	})
	t.Run("a message above the bound", func(t *testing.T) {
		c := client(t, probe.Options{Base: plain, Keep: 100, StreamFor: time.Minute})
		x, err := c.Dial(t.Context(), bearer("a", "tok-123456789"), get("/big"))
		if err != nil || !strings.HasPrefix(string(x.Body), "hello /big") || !x.Truncated {
			t.Fatalf("got %v %v", x, err)
		}
	})
	t.Run("nobody there", func(t *testing.T) {
		ck := newClock()
		c := client(t, probe.Options{Base: parse(t, "http://127.0.0.1:1"), Sleep: ck.Sleep})
		if x, err := c.Dial(t.Context(), nil, get("/ws")); err == nil {
			t.Fatalf("got %v", x)
		}
	})
}

// TestLikely: a conversation that is probably whole ends sooner than by silence, and
// one that is not is waited for.
func TestLikely(t *testing.T) {
	t.Parallel()
	base := serve(t, func(w http.ResponseWriter, r *http.Request) {
		c, err := websocket.Accept(w, r, nil)
		if err != nil {
			return
		}
		defer c.CloseNow()
		ctx := c.CloseRead(context.WithoutCancel(r.Context()))
		c.Write(ctx, websocket.MessageText, []byte("one"))
		select {
		case <-ctx.Done():
		case <-time.After(2 * time.Second):
			c.Write(ctx, websocket.MessageText, []byte("two"))
		}
	})
	for name, tc := range map[string]struct {
		likely func([]byte) bool
		want   string
	}{
		"whole":     {func(b []byte) bool { return string(b) == "one" }, "one"},
		"not whole": {func([]byte) bool { return false }, "one\ntwo"},
		"not asked": {nil, "one\ntwo"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := client(t, probe.Options{Base: base})
			x, err := c.Dial(t.Context(), nil, &lr.Request{Path: "/", Quiet: 4 * time.Second, StreamFor: 20 * time.Second, Likely: tc.likely})
			if err != nil || string(x.Body) != tc.want {
				t.Errorf("got %v, %v, want %q", x, err, tc.want)
			}
		})
	}
}
