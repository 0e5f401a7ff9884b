package state

import (
	"context"
	"errors"
	"sync"
	"time"
)

var errTwice = errors.New("a hold of that name is open")

// Replies are the Answers of one process. The zero value is ready.
type Replies struct {
	Now   func() time.Time // nil: time.Now
	Max   int              // keys; 0: 10,000
	Bytes int              // of all answers together; 0: 64 MiB

	mu   sync.Mutex
	keys map[string]*reply
	size int
}

type reply struct {
	print [32]byte
	owner string // while it is being done
	until time.Time
	a     Answer
}

func (r *reply) size() int { return len(r.a.Body) }

// Begin claims the key.
func (r *Replies) Begin(_ context.Context, key, owner string, print [32]byte, lease time.Duration) (Found, Answer, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := clock(r.Now)
	if r.keys == nil {
		r.keys = map[string]*reply{}
	}
	if e := r.keys[key]; e != nil && e.until.After(now) {
		switch {
		case e.print != print:
			return Other, Answer{}, nil
		case e.owner != "":
			return Busy, Answer{}, nil
		}
		return Done, e.a, nil
	}
	most := r.Max
	if most == 0 {
		most = 10_000
	}
	r.drop(key)
	if len(r.keys) >= most {
		r.sweep(now)
	}
	if len(r.keys) >= most {
		return Fresh, Answer{}, ErrFull // an older key may not be forgotten: its request would be done twice
	}
	r.keys[key] = &reply{print: print, owner: owner, until: now.Add(lease)}
	return Fresh, Answer{}, nil
}

func (r *Replies) drop(key string) {
	if e := r.keys[key]; e != nil {
		r.size -= e.size()
		delete(r.keys, key)
	}
}

func (r *Replies) sweep(now time.Time) {
	for k, e := range r.keys {
		if !e.until.After(now) {
			r.drop(k)
		}
	}
}

// Finish keeps the answer. One that finds no room is kept as done, without what
// was answered.
func (r *Replies) Finish(_ context.Context, key, owner string, a Answer, keep time.Duration) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	e := r.keys[key]
	if e == nil || e.owner != owner {
		return nil // the lease ended and another has it
	}
	most, now := r.Bytes, clock(r.Now)
	if most == 0 {
		most = 64 << 20
	}
	if r.size+len(a.Body) > most {
		e.until = now.Add(keep) // not itself
		r.sweep(now)
	}
	if r.size+len(a.Body) > most {
		a = Answer{Status: a.Status}
	}
	e.owner, e.until, e.a = "", now.Add(keep), a
	r.size += e.size()
	return nil
}

// Forget gives the key up.
func (r *Replies) Forget(_ context.Context, key, owner string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if e := r.keys[key]; e != nil && e.owner == owner {
		r.drop(key)
	}
	return nil
}
