package chat_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/coder/websocket"
)

// brain is a model that does the work of the questions, remembers what it was
// told in a conversation, and says a pleasantry to all else.
type brain struct {
	mu      sync.Mutex
	told    map[string]string // by conversation
	refuses bool              // it answers questions on its subject only
	next    int
}

func newBrain() *brain { return &brain{told: map[string]string{}} }

var (
	parts   = regexp.MustCompile(`in the order (\d), (\d), (\d).*: (\w+), (\w+), (\w+)$`)
	letters = regexp.MustCompile(`without spaces: ([A-Za-z ]+)$`)
	product = regexp.MustCompile(`What is (\d+) \* (\d+)`)
	code    = regexp.MustCompile(`My order code is (code-\w+-\w+)`)
)

// open begins a conversation.
func (b *brain) open() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.next++
	return fmt.Sprintf("conv_%04d-8f3a", b.next)
}

// say answers in a conversation.
func (b *brain) say(conversation, message string) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	if m := code.FindStringSubmatch(message); m != nil {
		b.told[conversation] = m[1]
	}
	if b.refuses {
		return "I can only help with questions about your account."
	}
	if m := parts.FindStringSubmatch(message); m != nil {
		out := ""
		for _, n := range m[1:4] {
			i, _ := strconv.Atoi(n)
			out += m[3+i]
		}
		return "Sure: **" + out + "**"
	}
	if m := letters.FindStringSubmatch(message); m != nil {
		out := ""
		for _, w := range strings.Fields(m[1]) {
			out += w[:1]
		}
		return out
	}
	if m := product.FindStringSubmatch(message); m != nil {
		x, _ := strconv.Atoi(m[1])
		y, _ := strconv.Atoi(m[2])
		return strconv.Itoa(x * y)
	}
	if strings.Contains(message, "What is my order code?") {
		if c := b.told[conversation]; c != "" {
			return "Your order code is " + c + "."
		}
		return "I do not know your order code."
	}
	return "Happy to help."
}

// turns answers a history that the client sent.
func (b *brain) turns(list []turn) string {
	id := b.open()
	answer := ""
	for _, t := range list {
		if t.Role == "user" {
			answer = b.say(id, t.text())
		}
	}
	return answer
}

type turn struct {
	Role    string
	Content any
	Parts   []struct{ Type, Text string }
}

func (t turn) text() string {
	if len(t.Parts) > 0 {
		return t.Parts[0].Text
	}
	s, _ := t.Content.(string)
	return s
}

// chunks splits a text as a stream of tokens does.
func chunks(s string) []string {
	var out []string
	for len(s) > 0 {
		n := min(4, len(s))
		out = append(out, s[:n])
		s = s[n:]
	}
	return out
}

func body[T any](w http.ResponseWriter, r *http.Request) (T, bool) {
	var v T
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20)).Decode(&v); err != nil {
		http.Error(w, `{"error":{"message":"bad json"}}`, http.StatusBadRequest)
		return v, false
	}
	return v, true
}

func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(v) //nolint:errcheck // the test sees what is missing
}

// events writes server-sent events; a pair is an event's name and its data.
func sse(w http.ResponseWriter, pairs ...any) {
	w.Header().Set("Content-Type", "text/event-stream")
	for i := 0; i+1 < len(pairs); i += 2 {
		if name := pairs[i].(string); name != "" {
			fmt.Fprintf(w, "event: %s\n", name)
		}
		data, ok := pairs[i+1].(string)
		if !ok {
			b, _ := json.Marshal(pairs[i+1])
			data = string(b)
		}
		fmt.Fprintf(w, "data: %s\n\n", data)
	}
}

type object = map[string]any

func serve(t *testing.T, routes map[string]http.HandlerFunc) string {
	t.Helper()
	mux := http.NewServeMux()
	for pattern, h := range routes {
		mux.HandleFunc(pattern, h)
	}
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s.URL
}

func openAIServer(t *testing.T, b *brain) string {
	return serve(t, map[string]http.HandlerFunc{"POST /v1/chat/completions": func(w http.ResponseWriter, r *http.Request) {
		in, ok := body[struct {
			Model    string
			Messages []turn
			Stream   bool
		}](w, r)
		if !ok {
			return
		}
		said := b.turns(in.Messages)
		usage := object{"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18}
		if !in.Stream {
			answer(w, object{"id": "chatcmpl-1", "object": "chat.completion", "choices": []any{object{"index": 0, "message": object{"role": "assistant", "content": said}, "finish_reason": "stop"}}, "usage": usage})
			return
		}
		var list []any
		for _, c := range chunks(said) {
			list = append(list, "", object{"id": "chatcmpl-1", "object": "chat.completion.chunk", "choices": []any{object{"index": 0, "delta": object{"content": c}, "finish_reason": nil}}})
		}
		sse(w, append(list, "", object{"id": "chatcmpl-1", "choices": []any{}, "usage": usage}, "", "[DONE]")...)
	}})
}

func anthropicServer(t *testing.T, b *brain) string {
	return serve(t, map[string]http.HandlerFunc{"POST /v1/messages": func(w http.ResponseWriter, r *http.Request) {
		in, ok := body[struct {
			Messages []turn
			Tokens   int `json:"max_tokens"`
		}](w, r)
		if !ok || in.Tokens == 0 {
			return
		}
		list := []any{
			"message_start", object{"type": "message_start", "message": object{"id": "msg_1", "role": "assistant", "content": []any{}, "usage": object{"input_tokens": 25, "output_tokens": 1}}},
			"content_block_start", object{"type": "content_block_start", "index": 0, "content_block": object{"type": "text", "text": ""}},
			"ping", object{"type": "ping"},
		}
		for _, c := range chunks(b.turns(in.Messages)) {
			list = append(list, "content_block_delta", object{"type": "content_block_delta", "index": 0, "delta": object{"type": "text_delta", "text": c}})
		}
		sse(w, append(list, "message_delta", object{"type": "message_delta", "delta": object{"stop_reason": "end_turn"}, "usage": object{"output_tokens": 15}}, "message_stop", object{"type": "message_stop"})...)
	}})
}

func vercelServer(t *testing.T, b *brain) string {
	return serve(t, map[string]http.HandlerFunc{"POST /api/chat": func(w http.ResponseWriter, r *http.Request) {
		in, ok := body[struct{ Messages []turn }](w, r)
		if !ok {
			return
		}
		w.Header().Set("X-Vercel-Ai-Ui-Message-Stream", "v1")
		list := []any{"", object{"type": "start"}, "", object{"type": "reasoning-delta", "id": "r1", "delta": "thinking about it"}, "", object{"type": "text-start", "id": "t1"}}
		for _, c := range chunks(b.turns(in.Messages)) {
			list = append(list, "", object{"type": "text-delta", "id": "t1", "delta": c})
		}
		sse(w, append(list, "", object{"type": "text-end", "id": "t1"}, "", object{"type": "finish"}, "", "[DONE]")...)
	}})
}

func prefixedServer(t *testing.T, b *brain) string {
	return serve(t, map[string]http.HandlerFunc{"POST /api/chat": func(w http.ResponseWriter, r *http.Request) {
		in, ok := body[struct{ Messages []turn }](w, r)
		if !ok {
			return
		}
		w.Header().Set("X-Vercel-Ai-Data-Stream", "v1")
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		fmt.Fprintln(w, `f:{"messageId":"m1"}`)
		for _, c := range chunks(b.turns(in.Messages)) {
			s, _ := json.Marshal(c)
			fmt.Fprintf(w, "0:%s\n", s)
		}
		fmt.Fprintln(w, `d:{"finishReason":"stop"}`)
	}})
}

func difyServer(t *testing.T, b *brain) string {
	return serve(t, map[string]http.HandlerFunc{
		"POST /v1/chat-messages": func(w http.ResponseWriter, r *http.Request) {
			in, ok := body[struct {
				Query, User    string
				ConversationID string `json:"conversation_id"`
				Mode           string `json:"response_mode"`
			}](w, r)
			if !ok {
				return
			}
			if in.User == "" {
				http.Error(w, `{"code":"invalid_param","message":"user is required"}`, http.StatusBadRequest)
				return
			}
			id := in.ConversationID
			if id == "" {
				id = b.open()
			}
			list := []any{"ping", "{}"}
			for _, c := range chunks(b.say(id, in.Query)) {
				list = append(list, "", object{"event": "message", "task_id": "t", "message_id": "m", "conversation_id": id, "answer": c})
			}
			sse(w, append(list, "", object{"event": "message_end", "conversation_id": id, "metadata": object{"usage": object{"prompt_tokens": 30, "completion_tokens": 9},
				"retriever_resources": []any{object{"document_name": "policy", "content": "Refunds take 14 days."}}}})...)
		},
		"POST /v1/files/upload": func(w http.ResponseWriter, r *http.Request) {
			f, h, err := r.FormFile("file")
			if err != nil || r.FormValue("user") == "" {
				http.Error(w, `{"message":"file and user"}`, http.StatusBadRequest)
				return
			}
			f.Close() //nolint:errcheck // it was read from memory
			w.WriteHeader(http.StatusCreated)
			answer(w, object{"id": "file_72fa", "name": h.Filename, "size": h.Size})
		},
	})
}

func flowiseServer(t *testing.T, b *brain) string {
	return serve(t, map[string]http.HandlerFunc{"POST /api/v1/prediction/flow-1": func(w http.ResponseWriter, r *http.Request) {
		in, ok := body[struct {
			Question       string
			Streaming      bool
			OverrideConfig struct{ SessionID string } `json:"overrideConfig"`
		}](w, r)
		if !ok {
			return
		}
		id := in.OverrideConfig.SessionID
		if id == "" {
			id = b.open()
		}
		said := b.say(id, in.Question)
		if !in.Streaming {
			answer(w, object{"text": said, "question": in.Question, "chatId": id, "sessionId": id})
			return
		}
		list := []any{"", object{"event": "start", "data": ""}}
		for _, c := range chunks(said) {
			list = append(list, "", object{"event": "token", "data": c})
		}
		sse(w, append(list, "", object{"event": "metadata", "data": object{"chatId": id, "chatMessageId": "x"}}, "", object{"event": "end", "data": "[DONE]"})...)
	}})
}

func libreServer(t *testing.T, b *brain) string {
	var mu sync.Mutex
	runs := map[string][2]string{}
	return serve(t, map[string]http.HandlerFunc{
		"POST /api/agents/chat/agents": func(w http.ResponseWriter, r *http.Request) {
			in, ok := body[struct{ Text, ConversationID string }](w, r)
			if !ok {
				return
			}
			id := in.ConversationID
			if id == "" {
				id = b.open()
			}
			mu.Lock()
			stream := fmt.Sprintf("stream-%d", len(runs))
			runs[stream] = [2]string{id, b.say(id, in.Text)}
			mu.Unlock()
			answer(w, object{"streamId": stream, "conversationId": id, "status": "started"})
		},
		"GET /api/agents/chat/stream/{id}": func(w http.ResponseWriter, r *http.Request) {
			mu.Lock()
			run, ok := runs[r.PathValue("id")]
			mu.Unlock()
			if !ok {
				http.NotFound(w, r)
				return
			}
			list := []any{"message", object{"created": true, "message": object{"text": "…"}}}
			for _, c := range chunks(run[1]) {
				list = append(list, "message", object{"event": "on_message_delta", "data": object{"id": "step_1", "delta": object{"content": []any{object{"type": "text", "text": c}}}}})
			}
			sse(w, append(list, "message", object{"final": true, "conversation": object{"conversationId": run[0]}})...)
		},
	})
}

func langflowServer(t *testing.T, b *brain) string {
	return serve(t, map[string]http.HandlerFunc{"POST /api/v1/run/flow-1": func(w http.ResponseWriter, r *http.Request) {
		in, ok := body[struct {
			Input   string `json:"input_value"`
			Session string `json:"session_id"`
		}](w, r)
		if !ok {
			return
		}
		if in.Session == "" {
			in.Session = b.open()
		}
		said := b.say(in.Session, in.Input)
		answer(w, object{"session_id": in.Session, "outputs": []any{object{"inputs": object{"input_value": in.Input}, "outputs": []any{object{"results": object{"message": object{"text": said}}}}}}})
	}})
}

func textServer(t *testing.T, b *brain) string {
	return serve(t, map[string]http.HandlerFunc{"POST /chat": func(w http.ResponseWriter, r *http.Request) {
		in, ok := body[struct{ Message string }](w, r)
		if !ok {
			return
		}
		id := "anyone"
		if c, err := r.Cookie("chat"); err == nil {
			id = c.Value
		}
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		fmt.Fprint(w, b.say(id, in.Message))
	}})
}

// ownServer is of no known product: lines of JSON, and the id two levels down.
func ownServer(t *testing.T, b *brain) string {
	return serve(t, map[string]http.HandlerFunc{"POST /assistant/ask": func(w http.ResponseWriter, r *http.Request) {
		in, ok := body[struct {
			Prompt    string
			SessionID string `json:"session_id"`
		}](w, r)
		if !ok {
			return
		}
		if in.SessionID == "" {
			in.SessionID = b.open()
		}
		w.Header().Set("Content-Type", "application/x-ndjson")
		e := json.NewEncoder(w)
		e.Encode(object{"kind": "meta", "session": object{"session_id": in.SessionID}, "prompt": in.Prompt}) //nolint:errcheck // likewise
		for _, c := range chunks(b.say(in.SessionID, in.Prompt)) {
			e.Encode(object{"kind": "piece", "out": object{"t": c}}) //nolint:errcheck // likewise
		}
		e.Encode(object{"kind": "bye"}) //nolint:errcheck // likewise
	}})
}

func socketServer(t *testing.T, b *brain) string {
	return serve(t, map[string]http.HandlerFunc{"GET /ws": func(w http.ResponseWriter, r *http.Request) {
		c, err := websocket.Accept(w, r, nil)
		if err != nil {
			return
		}
		defer c.CloseNow()
		_, m, err := c.Read(r.Context())
		if err != nil {
			return
		}
		var in struct{ Message string }
		if json.Unmarshal(m, &in) != nil {
			return
		}
		for _, p := range chunks(b.say("socket", in.Message)) {
			out, _ := json.Marshal(object{"type": "token", "text": p})
			if c.Write(r.Context(), websocket.MessageText, out) != nil {
				return
			}
		}
		c.Close(websocket.StatusNormalClosure, "") //nolint:errcheck // the client may be gone
	}})
}

func pollServer(t *testing.T, b *brain) string {
	var mu sync.Mutex
	jobs := map[string][]string{}
	asked := map[string]int{}
	return serve(t, map[string]http.HandlerFunc{
		"POST /jobs": func(w http.ResponseWriter, r *http.Request) {
			in, ok := body[struct{ Message string }](w, r)
			if !ok {
				return
			}
			mu.Lock()
			defer mu.Unlock()
			id := fmt.Sprintf("job-%d", len(jobs))
			jobs[id] = []string{b.say("poll", in.Message)}
			w.WriteHeader(http.StatusAccepted)
			answer(w, object{"job": id, "state": "queued"})
		},
		"GET /jobs/{id}": func(w http.ResponseWriter, r *http.Request) {
			mu.Lock()
			defer mu.Unlock()
			id := r.PathValue("id")
			if asked[id]++; asked[id] < 3 {
				answer(w, object{"job": id, "state": "running"})
				return
			}
			answer(w, object{"job": id, "state": "done", "result": object{"reply": jobs[id][0]}})
		},
	})
}
