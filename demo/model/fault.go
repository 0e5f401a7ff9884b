package model

import (
	"context"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// Traffic is what has come to a provider, whatever it answered.
type Traffic struct {
	Calls   int // completions that were asked for, the refused ones too
	Refused int // of them answered by a fault
	Tokens  int // of replies, as far as they were written
}

// traffic counts under a lock, and holds the fault that is on.
type traffic struct {
	mu     sync.Mutex
	sum    Traffic
	bytes  int // of replies
	status int
	left   int
}

// Fail makes the next calls be refused with the status, 429 or 5xx, as a provider
// does that is overloaded; 0 calls makes it well again.
func (s *Server) Fail(status, calls int) {
	s.traffic.mu.Lock()
	defer s.traffic.mu.Unlock()
	s.traffic.status, s.traffic.left = status, calls
}

// Traffic is what has come so far.
func (s *Server) Traffic() Traffic {
	s.traffic.mu.Lock()
	defer s.traffic.mu.Unlock()
	out := s.traffic.sum
	out.Tokens = (s.traffic.bytes + 3) / 4
	return out
}

// called counts a call, and tells the status by which it is refused, 0 for none.
func (t *traffic) called() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.sum.Calls++
	if t.left == 0 {
		return 0
	}
	t.left--
	t.sum.Refused++
	return t.status
}

func (t *traffic) wrote(text string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.bytes += len(text)
}

// faulty refuses a call as providers do.
func faulty(w http.ResponseWriter, status int) {
	if status == http.StatusTooManyRequests {
		w.Header().Set("Retry-After", "1")
		fail(w, status, "rate_limit_exceeded", "Rate limit reached for requests.")
		return
	}
	fail(w, status, "server_error", "The server had an error while processing your request. ("+strconv.Itoa(status)+")")
}

// writing is the pace at which an answer is written: short ones at once, long
// ones piece by piece, in at most the time that the options give.
type writing struct {
	every int           // so many pieces are written between two pauses
	pause time.Duration // 0: none
}

const (
	atOnce = 64 // pieces of an answer that come without a pause
	steps  = 40 // pauses of a long one
)

func (s *Server) writing(n int) writing {
	if s.opts.Longest <= 0 || n <= atOnce {
		return writing{}
	}
	took := min(time.Duration(n)*4*time.Millisecond, s.opts.Longest)
	return writing{every: max(n/steps, 1), pause: took / steps}
}

// before waits ahead of a piece; false: the caller has gone.
func (p writing) before(ctx context.Context, piece int) bool {
	if p.pause == 0 || piece%p.every != 0 {
		return true
	}
	return rest(ctx, p.pause)
}

func rest(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
