package mail

import (
	"context"
	"strings"
	"sync"
)

// Memo keeps the answers of another Resolver for as long as it lives, so that
// one run asks each question once, however many standards want to know.
// Concurrent askers of one question wait for one answer. Failures are not kept.
// It is safe for concurrent use.
type Memo struct {
	of Resolver

	mu   sync.Mutex
	kept map[memoKey]*memoAnswer
}

type memoKey struct {
	name string
	t    Type
}

type memoAnswer struct {
	done   chan struct{}
	answer Answer
	err    error
}

// mostKept bounds the memory of a Memo; what comes later is asked each time.
const mostKept = 20_000

// NewMemo remembers what r answers.
func NewMemo(r Resolver) *Memo {
	return &Memo{of: r, kept: map[memoKey]*memoAnswer{}}
}

// Lookup answers from memory or asks.
func (m *Memo) Lookup(ctx context.Context, name string, t Type) (Answer, error) {
	key := memoKey{strings.ToLower(strings.TrimSuffix(name, ".")), t}
	m.mu.Lock()
	e, ok := m.kept[key]
	if !ok && len(m.kept) >= mostKept {
		m.mu.Unlock()
		return m.of.Lookup(ctx, name, t)
	}
	if !ok {
		e = &memoAnswer{done: make(chan struct{})}
		m.kept[key] = e
		m.mu.Unlock()
		e.answer, e.err = m.of.Lookup(ctx, name, t)
		if e.failed() {
			m.mu.Lock()
			delete(m.kept, key)
			m.mu.Unlock()
		}
		close(e.done)
		return e.answer, e.err
	}
	m.mu.Unlock()
	select {
	case <-ctx.Done():
		return Answer{Name: name, Type: t}, ctx.Err()
	case <-e.done:
	}
	if e.failed() && ctx.Err() == nil {
		// The asker before had its own deadline; ask for ourselves.
		return m.of.Lookup(ctx, name, t)
	}
	return e.answer, e.err
}

func (e *memoAnswer) failed() bool { return e.err != nil || e.answer.Err() != nil }
