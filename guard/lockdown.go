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
	first  *entry // of what is under way
}

// entry is an exchange in the list of what is cut. It is part of the exchange, so that
// to be in the list costs no memory.
type entry struct {
	prev, next *entry
	in         bool
	cut        context.CancelCauseFunc
}

// Lock locks guard down or opens it, and reports whether that changed anything.
func (l *Lockdown) Lock(on bool) bool {
	l.mu.Lock()
	if l.locked == on {
		l.mu.Unlock()
		return false
	}
	l.locked = on
	var cut []context.CancelCauseFunc
	for e := l.first; on && e != nil; e = e.next {
		cut = append(cut, e.cut)
	}
	l.mu.Unlock()
	for _, f := range cut { // what ends of it may leave meanwhile
		f(ErrLocked)
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

// Enter lets in what is no exchange of a pipeline, as a call of the model: cut ends it
// when guard is locked down before it leaves.
func (l *Lockdown) Enter(cut context.CancelCauseFunc) (leave func(), ok bool) {
	e := &entry{cut: cut}
	if !l.enter(e) {
		return nil, false
	}
	return func() { l.leave(e) }, true
}

// enter lets an exchange in, which is cut when guard is locked down until it leaves.
func (l *Lockdown) enter(e *entry) bool {
	if l == nil {
		return true
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.locked {
		return false
	}
	if e.next, e.in = l.first, true; e.next != nil {
		e.next.prev = e
	}
	l.first = e
	return true
}

// leave is called when it is over, whether it was let in or not.
func (l *Lockdown) leave(e *entry) {
	if l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if !e.in {
		return
	}
	if e.prev != nil {
		e.prev.next = e.next
	} else {
		l.first = e.next
	}
	if e.next != nil {
		e.next.prev = e.prev
	}
	e.prev, e.next, e.in = nil, nil, false
}
