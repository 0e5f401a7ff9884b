package probe

import (
	"sync"
	"time"
)

// laps are when a connection was made and its handshake done. A dial may outlive
// the request that began it, on its own goroutine, and serve another one.
type laps struct {
	mu             sync.Mutex
	connect, shake time.Time
	fresh          bool
}

func (l *laps) connected(at time.Time, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err == nil {
		l.connect = at
	}
}

func (l *laps) shaken(at time.Time, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err == nil {
		l.shake = at
	}
}

// taken notes whether the connection that the request got is new.
func (l *laps) taken(fresh bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.fresh = fresh
}

// since tells how long connecting took, from the request's start, and the
// handshake after it; 0 on a connection that was open before.
func (l *laps) since(start time.Time) (connect, shake time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.fresh || l.connect.IsZero() {
		return 0, 0
	}
	connect = max(l.connect.Sub(start), 0)
	if l.shake.After(l.connect) {
		shake = l.shake.Sub(l.connect)
	}
	return connect, shake
}
