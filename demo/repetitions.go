package demo

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"sync"
)

// repetitions remembers what requests with an Idempotency-Key were answered
// (draft-ietf-httpapi-idempotency-key-header).
type repetitions struct {
	mu   sync.Mutex
	kept map[string]*repetition
}

type repetition struct {
	body   string // digest of the request's
	done   bool
	status int
	reply  []byte
}

func newRepetitions() *repetitions { return &repetitions{kept: map[string]*repetition{}} }

// mostKept bounds what is remembered.
const mostKept = 10_000

// once answers a request that was answered before with the same key as it was
// then, and lets do answer a new one.
func (s *Server) once(do handle) handle {
	return func(w http.ResponseWriter, r *http.Request) error {
		key := r.Header.Get("Idempotency-Key")
		if key == "" || s.flaws.Has("limits/idempotency-key") {
			return do(w, r)
		}
		if len(key) > 200 {
			return badRequest("Idempotency-Key is too long")
		}
		sent, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
		if err != nil {
			return badRequest("the body cannot be read")
		}
		r.Body = io.NopCloser(bytes.NewReader(sent))
		p := who(r)
		name, body := p.TenantID+" "+p.UserID+" "+r.Pattern+" "+key, digest(string(sent))
		s.done.mu.Lock()
		was := s.done.kept[name]
		if was == nil {
			if len(s.done.kept) >= mostKept {
				clear(s.done.kept)
			}
			was = &repetition{body: body}
			s.done.kept[name] = was
			s.done.mu.Unlock()
			return s.first(was, name, do, w, r)
		}
		defer s.done.mu.Unlock()
		switch {
		case was.body != body:
			return newProblem(http.StatusUnprocessableEntity, "this Idempotency-Key was sent with another body")
		case !was.done:
			return conflict("the request with this Idempotency-Key is under way")
		}
		w.Header().Set("Idempotent-Replayed", "true")
		return reply(w, was.status, json.RawMessage(was.reply))
	}
}

// first answers a key that is new. A refusal is not remembered: the same request
// may be right later.
func (s *Server) first(was *repetition, name string, do handle, w http.ResponseWriter, r *http.Request) error {
	rec := &copied{ResponseWriter: w, status: http.StatusOK}
	err := do(rec, r)
	s.done.mu.Lock()
	defer s.done.mu.Unlock()
	if err != nil || rec.status >= 300 {
		delete(s.done.kept, name)
		return err
	}
	was.done, was.status, was.reply = true, rec.status, bytes.TrimSpace(rec.body.Bytes())
	return nil
}

// copied keeps what is answered.
type copied struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

func (c *copied) WriteHeader(status int) {
	c.status = status
	c.ResponseWriter.WriteHeader(status)
}

func (c *copied) Write(b []byte) (int, error) {
	c.body.Write(b)
	return c.ResponseWriter.Write(b)
}
