package transport

import (
	"errors"
	"io"
	"net/http"
	"time"
)

// ended waits for the end of a request over HTTP/2 that says that it has no body: what
// follows would be frames beyond the length that was told (RFC 9113 section 8.1.1), and
// the request is then malformed before anybody has seen it.
func ended(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ContentLength == 0 && r.Body != nil {
			rc := http.NewResponseController(w)
			_ = rc.SetReadDeadline(time.Now().Add(patience)) // of this stream alone
			var one [1]byte
			if _, err := r.Body.Read(one[:]); !errors.Is(err, io.EOF) {
				w.WriteHeader(http.StatusBadRequest)
				return
			}
			_ = rc.SetReadDeadline(time.Time{})
		}
		next.ServeHTTP(w, r)
	})
}

// patience is how long the end of a request without a body is waited for.
const patience = 10 * time.Second
