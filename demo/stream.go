package demo

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"
)

func (s *Server) streamRoutes() []route {
	replay := viewer
	if s.flaws.Has("auth/stream-credential") {
		replay = guest // a browser's EventSource can send no header
	}
	sse := []string{"text/event-stream"}
	return []route{
		{method: "GET", pattern: "/v1/chats/{chat_id}/stream", id: "watchChat", tag: "messages", summary: "The conversation as server-sent events", access: viewer, scope: "chats:read", outType: sse, handle: s.watchChat,
			query: []param{{name: "follow", in: "query", kind: "boolean", doc: "go on with what is said from now on"}}},
		{method: "GET", pattern: "/v1/chats/{chat_id}/messages/{message_id}/stream", id: "replayMessage", tag: "messages", summary: "One message as server-sent tokens", access: replay, scope: "chats:read", outType: sse, handle: s.replayMessage},
		{method: "POST", pattern: "/v1/chats/{chat_id}/stream", id: "streamMessage", tag: "messages", summary: "Say something; the reply streams as server-sent events", access: member, scope: "chats:write", in: newMessage{}, outType: sse, refusals: []int{429}, handle: s.streamMessage},
	}
}

// sseWriter writes server-sent events (WHATWG HTML, 9.2).
type sseWriter struct {
	w  http.ResponseWriter
	rc *http.ResponseController
}

func startSSE(w http.ResponseWriter) sseWriter {
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "private, no-store")
	h.Set("X-Accel-Buffering", "no") // a proxy must not hold tokens back
	w.WriteHeader(http.StatusOK)
	return sseWriter{w, http.NewResponseController(w)}
}

func (o sseWriter) send(e event) error {
	b, err := json.Marshal(e.Data)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(o.w, "event: %s\ndata: %s\n\n", e.Name, b); err != nil {
		return err
	}
	return o.rc.Flush()
}

// watched is the chat that the request may watch.
func (s *Server) watched(r *http.Request) (chat, error) {
	id, p := r.PathValue("chat_id"), who(r)
	if s.flaws.Has("isolation/stream-leak") {
		return s.chatByID(r.Context(), id)
	}
	return s.chatOf(r.Context(), p.TenantID, id)
}

// replayMessage sends one message word by word, for a page that was reloaded
// while it was being written.
func (s *Server) replayMessage(w http.ResponseWriter, r *http.Request) error {
	id, p := r.PathValue("chat_id"), who(r)
	find := func() (chat, error) { return s.chatOf(r.Context(), p.TenantID, id) }
	if p == nobody {
		find = func() (chat, error) { return s.chatByID(r.Context(), id) }
	}
	c, err := find()
	if err != nil {
		return err
	}
	m, err := s.messageIn(r.Context(), c, r.PathValue("message_id"))
	if err != nil {
		return err
	}
	out := startSSE(w)
	for _, word := range strings.SplitAfter(m.Content, " ") {
		if out.send(event{"token", map[string]string{"text": word}}) != nil {
			return nil // the caller has gone
		}
	}
	out.send(event{"end", count{1}}) //nolint:errcheck // the caller has gone
	return nil
}

func (s *Server) watchChat(w http.ResponseWriter, r *http.Request) error {
	c, err := s.watched(r)
	if err != nil {
		return err
	}
	// Follow before reading the past, so that nothing falls between.
	events, leave := s.live.follow(c.ID)
	defer leave()
	past, err := s.messagesOf(r.Context(), c.tenant, c.ID, 200)
	if err != nil {
		return err
	}
	out := startSSE(w)
	said := make(map[string]bool, len(past))
	for _, m := range past {
		said[m.ID] = true
		if out.send(event{"message", m}) != nil {
			return nil // the caller has gone
		}
	}
	if r.URL.Query().Get("follow") != "1" {
		out.send(event{"end", count{len(past)}}) //nolint:errcheck // the caller has gone
		return nil
	}
	beat := time.NewTicker(15 * time.Second)
	defer beat.Stop()
	for {
		select {
		case e := <-events:
			if m, ok := e.Data.(message); ok && said[m.ID] {
				continue
			}
			if out.send(e) != nil {
				return nil
			}
		case <-beat.C:
			if out.send(event{"ping", struct{}{}}) != nil {
				return nil
			}
		case <-r.Context().Done():
			return nil
		case <-s.live.closed:
			return nil
		}
	}
}

func (s *Server) streamMessage(w http.ResponseWriter, r *http.Request) error {
	in, err := decode[newMessage](r)
	if err != nil {
		return err
	}
	p := who(r)
	c, err := s.chatOf(r.Context(), p.TenantID, r.PathValue("chat_id"))
	if err != nil {
		return err
	}
	leave, err := s.turn(r, true, in.Content)
	if err != nil {
		return err
	}
	defer leave()
	out := startSSE(w)
	m, err := s.converse(r.Context(), p, c, in.Content, s.paced(func(text string) error {
		return out.send(event{"token", tokenText{text}})
	}))
	if err != nil {
		out.send(event{"error", newProblem(http.StatusBadGateway, "the assistant is not available; your message was kept")}) //nolint:errcheck // the caller has gone
		return nil
	}
	out.send(event{"done", m.Reply}) //nolint:errcheck // the caller has gone
	return nil
}
