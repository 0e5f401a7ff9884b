package model

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"github.com/launchready/launchready/guard"
)

// Denial is a refusal in the provider's own words: the application's client
// library reads it as it reads one of the provider. Reason is for the log.
type Denial struct {
	guard.Denial
	Code    string // stable, as "model_not_allowed"
	Message string // for who wrote the application; holds nothing of the request
}

func (d *Denial) Error() string { return d.Code + ": " + d.Reason }

func deny(status int, code, message string) *Denial {
	return &Denial{Denial: guard.Denial{Status: status, Reason: message}, Code: code, Message: message}
}

// because adds what only the log is told.
func (d *Denial) because(reason string) *Denial {
	d.Reason = reason
	return d
}

// kind is the word that a provider's libraries make an error's class of.
func (d *Denial) kind(anthropic bool) string {
	switch s := d.Status; {
	case s == http.StatusUnauthorized:
		return "authentication_error"
	case s == http.StatusForbidden:
		return "permission_error"
	case s == http.StatusNotFound:
		return "not_found_error"
	case s == http.StatusRequestEntityTooLarge && anthropic:
		return "request_too_large"
	case s == http.StatusTooManyRequests:
		return "rate_limit_error"
	case s == http.StatusServiceUnavailable && anthropic:
		return "overloaded_error"
	case s >= 500 && anthropic:
		return "api_error"
	case s >= 500:
		return "server_error"
	}
	return "invalid_request_error"
}

// body is the error as the protocol writes it.
func (d *Denial) body(p protocol, id string) []byte {
	v := map[string]any{"error": json.RawMessage(d.inner())}
	if p.anthropic() {
		v = map[string]any{"type": "error", "error": map[string]any{"type": d.kind(true), "message": d.Message}, "request_id": id}
	}
	b, err := json.Marshal(v)
	if err != nil {
		return []byte("{}")
	}
	return b
}

// inner is the error in OpenAI's words.
func (d *Denial) inner() []byte {
	b, err := json.Marshal(map[string]any{"message": d.Message, "type": d.kind(false), "param": nil, "code": d.Code})
	if err != nil {
		return []byte("{}")
	}
	return b
}

// soon is how far away a second try may be that a library makes by itself.
const soon = time.Minute

func (d *Denial) write(w http.ResponseWriter, p protocol, id string) {
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Request-Id", id)
	if d.Retry > 0 {
		h.Set("Retry-After", strconv.Itoa(int((d.Retry+time.Second-1)/time.Second)))
	}
	if d.Status < 500 && d.Status != http.StatusTooManyRequests || d.Status == http.StatusTooManyRequests && d.Retry > soon {
		h.Set("X-Should-Retry", "false") // what OpenAI's and Anthropic's libraries ask before they try again
	}
	w.WriteHeader(d.Status)
	_, _ = w.Write(append(d.body(p, id), '\n')) //nolint:gosec // JSON by its type, with nosniff; the caller may be gone
}

// event is the error in the middle of a stream, as the protocol's libraries
// raise it.
func (d *Denial) event(p protocol, id string) []byte {
	switch p {
	case messages:
		return append(append([]byte("event: error\ndata: "), d.body(p, id)...), "\n\n"...)
	case responses:
		b, err := json.Marshal(map[string]any{"type": "error", "code": d.Code, "message": d.Message, "param": nil,
			"error": json.RawMessage(d.inner())}) // what the libraries raise an exception on
		if err != nil {
			return nil
		}
		return append(append([]byte("event: error\ndata: "), b...), "\n\n"...)
	case chat, embeddings:
	}
	return append(append([]byte("data: "), d.body(p, id)...), "\n\n"...)
}
