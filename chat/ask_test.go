package chat_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/chat"
)

func ask(t *testing.T, base string, s chat.Shape, m lr.Message) (*lr.Answer, error) {
	t.Helper()
	e := endpoint(t, base, s)
	return e.Ask(t.Context(), nil, m)
}

func TestAsk(t *testing.T) {
	base := difyServer(t, newBrain())
	a, err := ask(t, base, preset(t, "dify", ""), lr.Message{Text: "hello", Note: "greeting"})
	if err != nil {
		t.Fatal(err)
	}
	if a.Text != "Happy to help." || a.Conversation == "" || a.InTokens != 30 || a.OutTokens != 9 || !a.Ended || a.Failure != "" {
		t.Errorf("got %+v", a)
	}
	if len(a.Sources) != 1 || a.Sources[0] != "Refunds take 14 days." {
		t.Errorf("sources %q", a.Sources)
	}
	if x := a.Last(); x == nil || x.Note != "greeting" || x.Status != 200 {
		t.Errorf("last exchange %+v", x)
	}
}

// TestReplaced: what a later event replaces has been shown, so it is in the text
// that is judged.
func TestReplaced(t *testing.T) {
	base := serve(t, map[string]http.HandlerFunc{"POST /v1/chat-messages": func(w http.ResponseWriter, _ *http.Request) {
		sse(w, "", object{"event": "message", "answer": "the secret is X"}, "", object{"event": "message_replace", "answer": "I cannot say."})
	}})
	a, err := ask(t, base, preset(t, "dify", ""), lr.Message{Text: "hello"})
	if err != nil || !strings.Contains(a.Text, "the secret is X") || !strings.Contains(a.Text, "I cannot say.") {
		t.Errorf("got %q, %v", a.Text, err)
	}
}

// TestTroubled: replies that go wrong end in a reason and keep the exchange.
func TestTroubled(t *testing.T) {
	for _, c := range []struct {
		name    string
		handle  http.HandlerFunc
		want    error
		text    string
		failure string
	}{
		{"an error of status 500", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(500)
			answer(w, object{"error": object{"message": "overloaded"}})
		}, chat.ErrNoAnswer, "", "overloaded"},
		{"an error of status 200", func(w http.ResponseWriter, _ *http.Request) { answer(w, object{"error": "quota exceeded"}) }, chat.ErrNoAnswer, "", "quota exceeded"},
		{"an empty answer", func(w http.ResponseWriter, _ *http.Request) {
			answer(w, object{"choices": []any{object{"message": object{"content": ""}}}})
		}, chat.ErrNoAnswer, "", ""},
		{"nothing at all", func(http.ResponseWriter, *http.Request) {}, chat.ErrNoAnswer, "", ""},
		{"events that are no JSON", func(w http.ResponseWriter, _ *http.Request) {
			sse(w, "", "{broken", "", object{"choices": []any{object{"delta": object{"content": "still here"}}}})
		}, nil, "still here", ""},
		{"bytes that are no text", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/event-stream")
			fmt.Fprint(w, "data: {\"choices\":[{\"delta\":{\"content\":\"a\xffb\"}}]}\n\n")
		}, nil, "a\ufffdb", ""},
		{"a stream that is cut", func(w http.ResponseWriter, _ *http.Request) {
			sse(w, "", object{"choices": []any{object{"delta": object{"content": "half an ans"}}}})
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		}, nil, "half an ans", ""},
		{"another shape than before", func(w http.ResponseWriter, _ *http.Request) { answer(w, object{"reply": "hello"}) }, chat.ErrNoAnswer, "", ""},
		{"a page", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			fmt.Fprint(w, "<html>maintenance</html>")
		}, chat.ErrNoAnswer, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			base := serve(t, map[string]http.HandlerFunc{"POST /v1/chat/completions": c.handle})
			a, err := ask(t, base, preset(t, "openai", ""), lr.Message{Text: "hello"})
			if !errors.Is(err, c.want) || a.Text != c.text || a.Failure != c.failure {
				t.Errorf("got %q, failure %q, %v; want %q, %q, %v", a.Text, a.Failure, err, c.text, c.failure, c.want)
			}
			if a.Last() == nil {
				t.Error("the exchange is lost")
			}
		})
	}
}

// TestEndless: a stream without an end is read for as long as the client allows,
// and what came by then is the answer.
func TestEndless(t *testing.T) {
	base := serve(t, map[string]http.HandlerFunc{"POST /v1/chat/completions": func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		for r.Context().Err() == nil {
			if _, err := fmt.Fprint(w, "data: {\"choices\":[{\"delta\":{\"content\":\"on and on \"}}]}\n\n"); err != nil {
				return
			}
			w.(http.Flusher).Flush()
		}
	}})
	e := endpoint(t, base, preset(t, "openai", ""))
	a, err := e.Ask(t.Context(), nil, lr.Message{Text: "hello", Vary: func(r *lr.Request) { r.StreamFor = 50 * time.Millisecond }})
	if err != nil || !strings.HasPrefix(a.Text, "on and on ") || a.Ended {
		t.Errorf("got %d bytes, ended %t, %v", len(a.Text), a.Ended, err)
	}
}

// TestPolledForever ends after a bounded number of polls.
func TestPolledForever(t *testing.T) {
	polls := 0
	base := serve(t, map[string]http.HandlerFunc{
		"POST /jobs":     func(w http.ResponseWriter, _ *http.Request) { answer(w, object{"job": "j1"}) },
		"GET /jobs/{id}": func(w http.ResponseWriter, _ *http.Request) { polls++; answer(w, object{"state": "running"}) },
	})
	s := own("/jobs", map[string]any{"message": "$message"})
	s.Mode, s.Run, s.Done, s.Text = chat.Polled, parse(t, "/job"), parse(t, "/result"), parse(t, "/result/reply")
	s.Follow = &chat.Template{Method: "GET", Path: "/jobs/$run"}
	a, err := ask(t, base, s, lr.Message{Text: "hello"})
	if !errors.Is(err, chat.ErrNotDone) || polls == 0 || polls > 200 || a.Last() == nil {
		t.Errorf("%v after %d polls", err, polls)
	}
}

// TestBegin opens the conversation that a path needs, once.
func TestBegin(t *testing.T) {
	b, opened := newBrain(), 0
	base := serve(t, map[string]http.HandlerFunc{
		"POST /v1/chats": func(w http.ResponseWriter, r *http.Request) {
			if in, ok := body[struct{ Title string }](w, r); !ok || in.Title == "" {
				http.Error(w, "{}", http.StatusBadRequest)
				return
			}
			opened++
			w.WriteHeader(http.StatusCreated)
			answer(w, object{"id": b.open()})
		},
		"POST /v1/chats/{id}/messages": func(w http.ResponseWriter, r *http.Request) {
			if in, ok := body[struct{ Content string }](w, r); ok {
				answer(w, object{"id": "msg_1", "content": in.Content, "reply": object{"content": b.say(r.PathValue("id"), in.Content)}})
			}
		},
	})
	s := chat.Shape{
		Begin: &chat.Template{Path: "/v1/chats", Body: map[string]any{"title": "$title"}}, Begun: parse(t, "/id"),
		Send: chat.Template{Path: "/v1/chats/$conversation/messages", Body: map[string]any{"content": "$message"}}, Text: parse(t, "/reply/content"),
	}
	e := endpoint(t, base, s)
	first, err := e.Ask(t.Context(), nil, lr.Message{Text: "My order code is code-aa-bb. Please remember it."})
	if err != nil || first.Conversation == "" || opened != 1 {
		t.Fatalf("got %+v, opened %d, %v", first, opened, err)
	}
	second, err := e.Ask(t.Context(), nil, lr.Message{Text: "What is my order code?", Conversation: first.Conversation})
	if err != nil || !strings.Contains(second.Text, "code-aa-bb") || opened != 1 {
		t.Errorf("got %q, opened %d, %v", second.Text, opened, err)
	}
}

func TestUpload(t *testing.T) {
	base := difyServer(t, newBrain())
	e := endpoint(t, base, preset(t, "dify", ""))
	id, xs, err := e.Put(t.Context(), nil, lr.File{Name: `a "b".txt`, Type: "text/plain", Data: []byte("Refunds take 14 days.")})
	if err != nil || id != "file_72fa" || len(xs) != 1 {
		t.Fatalf("got %q, %d exchanges, %v", id, len(xs), err)
	}
	if a, err := e.Ask(t.Context(), nil, lr.Message{Text: "hello", Files: []string{id}}); err != nil || !strings.Contains(string(a.Last().Sent), `"upload_file_id":"file_72fa"`) {
		t.Errorf("the file is not attached: %s (%v)", a.Last().Sent, err)
	}
}

// TestUploadTroubled: a refusal and a file that is never ready are errors that
// say so; nothing waits for ever.
func TestUploadTroubled(t *testing.T) {
	base := serve(t, map[string]http.HandlerFunc{
		"POST /refused": func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusUnsupportedMediaType) },
		"POST /slow":    func(w http.ResponseWriter, _ *http.Request) { answer(w, object{"id": "f1"}) },
		"GET /slow/f1":  func(w http.ResponseWriter, _ *http.Request) { answer(w, object{"status": "pending"}) },
	})
	put := func(u *chat.Upload) error {
		e := endpoint(t, base, chat.Shape{Upload: u})
		_, _, err := e.Put(t.Context(), nil, lr.File{Name: "a.txt", Type: "text/plain"})
		return err
	}
	if err := put(&chat.Upload{Path: "/refused", ID: parse(t, "/id")}); err == nil || !strings.Contains(err.Error(), "answered 415 without an id") {
		t.Errorf("refused: %v", err)
	}
	slow := &chat.Upload{Path: "/slow", ID: parse(t, "/id"), Wait: &chat.Template{Method: "GET", Path: "/slow/$file"}, Ready: parse(t, "/status where /status=ready")}
	if err := put(slow); !errors.Is(err, chat.ErrNotReady) {
		t.Errorf("never ready: %v", err)
	}
	if err := put(nil); err == nil || !strings.Contains(err.Error(), "chat.upload") {
		t.Errorf("no upload: %v", err)
	}
}

// TestCancelled ends with the context.
func TestCancelled(t *testing.T) {
	base := openAIServer(t, newBrain())
	e := endpoint(t, base, preset(t, "openai", ""))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := e.Ask(ctx, nil, lr.Message{Text: "hello"}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
