package demo

import (
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

const attemptsAllowed = 60

func newAttempts(now func() time.Time) *attempts {
	return &attempts{now: now, n: map[string]int{}}
}

// take counts one and reports whether it was one too many.
func (a *attempts) take(key string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if now := a.now(); now.Sub(a.since) >= time.Minute {
		a.since = now
		clear(a.n)
	}
	a.n[key]++
	return a.n[key] > attemptsAllowed
}
