package guard

import (
	"context"
	"errors"
	"sync"
)

// ErrLocked is why an exchange was cut when guard was locked down.
var ErrLocked = errors.New("guard is locked down")

// Gate closes guard in an incident: what a policy does not call essential is
// refused, and what is under way is cut. It outlives a pipeline. The zero value
// is open; a nil one cannot be closed.
type Gate struct {
	mu     sync.Mutex
	locked bool
	ctx    context.Context // ends when the gate closes; of the time since it was opened last
	cut    context.CancelCauseFunc
}

// Lock closes or opens the gate, and reports whether that changed anything.
func (g *Gate) Lock(on bool) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.locked == on {
		return false
	}
	g.locked = on
	if on && g.cut != nil {
		g.cut(ErrLocked)
		g.ctx, g.cut = nil, nil
	}
	return true
}

// Locked reports whether the gate is closed.
func (g *Gate) Locked() bool {
	if g == nil {
		return false
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.locked
}

// enter lets an exchange in and cuts it when the gate closes; leave is called
// when it is over.
func (g *Gate) enter(cut context.CancelCauseFunc) (leave func() bool, ok bool) {
	if g == nil {
		return func() bool { return false }, true
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.locked {
		return nil, false
	}
	if g.ctx == nil {
		g.ctx, g.cut = context.WithCancelCause(context.Background())
	}
	return context.AfterFunc(g.ctx, func() { cut(ErrLocked) }), true
}
