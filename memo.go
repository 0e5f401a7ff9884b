package launchready

import (
	"context"
	"errors"
	"sync"
)

// Memo keeps what several checks of a run ask alike, so that the target is asked
// once. The zero value is empty, and a nil Memo keeps nothing. It is safe for
// concurrent use.
type Memo struct {
	mu   sync.Mutex
	kept map[string]*memory
}

type memory struct {
	sync.Mutex
	made bool
	v    any
	err  error
}

// Recall returns what make gave for the key, calling it the first time. An error
// is remembered too, except one by which a run ends: that is no answer.
func Recall[T any](ctx context.Context, m *Memo, key string, make func(context.Context) (T, error)) (T, error) {
	if m == nil {
		return make(ctx)
	}
	m.mu.Lock()
	if m.kept == nil {
		m.kept = map[string]*memory{}
	}
	e := m.kept[key]
	if e == nil {
		e = &memory{}
		m.kept[key] = e
	}
	m.mu.Unlock()
	e.Lock()
	defer e.Unlock()
	if !e.made {
		v, err := make(ctx)
		if err != nil && (ctx.Err() != nil || errors.Is(err, ErrBudget) || errors.Is(err, ErrLost)) {
			return v, err
		}
		e.v, e.err, e.made = v, err, true
	}
	v, _ := e.v.(T)
	return v, e.err
}

// Recalled returns what was made for the key, and whether anything was.
func Recalled[T any](m *Memo, key string) (T, bool) {
	var none T
	if m == nil {
		return none, false
	}
	m.mu.Lock()
	e := m.kept[key]
	m.mu.Unlock()
	if e == nil {
		return none, false
	}
	e.Lock()
	defer e.Unlock()
	v, ok := e.v.(T)
	return v, ok && e.made && e.err == nil
}
