package demo

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"time"
)

// places are the answers that may be written at one time, by key.
type places struct {
	mu    sync.Mutex
	taken map[string]chan struct{}
}

func newPlaces() *places { return &places{taken: map[string]chan struct{}{}} }

// How many answers of one user, and of one customer's users, are written at one
// time. Users of less than a day have places of their own, and fewer.
const (
	newPlacesOfUser, newPlacesOfCustomer     = 12, 18
	knownPlacesOfUser, knownPlacesOfCustomer = 64, 200
)

// patience is how long a question waits for a place: short answers come and go.
const patience = 300 * time.Millisecond

// enter takes one of so many places of the key, and waits a moment for it.
func (l *places) enter(ctx context.Context, key string, most int) bool {
	l.mu.Lock()
	slots := l.taken[key]
	if slots == nil {
		slots = make(chan struct{}, most)
		l.taken[key] = slots
	}
	l.mu.Unlock()
	t := time.NewTimer(patience)
	defer t.Stop()
	select {
	case slots <- struct{}{}:
		return true
	case <-t.C:
	case <-ctx.Done():
	}
	return false
}

func (l *places) leave(key string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	<-l.taken[key]
}

// place takes a place of the user's and one of the customer's; leave gives both
// back.
func (s *Server) place(ctx context.Context, p *principal, young bool) (leave func(), err error) {
	ofUser, ofCustomer, age := knownPlacesOfUser, knownPlacesOfCustomer, " known"
	if young {
		ofUser, ofCustomer, age = newPlacesOfUser, newPlacesOfCustomer, " new"
	}
	var held []string
	leave = func() {
		for _, key := range held {
			s.places.leave(key)
		}
	}
	for _, k := range []struct {
		key  string
		most int
		off  bool
	}{
		{"user " + p.UserID, ofUser, s.flaws.Has("limits/concurrent-runs")},
		{"customer " + p.TenantID + age, ofCustomer, s.flaws.Has("limits/concurrent-organisation")},
	} {
		if k.off {
			continue
		}
		if !s.places.enter(ctx, k.key, k.most) {
			leave()
			return nil, s.tooMany(time.Second)
		}
		held = append(held, k.key)
	}
	return leave, nil
}

// seats is how many requests the first version served at one time.
const seats = 32

// seated serves so many requests at one time, each from its first byte on: who
// sends slowly keeps the seat. Without the flaw nobody waits for one.
func (s *Server) seated(next http.Handler) http.Handler {
	if !s.flaws.Has("limits/slow-request") {
		return next
	}
	free := make(chan struct{}, seats)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Upgrade") != "" || strings.HasSuffix(r.URL.Path, "/stream") {
			next.ServeHTTP(w, r) // it is served for as long as the client stays
			return
		}
		select {
		case free <- struct{}{}:
			defer func() { <-free }()
			next.ServeHTTP(w, r)
		case <-r.Context().Done():
		}
	})
}
