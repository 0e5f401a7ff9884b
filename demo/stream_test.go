package demo

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// dial opens a socket as the caller; nil when the handshake is refused.
func (w *world) dial(c caller, header ...string) (*websocket.Conn, int) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	h := http.Header{}
	if c.header != "" {
		h.Set(c.header, c.value)
	}
	for i := 0; i+1 < len(header); i += 2 {
		h.Set(header[i], header[i+1])
	}
	conn, res, err := websocket.Dial(ctx, "ws"+strings.TrimPrefix(w.s.URL, "http")+"/v1/ws", &websocket.DialOptions{HTTPHeader: h, HTTPClient: w.c})
	if err != nil {
		if res == nil {
			w.t.Fatalf("dial: %v", err)
		}
		return nil, res.StatusCode
	}
	w.t.Cleanup(func() { conn.CloseNow() }) //nolint:errcheck // may be closed
	return conn, http.StatusSwitchingProtocols
}

func (w *world) tell(conn *websocket.Conn, order string) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := conn.Write(ctx, websocket.MessageText, []byte(order)); err != nil {
		w.t.Fatal(err)
	}
}

// hear reads until a message of the type.
func (w *world) hear(conn *websocket.Conn, kind string) string {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	for {
		_, b, err := conn.Read(ctx)
		if err != nil {
			w.t.Fatalf("waiting for %s: %v", kind, err)
		}
		var n socketNews
		if err := json.Unmarshal(b, &n); err != nil {
			w.t.Fatal(err)
		}
		if n.Type == kind || n.Type == "error" {
			return string(b)
		}
	}
}

// socket sends one order and returns the first answer; "" when refused.
func (w *world) socket(c caller, order string) string {
	w.t.Helper()
	conn, _ := w.dial(c)
	if conn == nil {
		return ""
	}
	w.tell(conn, order)
	return w.hear(conn, "subscribed")
}

func TestSocket(t *testing.T) {
	w := start(t)
	alice, bob, victor := w.as("member@acme.test"), w.as("member@globex.test"), w.as("viewer@acme.test")
	o := w.make(alice, "KESTREL-4417")
	subscribe, say := `{"type":"subscribe","chat_id":"`+o.chat+`"}`, `{"type":"message","chat_id":"`+o.chat+`","content":"What is our code?"}`

	if _, status := w.dial(anon); status != http.StatusUnauthorized {
		t.Errorf("got handshake status %d for nobody, want 401", status)
	}
	if conn, status := w.dial(alice, "Origin", "https://evil.test"); status != http.StatusSwitchingProtocols {
		t.Errorf("got handshake status %d for a token, which no browser sends, want 101", status)
	} else {
		w.tell(conn, subscribe)
		if got := w.hear(conn, "subscribed"); !strings.Contains(got, o.canary) {
			t.Errorf("the token's own user got %s", got)
		}
	}
	if got := w.socket(bob, subscribe); strings.Contains(got, o.canary) || !strings.Contains(got, "no such chat") {
		t.Errorf("another tenant got %s, want a refusal", got)
	}
	if got := w.socket(bob, say); strings.Contains(got, o.canary) || !strings.Contains(got, "no such chat") {
		t.Errorf("another tenant got %s, want a refusal", got)
	}
	if got := w.socket(victor, say); !strings.Contains(got, "needs the role member") {
		t.Errorf("a viewer got %s, want a refusal", got)
	}
	if got := w.socket(alice, `{"type":`); !strings.Contains(got, "type must be") {
		t.Errorf("broken order got %s, want an error", got)
	}

	watcher, _ := w.dial(victor)
	w.tell(watcher, subscribe)
	if got := w.hear(watcher, "subscribed"); !strings.Contains(got, o.canary) {
		t.Errorf("got %s, want the past", got)
	}
	speaker, _ := w.dial(alice)
	w.tell(speaker, say)
	if got := w.hear(speaker, "done"); !strings.Contains(got, o.canary) {
		t.Errorf("got reply %s, want what the chat remembers", got)
	}
	if got := w.hear(watcher, "done"); !strings.Contains(got, o.canary) {
		t.Errorf("the watcher got %s, want the reply", got)
	}
}

func TestSocketsEndWithTheServer(t *testing.T) {
	w := start(t)
	conn, _ := w.dial(w.as("member@acme.test"))
	w.tell(conn, `{"type":"nothing"}`)
	w.hear(conn, "error")
	if err := w.s.live.Close(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if _, _, err := conn.Read(ctx); err == nil || ctx.Err() != nil {
		t.Errorf("got %v, want the connection closed", err)
	}
}

// events parses a stream into names and data.
func events(t *testing.T, body string) (names []string, data []string) {
	t.Helper()
	for _, frame := range strings.Split(strings.TrimSuffix(body, "\n\n"), "\n\n") {
		name, rest, ok := strings.Cut(frame, "\n")
		if !ok || !strings.HasPrefix(name, "event: ") || !strings.HasPrefix(rest, "data: ") {
			t.Fatalf("got frame %q", frame)
		}
		names, data = append(names, name[7:]), append(data, rest[6:])
	}
	return names, data
}

func TestStreamedReply(t *testing.T) {
	w := start(t)
	c := w.as("member@acme.test")
	o := w.make(c, "KESTREL-4417")
	a := w.do(c, "POST", "/v1/chats/"+o.chat+"/stream", map[string]any{"content": "What is our code?"}).want(200)
	if ct := a.Header.Get("Content-Type"); ct != "text/event-stream" {
		t.Errorf("got content type %q", ct)
	}
	names, data := events(t, a.Body)
	var text strings.Builder
	for i, n := range names[:len(names)-1] {
		var piece tokenText
		if err := json.Unmarshal([]byte(data[i]), &piece); n != "token" || err != nil {
			t.Fatalf("got event %s %s", n, data[i])
		}
		text.WriteString(piece.Text)
	}
	var done message
	if err := json.Unmarshal([]byte(data[len(data)-1]), &done); err != nil || names[len(names)-1] != "done" {
		t.Fatalf("got last event %s, want done", names[len(names)-1])
	}
	if len(names) < 3 || text.String() != done.Content || !strings.Contains(done.Content, o.canary) || done.Tokens == 0 {
		t.Errorf("got %d events that say %q, then %q", len(names), text.String(), done.Content)
	}
	w.do(c, "GET", "/v1/chats/"+o.chat+"/messages", nil).want(200).has(done.ID)
	names, _ = events(t, w.do(c, "GET", "/v1/chats/"+o.chat+"/stream", nil).want(200).has(o.canary).Body)
	if got := strings.Join(names, " "); got != "message message message message end" {
		t.Errorf("got replay %q", got)
	}
}

func TestFollowedStream(t *testing.T) {
	w := start(t)
	c := w.as("member@acme.test")
	o := w.make(c, "KESTREL-4417")
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, w.s.URL+"/v1/chats/"+o.chat+"/stream?follow=1", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set(c.header, c.value)
	res, err := w.c.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	lines := bufio.NewScanner(res.Body)
	until := func(text string) {
		t.Helper()
		for lines.Scan() {
			if strings.Contains(lines.Text(), text) {
				return
			}
		}
		t.Fatalf("the stream ended before %q: %v", text, lines.Err())
	}
	until(`"role":"assistant"`) // the end of the past
	w.do(c, "POST", "/v1/chats/"+o.chat+"/messages", map[string]any{"content": "Something NEW-5521 happened."}).want(201)
	until("NEW-5521")
	until("event: done")
}

func TestCompletions(t *testing.T) {
	w := start(t)
	c := w.as("member@acme.test")
	body := func(stream bool) map[string]any {
		return map[string]any{"stream": stream, "max_tokens": 200, "metadata": map[string]any{"tenant": "globex"},
			"messages": []any{map[string]any{"role": "user", "content": "How long do refunds take?"}}}
	}
	a := w.do(c, "POST", "/v1/chat/completions", body(false)).want(200).has("14 days").has(`"finish_reason":"stop"`)
	if got := a.str("object"); got != "chat.completion" {
		t.Errorf("got object %q", got)
	}
	s := w.do(c, "POST", "/v1/chat/completions", body(true)).want(200).has("chat.completion.chunk").has("data: [DONE]")
	if ct := s.Header.Get("Content-Type"); ct != "text/event-stream" {
		t.Errorf("got content type %q", ct)
	}
	w.do(anon, "POST", "/v1/chat/completions", body(false)).want(401).lacks("14 days")
	w.do(w.as("viewer@acme.test"), "POST", "/v1/chat/completions", body(false)).want(403)
	w.do(c, "GET", "/v1/models", nil).want(200).has("harbor-small")
	w.do(anon, "GET", "/v1/models", nil).want(401)
}

func TestProviderIsDown(t *testing.T) {
	s, err := New(Options{Seed: 1, Key: signingKey(t), ModelURL: "http://127.0.0.1:1"})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	w := &world{t: t, s: s, c: &http.Client{}, users: map[string]caller{}}
	c := w.as("member@acme.test")
	chat := w.do(c, "POST", "/v1/chats", map[string]any{"title": "x"}).want(201).str("id")
	w.do(c, "POST", "/v1/chats/"+chat+"/messages", map[string]any{"content": "hello"}).want(502).lacks("127.0.0.1:1")
	w.do(c, "POST", "/v1/chats/"+chat+"/stream", map[string]any{"content": "hello"}).want(200).has("event: error").lacks("127.0.0.1:1")
	w.do(c, "POST", "/v1/ask", map[string]any{"question": "hello?"}).want(502).lacks("127.0.0.1:1")
	w.do(c, "GET", "/v1/chats/"+chat+"/messages", nil).want(200).has("hello")
}
