package guard

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// Pace bounds how slow a peer may be. There is no bound on a whole answer: a
// stream lasts as long as it lasts. 0 is no bound.
type Pace struct {
	Body    time.Duration // between two pieces of a request's body, and for a caller to take a piece of the answer
	Whole   time.Duration // a request's whole body
	Silence time.Duration // between two pieces of the upstream's answer
}

// ErrSilent is why an exchange was cut whose upstream said nothing any more.
var ErrSilent = errors.New("the upstream fell silent")

// often is how far a deadline moves before it is set again: a system call for each
// piece of a stream would cost more than the piece.
const often = time.Second

// slowBody is a request's body that must come at some pace.
type slowBody struct {
	io.ReadCloser
	w     http.ResponseWriter
	pace  Pace
	late  *atomic.Bool // told when the caller was too slow
	began time.Time
	set   time.Time // when the deadline was set last
	over  bool

	mu   sync.Mutex
	left bool
}

// leave is told that the exchange is over. A transport may still ask for what is left of
// the body, and the connection is the next request's then.
func (b *slowBody) leave() {
	b.mu.Lock()
	b.left = true
	b.mu.Unlock()
}

// deadline sets the connection's, where it has any.
func (b *slowBody) deadline(t time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.left {
		_ = http.NewResponseController(b.w).SetReadDeadline(t) // a connection without deadlines has none to keep
	}
}

// Read remembers the end: once the answer begins, the server has closed the body, and a
// transport that asks for its end once more would break the answer off.
func (b *slowBody) Read(p []byte) (int, error) {
	if b.over {
		return 0, io.EOF
	}
	if b.pace.Body == 0 {
		n, err := b.ReadCloser.Read(p)
		b.over = errors.Is(err, io.EOF)
		return n, err
	}
	now := time.Now()
	if b.began.IsZero() {
		b.began = now
	}
	if now.Sub(b.set) > often {
		b.set = now
		until := now.Add(b.pace.Body)
		if last := b.began.Add(b.pace.Whole); b.pace.Whole > 0 && last.Before(until) {
			until = last
		}
		b.deadline(until)
	}
	n, err := b.ReadCloser.Read(p)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		b.late.Store(true)
	}
	if b.over = errors.Is(err, io.EOF); b.over {
		b.deadline(time.Time{}) // the server goes on to watch for the caller's leaving
	}
	return n, err
}

// unread bounds how long the server may wait for a body that nobody read, which
// it throws away to use the connection again.
func unread(w http.ResponseWriter, r *http.Request, p Pace) {
	if r.Body != nil && r.Body != http.NoBody && p.Body > 0 {
		_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(min(p.Body/2, 5*time.Second)))
	}
}

// silent is an upstream's body that cuts the exchange when nothing comes.
type silent struct {
	io.ReadCloser
	timer *time.Timer
	after time.Duration
	armed time.Time
}

func watch(body io.ReadCloser, after time.Duration, cut context.CancelCauseFunc) io.ReadCloser {
	return &silent{ReadCloser: body, after: after, armed: time.Now(), timer: time.AfterFunc(after, func() { cut(ErrSilent) })}
}

func (s *silent) Read(p []byte) (int, error) {
	if now := time.Now(); now.Sub(s.armed) > min(often, s.after/4) {
		s.armed = now
		s.timer.Reset(s.after)
	}
	return s.ReadCloser.Read(p)
}

func (s *silent) Close() error {
	s.timer.Stop()
	return s.ReadCloser.Close()
}
