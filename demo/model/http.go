package model

import (
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// maxBody bounds a request; a prompt of a million tokens fits.
const maxBody = 4 << 20

// created is the fixed birth date of the models and of every reply, so that the
// same request gives the same bytes.
var created = time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC).Unix()

func (s *Server) authorised(next http.Handler) http.Handler {
	want := []byte("Bearer " + s.opts.Key)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got := []byte(r.Header.Get("Authorization"))
		if s.opts.Key != "" && subtle.ConstantTimeCompare(got, want) != 1 {
			fail(w, http.StatusUnauthorized, "invalid_api_key", "Incorrect API key provided.")
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (s *Server) models(w http.ResponseWriter, _ *http.Request) {
	type entry struct {
		ID      string `json:"id"`
		Object  string `json:"object"`
		Created int64  `json:"created"`
		OwnedBy string `json:"owned_by"`
	}
	data := make([]entry, 0, 2)
	for _, id := range []string{Large, Small} {
		data = append(data, entry{ID: id, Object: "model", Created: created, OwnedBy: "harbor"})
	}
	reply(w, http.StatusOK, map[string]any{"object": "list", "data": data})
}

func (s *Server) complete(w http.ResponseWriter, r *http.Request) {
	if status := s.traffic.called(); status != 0 {
		faulty(w, status)
		return
	}
	var req Request
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody)).Decode(&req); err != nil {
		var big *http.MaxBytesError
		if errors.As(err, &big) {
			fail(w, http.StatusRequestEntityTooLarge, "request_too_large", "The request is too large.")
			return
		}
		fail(w, http.StatusBadRequest, "invalid_request_error", "The body is not valid JSON.")
		return
	}
	if len(req.Messages) == 0 {
		fail(w, http.StatusBadRequest, "invalid_request_error", "messages: at least one is required.")
		return
	}
	if req.Model == "" {
		req.Model = Small
	}
	if req.Model != Large && req.Model != Small {
		fail(w, http.StatusNotFound, "model_not_found", fmt.Sprintf("The model `%s` does not exist or you do not have access to it.", req.Model))
		return
	}
	if n := promptTokens(req.Messages); s.opts.Context > 0 && n > s.opts.Context {
		fail(w, http.StatusBadRequest, "context_length_exceeded", fmt.Sprintf("This model's maximum context length is %d tokens, and your messages have %d.", s.opts.Context, n))
		return
	}
	if s.opts.Output > 0 && (req.MaxTokens == 0 || req.MaxTokens > s.opts.Output) {
		req.MaxTokens = s.opts.Output
	}
	ans := s.answer(&req)
	s.bill.add(usage(&req, ans))
	if req.Stream {
		s.stream(w, r, &req, ans)
		return
	}
	n := len(ans.Text) / 12 // about as many pieces as a stream has
	for p, i := s.writing(n), 0; i < n; i++ {
		if !p.before(r.Context(), i) {
			return
		}
	}
	s.traffic.wrote(ans.Text)
	msg := &Message{Role: "assistant", Content: Text(ans.Text), ToolCalls: ans.Calls}
	finish := ans.Finish
	reply(w, http.StatusOK, Completion{
		ID: ans.ID, Object: "chat.completion", Created: created, Model: req.Model,
		Choices: []Choice{{Message: msg, FinishReason: &finish}}, Usage: usage(&req, ans),
	})
}

// usage counts a request and its answer.
func usage(req *Request, ans Answer) *Usage {
	u := &Usage{Prompt: promptTokens(req.Messages), Completion: tokens(ans.Text)}
	for _, c := range ans.Calls {
		u.Completion += tokens(c.Function.Name) + tokens(c.Function.Arguments)
	}
	u.Total = u.Prompt + u.Completion
	return u
}

func reply(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	// A write that fails means that the caller has gone; nobody is left to tell.
	_ = json.NewEncoder(w).Encode(v)
}

func fail(w http.ResponseWriter, status int, code, message string) {
	kind := "invalid_request_error"
	if strings.HasPrefix(code, "invalid_api") {
		kind = "authentication_error"
	}
	reply(w, status, map[string]any{"error": map[string]any{"message": message, "type": kind, "code": code, "param": nil}})
}
