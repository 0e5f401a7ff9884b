package policy_test

import (
	"bufio"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/coder/websocket"

	"github.com/launchready/launchready/guard"
	"github.com/launchready/launchready/guard/auth"
	"github.com/launchready/launchready/guard/model"
	"github.com/launchready/launchready/guard/policy"
)

const switched = `version: 1
listen: 127.0.0.1:0
upstream: %s
auth:
  api_keys: {keys: [{sha256: %s, subject: ann, tenant: acme}, {sha256: %s, subject: bob, tenant: other}]}
routes:
  - {path: /events}
  - {path: /ws}
  - {path: /files, public: true}
  - {path: /hook, public: true}
webhooks: [{path: /hook, scheme: github, secrets: ["${env:HOOK}"]}]
model:
  listen: 127.0.0.1:8081
  providers: {openai: {url: "%s", key: "${env:OPENAI_API_KEY}"}, anthropic: {url: "%s", key: "${env:OPENAI_API_KEY}"}}
  keys: [{name: acme, sha256: "%x", tenant: acme}, {name: other, sha256: "%x", tenant: other}]
  models: [m]
  max_tokens: 100
  tools: [{name: send}]
`

// board is guard's front and its model's listener, whose policy is read again, and an
// application that begins to answer and goes on when it is told to.
type board struct {
	t         *testing.T
	app       *httptest.Server
	front     *httptest.Server
	second    *httptest.Server
	state     *policy.State
	pipe      guard.Handler
	egress    model.Handler
	text      string
	ann, bob  string
	began, on chan struct{}
	events    atomic.Int32
}

func newBoard(t *testing.T) *board {
	b := &board{t: t, state: &policy.State{Env: func(n string) (string, bool) { return "secret of " + n, true }}}
	b.app = httptest.NewServer(http.HandlerFunc(b.serve))
	var hashes [2]string
	b.ann, hashes[0] = auth.NewKey()
	b.bob, hashes[1] = auth.NewKey()
	b.text = fmt.Sprintf(switched, b.app.URL, hashes[0], hashes[1], b.app.URL, b.app.URL, sha256.Sum256([]byte(virtual)), sha256.Sum256([]byte(ofTenant)))
	b.reload("")
	b.front, b.second = httptest.NewServer(&b.pipe), httptest.NewServer(&b.egress)
	t.Cleanup(func() {
		b.front.Close()
		b.second.Close()
		b.app.Close()
	})
	return b
}

func (b *board) reload(kill string) {
	b.t.Helper()
	b.egress.Store(serveModel(b.t, b.state, "%s", b.text+kill))
	b.pipe.Store(serve(b.t, b.state, "%s", b.text+kill))
}

// serve says a first word, and a last one when it is told to.
func (b *board) serve(w http.ResponseWriter, r *http.Request) {
	began, on := b.began, b.on
	wait := func() bool {
		began <- struct{}{}
		select {
		case <-on:
			return true
		case <-r.Context().Done():
			return false
		}
	}
	switch {
	case r.Header.Get("Upgrade") != "":
		c, err := websocket.Accept(w, r, nil)
		if err != nil {
			return
		}
		defer c.CloseNow()
		ctx := c.CloseRead(context.Background())
		began <- struct{}{}
		select {
		case <-on:
			_ = c.Write(ctx, websocket.MessageText, []byte("the last word"))
			<-ctx.Done()
		case <-ctx.Done():
		}
	case r.URL.Path == "/hook" || r.URL.Path == "/files": // no word before the last
		_, _ = io.Copy(io.Discard, r.Body)
		if wait() {
			_, _ = io.WriteString(w, "the last word")
		}
	default:
		_, _ = io.Copy(io.Discard, r.Body)
		kind := strings.TrimPrefix(r.URL.Path, "/v1/")
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = io.WriteString(w, piece(kind, "the first word "))
		_ = http.NewResponseController(w).Flush()
		if wait() {
			_, _ = io.WriteString(w, piece(kind, "the last word")+lastPiece(kind, ""))
		}
	}
}

// flows are what is under way; each gives what it heard when it is over, and the status
// where there is one.
func (b *board) flows() map[string]func() (int, string) {
	plain := func(to, key, body string, headers ...string) func() (int, string) {
		return func() (int, string) {
			r, err := http.NewRequestWithContext(context.Background(), http.MethodPost, to, strings.NewReader(body))
			if err != nil {
				return 0, err.Error()
			}
			r.Header.Set("Content-Type", "application/json")
			for i := 0; i < len(headers); i += 2 {
				r.Header.Set(headers[i], headers[i+1])
			}
			if key != "" && strings.HasPrefix(to, b.second.URL) {
				r.Header.Set("Authorization", "Bearer "+key)
			} else if key != "" {
				r.Header.Set("X-API-Key", key)
			}
			res, err := http.DefaultTransport.RoundTrip(r)
			if err != nil {
				return 0, ""
			}
			defer res.Body.Close()
			got, _ := io.ReadAll(bufio.NewReader(res.Body)) // it may break off
			return res.StatusCode, string(got)
		}
	}
	tool := strings.Replace(prompt("chat/completions", "hi", true), "{", `{"tools":[{"type":"function","function":{"name":"send"}}],`, 1)
	return map[string]func() (int, string){
		"events of acme":  plain(b.front.URL+"/events", b.ann, "{}"),
		"events of other": plain(b.front.URL+"/events", b.bob, "{}"),
		"files":           plain(b.front.URL+"/files", "", "{}"),
		"hook": func() (int, string) { // an event is taken once
			event := fmt.Sprintf(`{"n":%d}`, b.events.Add(1))
			m := hmac.New(sha256.New, []byte("secret of HOOK"))
			m.Write([]byte(event))
			return plain(b.front.URL+"/hook", "", event, "X-Hub-Signature-256", "sha256="+hex.EncodeToString(m.Sum(nil)), "X-Github-Delivery", event)()
		},
		"chat of acme":    plain(b.second.URL+"/v1/chat/completions", virtual, tool),
		"chat of other":   plain(b.second.URL+"/v1/responses", ofTenant, prompt("responses", "hi", true)),
		"claude of acme":  plain(b.second.URL+"/v1/messages", virtual, prompt("messages", "hi", true)),
		"claude of other": plain(b.second.URL+"/v1/messages", ofTenant, prompt("messages", "hi", true)),
		"socket of acme": func() (int, string) {
			c, res, err := websocket.Dial(context.Background(), b.front.URL+"/ws", &websocket.DialOptions{HTTPHeader: http.Header{"X-Api-Key": {b.ann}}})
			if err != nil {
				if res == nil {
					return 0, ""
				}
				return res.StatusCode, ""
			}
			defer c.CloseNow()
			_, word, _ := c.Read(context.Background()) // it may be cut
			return res.StatusCode, string(word)
		},
	}
}

// TestKillUnderWay: a switch ends the streams, WebSockets and requests of its scope that
// are under way, leaves all others alone, and refuses what comes after.
func TestKillUnderWay(t *testing.T) {
	b := newBoard(t)
	flows := b.flows()
	model := []string{"chat of acme", "chat of other", "claude of acme", "claude of other"}
	for kill, off := range map[string][]string{
		"":                                 nil,
		"kill: {all: true}":                {"events of acme", "events of other", "files", "hook", "socket of acme", model[0], model[1], model[2], model[3]},
		"kill: {routes: [/events]}":        {"events of acme", "events of other"},
		"kill: {routes: [/ws]}":            {"socket of acme"},
		"kill: {tenants: [acme]}":          {"events of acme", "socket of acme", model[0], model[2]},
		"kill: {tenants: [other]}":         {"events of other", model[1], model[3]},
		"kill: {providers: [openai]}":      {model[0], model[1]},
		"kill: {providers: [anthropic]}":   {model[2], model[3]},
		"kill: {tools: [send]}":            {model[0]},
		"kill: {webhooks: [github]}":       {"hook"},
		"kill: {webhooks: [/hook, other]}": {"hook"},
	} {
		b.began, b.on = make(chan struct{}, len(flows)), make(chan struct{})
		type heard struct {
			name   string
			status int
			text   string
		}
		over := make(chan heard, len(flows))
		for name, flow := range flows {
			go func() {
				status, text := flow()
				over <- heard{name, status, text}
			}()
		}
		for range flows {
			<-b.began
		}
		b.reload(kill + "\n")
		var got []string
		for range off {
			h := <-over
			got = append(got, h.name)
			if strings.Contains(h.text, "the last word") {
				t.Errorf("%s: %s went on", kill, h.name)
			}
			if (h.name == "files" || h.name == "hook") && h.status != 503 {
				t.Errorf("%s: %s: %d", kill, h.name, h.status)
			}
			if slices.Contains(model, h.name) && (!strings.Contains(h.text, "switched off") || !strings.Contains(h.text, "the first word")) {
				t.Errorf("%s: %s: %s", kill, h.name, h.text)
			}
		}
		close(b.on) // for the others
		for range len(flows) - len(off) {
			if h := <-over; !strings.Contains(h.text, "the last word") {
				t.Errorf("%s: %s was ended: %d %s", kill, h.name, h.status, h.text)
			}
		}
		if slices.Sort(off); !slices.Equal(slices.Sorted(slices.Values(got)), off) {
			t.Errorf("%s ends %v, want %v", kill, got, off)
		}
		for _, name := range off {
			if name == model[0] && strings.Contains(kill, "tools") {
				continue // without the tool it goes on
			}
			if status, _ := flows[name](); status != 503 {
				t.Errorf("%s: the next of %s: %d", kill, name, status)
			}
		}
		b.reload("")
	}
}
