package demo

import (
	"net/http"
	"sync"
	"time"
)

// attempts counts sign-ins by account and address within a minute.
type attempts struct {
	now   func() time.Time
	mu    sync.Mutex
	since time.Time
	n     map[string]int
}

// What is allowed within a minute: sign-ins of one account from one address,
// failed ones from one address, and reset mails to one account.
const (
	attemptsAllowed = 60
	failuresAllowed = 130
	resetsAllowed   = 6
)

func tooManyAttempts() error {
	p := newProblem(http.StatusTooManyRequests, "too many attempts, try again in a moment")
	p.retryAfter = "1"
	return p
}

func newAttempts(now func() time.Time) *attempts {
	return &attempts{now: now, n: map[string]int{}}
}

// take counts one and reports whether it was one too many.
func (a *attempts) take(key string, allowed int) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if now := a.now(); now.Sub(a.since) >= time.Minute {
		a.since = now
		clear(a.n)
	}
	a.n[key]++
	return a.n[key] > allowed
}
