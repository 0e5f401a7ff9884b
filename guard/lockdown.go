package guard

import (
	"context"
	"errors"
	"sync"
)

// ErrLocked is why an exchange was cut when guard was locked down.
var ErrLocked = errors.New("guard is locked down")

// ErrOff is why an exchange was cut when what it is of was switched off.
var ErrOff = errors.New("it was switched off")

// Lockdown closes guard in an incident: what a policy does not call essential is
// refused, and what is under way is cut. It outlives a pipeline. The zero value
// is open; a nil one cannot be closed.
type Lockdown struct {
	mu     sync.Mutex
	locked bool
	ctx    context.Context // ends when guard is locked down; of the time since it was opened last
	cut    context.CancelCauseFunc
}

// Lock locks guard down or opens it, and reports whether that changed anything.
func (l *Lockdown) Lock(on bool) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.locked == on {
		return false
	}
	l.locked = on
	if on && l.cut != nil {
		l.cut(ErrLocked)
		l.ctx, l.cut = nil, nil
	}
	return true
}

// Locked reports whether guard is locked down.
func (l *Lockdown) Locked() bool {
	if l == nil {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.locked
}

// enter lets an exchange in and cuts it when guard is locked down; leave is called
// when it is over.
func (l *Lockdown) enter(cut context.CancelCauseFunc) (leave func() bool, ok bool) {
	if l == nil {
		return func() bool { return false }, true
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.locked {
		return nil, false
	}
	if l.ctx == nil {
		l.ctx, l.cut = context.WithCancelCause(context.Background())
	}
	return context.AfterFunc(l.ctx, func() { cut(ErrLocked) }), true
}
