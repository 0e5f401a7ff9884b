package guard

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"
)

// Denial is an answer of guard itself instead of the upstream's: a refusal, or with
// a status below 400 a redirect or a preflight, which has no body. Reason is for
// the log; the caller is told the status and the request's id, so that refusals of
// one status are alike.
type Denial struct {
	Status int
	Reason string
	Retry  time.Duration // for 429 and 503
	Header http.Header   // more fields of the answer
	Given  bool          // no refusal: an answer that was given before, with Header and Body
	Body   []byte

	// Answer, where it is set, makes the answer that the caller gets instead of the
	// denial's own, as of something that does not exist. It goes through the taps as
	// any other. r is the request that the upstream would have got. An error that is
	// a *Denial is told as such.
	Answer func(r *http.Request) (*http.Response, error)
}

// Error serves taps: one that returns a denial has it told to the caller.
func (d *Denial) Error() string { return d.Reason }

// write renders every denial the same way (RFC 9457).
func (d *Denial) write(w http.ResponseWriter, id string) {
	h := w.Header()
	for k, v := range d.Header {
		h[k] = v
	}
	if d.Given {
		h.Set("X-Request-Id", id)
		w.WriteHeader(d.Status)
		_, _ = w.Write(d.Body) // the caller may be gone
		return
	}
	h.Set("X-Request-Id", id)
	if d.Status < 400 {
		w.WriteHeader(d.Status)
		return
	}
	h.Set("Content-Type", "application/problem+json")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	if d.Status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", "Bearer")
	}
	if d.Retry > 0 {
		h.Set("Retry-After", strconv.Itoa(int((d.Retry+time.Second-1)/time.Second)))
	}
	w.WriteHeader(d.Status)
	b, err := json.Marshal(map[string]any{"type": "about:blank", "title": http.StatusText(d.Status), "status": d.Status, "instance": "urn:request:" + id})
	if err == nil {
		_, _ = w.Write(append(b, '\n')) // the caller may be gone
	}
}
