package chat_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/chat"
)

func detector(t *testing.T, base string) *chat.Detector {
	t.Helper()
	return &chat.Detector{Endpoint: endpoint(t, base, chat.Shape{}), Random: rand.New(rand.NewPCG(1, 2)), Patience: 300 * time.Millisecond}
}

// TestDetectHostile: an endpoint that misbehaves ends in a reason that a person
// understands, after few questions.
func TestDetectHostile(t *testing.T) {
	b, hold := newBrain(), make(chan struct{})
	asked := map[string]*atomic.Int32{}
	handler := func(name string, f func(w http.ResponseWriter, message string, n int)) http.HandlerFunc {
		asked[name] = &atomic.Int32{}
		return func(w http.ResponseWriter, r *http.Request) {
			in, ok := body[struct{ Message string }](w, r)
			if ok {
				f(w, in.Message, int(asked[name].Add(1)))
			}
		}
	}
	base := serve(t, map[string]http.HandlerFunc{
		"POST /endless": handler("endless", func(w http.ResponseWriter, _ string, _ int) {
			w.Header().Set("Content-Type", "text/event-stream")
			for {
				if _, err := io.WriteString(w, "data: {\"t\":\"and on \"}\n\n"); err != nil {
					return
				}
				w.(http.Flusher).Flush()
			}
		}),
		"POST /silent": handler("silent", func(w http.ResponseWriter, _ string, _ int) {
			w.Header().Set("Content-Type", "text/event-stream")
			w.(http.Flusher).Flush()
			<-hold
		}),
		"POST /broken": handler("broken", func(w http.ResponseWriter, _ string, _ int) { http.Error(w, `{"error":"down"}`, 500) }),
		"POST /dropped": handler("dropped", func(w http.ResponseWriter, _ string, _ int) {
			w.Header().Set("Content-Length", "1000")
			io.WriteString(w, `{"reply":"half`) //nolint:errcheck // it is cut
			panic(http.ErrAbortHandler)
		}),
		"POST /bytes": handler("bytes", func(w http.ResponseWriter, _ string, _ int) {
			w.Header().Set("Content-Type", "text/event-stream")
			w.Write([]byte("data: \xff\xfe{\x00\n\ndata: {\"a\":\n\nevent\n:::\n\n\x80")) //nolint:errcheck // likewise
		}),
		"POST /refuses": handler("refuses", func(w http.ResponseWriter, _ string, _ int) {
			http.Error(w, `{"message":"which tenant?"}`, http.StatusUnprocessableEntity)
		}),
		"POST /echo": handler("echo", func(w http.ResponseWriter, m string, _ int) { answer(w, object{"reply": m}) }),
		"POST /once": handler("once", func(w http.ResponseWriter, m string, n int) {
			if n%2 == 1 {
				http.Error(w, "try again", http.StatusInternalServerError)
				return
			}
			answer(w, object{"reply": b.say("once", m)})
		}),
		"POST /changes": handler("changes", func(w http.ResponseWriter, m string, n int) {
			answer(w, []any{object{"reply": b.say("changes", m)}, object{"data": object{"text": b.say("changes", m)}}, object{"out": []any{b.say("changes", m)}}}[n%3])
		}),
	})
	t.Cleanup(func() { close(hold) })
	for _, c := range []struct {
		path, note string // "" is found
		most       int32
	}{
		{"/endless", "had not ended after 300ms", 1},
		{"/silent", "", 1},
		{"/broken", "answered 500 to the calibration question, twice", 2},
		{"/dropped", "POST /dropped", 1},
		{"/bytes", "nothing in the answer is the result", 3},
		{"/refuses", `answered 422 to the calibration question: "{\"message\":\"which tenant?\"}"`, 1},
		{"/echo", "nothing in the answer is the result", 3},
		{"/once", "found", 20},
		{"/changes", "found", 20},
	} {
		t.Run(c.path[1:], func(t *testing.T) {
			got, err := detector(t, base).Detect(t.Context(), nil, []chat.Shape{own(c.path, map[string]any{"message": "$message"})})
			if n := asked[c.path[1:]].Load(); n == 0 || n > c.most {
				t.Errorf("asked %d times, want at most %d", n, c.most)
			}
			if c.note == "found" {
				if err != nil || !slices.Contains(got.Ops, chat.Join) && !slices.Contains(got.Ops, chat.Initials) {
					t.Errorf("%v; answers %v; notes %q", err, got.Ops, got.Notes)
				}
				return
			}
			if !errors.Is(err, chat.ErrNoShape) || len(got.Notes) == 0 || !strings.Contains(strings.Join(got.Notes, "\n"), c.note) {
				t.Errorf("%v; notes %q, want one that says %q", err, got.Notes, c.note)
			}
		})
	}
}

// TestChanges: an answer is read wherever an endpoint was seen to put it.
func TestChanges(t *testing.T) {
	b, n := newBrain(), 0
	base := serve(t, map[string]http.HandlerFunc{"POST /chat": func(w http.ResponseWriter, r *http.Request) {
		in, ok := body[struct{ Message string }](w, r)
		if n++; ok {
			answer(w, []any{object{"reply": b.say("c", in.Message)}, object{"data": object{"text": b.say("c", in.Message)}}}[n%2])
		}
	}})
	got, err := detector(t, base).Detect(t.Context(), nil, []chat.Shape{own("/chat", map[string]any{"message": "$message"})})
	if err != nil || len(got.Ops) != 3 || len(got.Shape.Text) != 2 || !got.Remembers {
		t.Errorf("%v: answers %v, looked for at %v, remembers %t", err, got.Ops, got.Shape.Text, got.Remembers)
	}
}

// TestSwells: a stream that tells the whole again and again is read once.
func TestSwells(t *testing.T) {
	b := newBrain()
	base := serve(t, map[string]http.HandlerFunc{"POST /chat": func(w http.ResponseWriter, r *http.Request) {
		in, ok := body[struct{ Message string }](w, r)
		if !ok {
			return
		}
		var list []any
		said := ""
		for _, c := range chunks(b.say("c", in.Message)) {
			said += c
			list = append(list, "generating", []any{said, nil})
		}
		sse(w, list...)
	}})
	d := detector(t, base)
	got, err := d.Detect(t.Context(), nil, []chat.Shape{own("/chat", map[string]any{"message": "$message"})})
	if err != nil {
		t.Fatal(err, got.Notes)
	}
	e := endpoint(t, base, got.Shape)
	if a, err := e.Ask(t.Context(), nil, lr.Message{Text: "hello"}); err != nil || a.Text != "Happy to help." {
		t.Errorf("read %q (%v) at %v", a.Text, err, got.Shape.Text)
	}
}

// TestStaysOpen: a WebSocket that is not closed after the answer is read to the
// frame that says that the answer is complete, and no longer.
func TestStaysOpen(t *testing.T) {
	b := newBrain()
	base := serve(t, map[string]http.HandlerFunc{"GET /ws": func(w http.ResponseWriter, r *http.Request) {
		c, err := websocket.Accept(w, r, nil)
		if err != nil {
			return
		}
		defer c.CloseNow() //nolint:errcheck // the client may be gone
		for {
			_, m, err := c.Read(r.Context())
			if err != nil {
				return
			}
			var in struct{ Type, Content string }
			if json.Unmarshal(m, &in) != nil || in.Type != "message" {
				continue
			}
			say := func(v any) {
				out, _ := json.Marshal(v)
				c.Write(r.Context(), websocket.MessageText, out) //nolint:errcheck // likewise
			}
			say(object{"type": "ack"})
			for _, p := range chunks(b.say("ws", in.Content)) {
				say(object{"type": "token", "data": object{"text": p}})
			}
			say(object{"type": "ping"})
			say(object{"type": "done"})
		}
	}})
	routes := []*lr.Route{{Method: "GET", Path: "/ws", Kind: lr.WebSocket}}
	a, _, err := chat.Meet(t.Context(), detector(t, base), nil, chat.FromRoutes(routes), routes)
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(a.Shape.Done); got != "[/type where /type=done]" || !a.Skills().Streams || a.Skills().Subject != "GET /ws" || len(a.Twins()) != 0 {
		t.Errorf("complete at %s; skills %+v; %d twins", got, a.Skills(), len(a.Twins()))
	}
	got, err := a.Ask(t.Context(), nil, lr.Message{Text: "hello"})
	if err != nil || got.Text != "Happy to help." || !got.Ended {
		t.Errorf("%q, ended %t, %v", got.Text, got.Ended, err)
	}
}

// TestMeet takes the first that remembers, keeps the others as its twins, and asks
// no more of them than it must.
func TestMeet(t *testing.T) {
	b := newBrain()
	questions := map[string]int{}
	base := serve(t, map[string]http.HandlerFunc{
		"POST /ask": func(w http.ResponseWriter, r *http.Request) { // remembers nothing
			if in, ok := body[struct{ Message string }](w, r); ok {
				questions["/ask"]++
				answer(w, object{"reply": b.say(b.open(), in.Message)})
			}
		},
		"POST /chat": func(w http.ResponseWriter, r *http.Request) {
			in, ok := body[struct {
				Message, ConversationID string
				Stream                  bool
			}](w, r)
			if !ok {
				return
			}
			questions["/chat"]++
			id := in.ConversationID
			if id == "" {
				id = b.open()
			}
			if in.Stream {
				sse(w, "", object{"type": "start", "conversationId": id}, "", object{"type": "text", "t": b.say(id, in.Message)}, "", object{"type": "end"})
				return
			}
			answer(w, object{"conversationId": id, "reply": b.say(id, in.Message)})
		},
	})
	jsonBody := func(props map[string]*lr.Schema) *lr.Body {
		return &lr.Body{Type: "application/json", Schema: &lr.Schema{Type: "object", Properties: props}}
	}
	text := &lr.Schema{Type: "string"}
	routes := []*lr.Route{
		{Method: "POST", Path: "/ask", Kind: lr.ChatKind, Body: jsonBody(map[string]*lr.Schema{"message": text})},
		{Method: "POST", Path: "/chat", Kind: lr.ChatKind, Body: jsonBody(map[string]*lr.Schema{"message": text, "conversationId": text, "stream": {Type: "boolean"}})},
	}
	a, all, err := chat.Meet(t.Context(), detector(t, base), nil, chat.FromRoutes(routes), routes)
	if err != nil {
		t.Fatal(err)
	}
	if s := a.Skills(); s.Subject != "POST /chat" || !s.Remembers || s.Streams || s.Route != routes[1] || s.Shape != "auto" {
		t.Errorf("met %+v", s)
	}
	if len(a.Twins()) != 2 || len(all) != 3 || a.Twins()[0].Skills().Subject != "POST /ask" || !a.Twins()[1].Skills().Streams {
		t.Errorf("%d twins of %d candidates", len(a.Twins()), len(all))
	}
	for path, n := range questions {
		if n > 2*9 {
			t.Errorf("%s was asked %d questions", path, n)
		}
	}
	d := detector(t, base)
	d.Fixed = true // a configuration names what remembers nothing
	if a, _, err := chat.Meet(t.Context(), d, nil, chat.FromRoutes(routes), routes); err != nil || a.Skills().Subject != "POST /ask" {
		t.Errorf("the one that is named: %v %v", a.Skills().Subject, err)
	}
	if n := len(chat.Tried(slices.Repeat(chat.FromRoutes(routes), 10))); n != 8 {
		t.Errorf("%d candidates would be tried", n)
	}
}

// TestMeetRefuser: one that keeps to its subject is met where its shape is known,
// and computes nothing; where it is not known, nobody is met.
func TestMeetRefuser(t *testing.T) {
	b := newBrain()
	b.refuses = true
	base := openAIServer(t, b)
	a, all, err := chat.Meet(t.Context(), detector(t, base), nil, []chat.Shape{preset(t, "openai", "")}, nil)
	if err != nil || len(a.Skills().Computes) != 0 || a.Skills().Remembers {
		t.Fatalf("%v: %+v", err, all)
	}
	if got, err := a.Ask(t.Context(), nil, lr.Message{Text: "hello"}); err != nil || got.Text == "" {
		t.Errorf("%q %v", got.Text, err)
	}
	if _, _, err := chat.Meet(t.Context(), detector(t, base), nil, []chat.Shape{blank(preset(t, "openai", ""))}, nil); !errors.Is(err, chat.ErrNoShape) {
		t.Errorf("unknown: %v", err)
	}
}

// TestMeetWithoutMoney: what was met before the money ran out is met; before that,
// the money is the reason.
func TestMeetWithoutMoney(t *testing.T) {
	base := openAIServer(t, newBrain())
	for _, c := range []struct {
		calls int
		met   bool
	}{{0, false}, {2, false}, {5, true}} {
		d := detector(t, base)
		d.Client = &poor{Client: d.Client, left: c.calls}
		stream := preset(t, "openai", "")
		_, _, err := chat.Meet(t.Context(), d, nil, append([]chat.Shape{stream}, chat.Others(stream, nil)...), nil)
		if c.met && err != nil || !c.met && !errors.Is(err, lr.ErrMoney) {
			t.Errorf("with %d calls: %v", c.calls, err)
		}
	}
}
