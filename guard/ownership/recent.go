package ownership

import (
	"container/list"
	"context"
	"sync"
	"time"
)

// Recent keeps the owners that were asked for last in front of a store. It knows
// nothing but what the store said: what it has forgotten is asked again, and
// that nobody is known is never remembered. While the store fails, it goes on
// with what it has.
type Recent struct {
	Store
	Max int              // owners; 0: 100,000
	Now func() time.Time // nil: time.Now

	mu     sync.Mutex
	of     map[Object]*list.Element
	last   list.List
	failed time.Time // when the store did last
}

type recent struct {
	o     Object
	owner Owner
	at    time.Time
}

// fresh is how long an owner is believed without another look: an operator may
// have moved the object by another process.
const fresh = time.Minute

// again is how long a store that failed is not asked about what is known: it may
// take its time to fail.
const again = time.Second

func (r *Recent) now() time.Time {
	if r.Now != nil {
		return r.Now()
	}
	return time.Now()
}

// Owner of an object.
func (r *Recent) Owner(ctx context.Context, o Object) (Owner, error) {
	now := r.now()
	r.mu.Lock()
	var had *recent
	if e, ok := r.of[o]; ok {
		r.last.MoveToFront(e)
		v := *e.Value.(*recent) //nolint:errcheck // the list holds nothing else
		had = &v
	}
	failed := r.failed
	r.mu.Unlock()
	if had != nil && (since(now, had.at, fresh) || since(now, failed, again)) {
		return had.owner, nil
	}
	is, err := r.Store.Owner(ctx, o)
	if err != nil {
		if ctx.Err() == nil { // else the caller left, which tells nothing of the store
			r.mu.Lock()
			r.failed = now
			r.mu.Unlock()
		}
		if had != nil {
			return had.owner, nil
		}
		return Owner{}, err
	}
	r.keep(now, o, is)
	return is, nil
}

// since reports that a time is no longer ago than that. One that is to come was
// told by another clock.
func since(now, at time.Time, most time.Duration) bool { return !now.Before(at) && now.Sub(at) < most }

func (r *Recent) keep(now time.Time, o Object, is Owner) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.of == nil {
		r.of = map[Object]*list.Element{}
	}
	e, ok := r.of[o]
	switch {
	case is.Tenant == "" && ok:
		r.last.Remove(e)
		delete(r.of, o)
	case is.Tenant == "":
	case ok:
		e.Value = &recent{o, is, now}
	default:
		r.of[o] = r.last.PushFront(&recent{o, is, now})
	}
	most := r.Max
	if most == 0 {
		most = 100_000
	}
	for r.last.Len() > most {
		old := r.last.Back()
		delete(r.of, r.last.Remove(old).(*recent).o) //nolint:errcheck // the list holds nothing else
	}
}

// Claim inserts what is nobody's.
func (r *Recent) Claim(ctx context.Context, claims []Claim) ([]Owner, error) {
	is, err := r.Store.Claim(ctx, claims)
	if err != nil {
		return nil, err
	}
	now := r.now()
	for i, c := range claims {
		r.keep(now, c.Object, is[i])
	}
	return is, nil
}

// Bury marks the tenant's object as deleted.
func (r *Recent) Bury(ctx context.Context, o Object, tenant string) error {
	err := r.Store.Bury(ctx, o, tenant)
	if err == nil { // else it goes on, whose it is does not change
		r.keep(time.Time{}, o, Owner{}) // asked again
	}
	return err
}

// Move gives an object to a tenant.
func (r *Recent) Move(ctx context.Context, c Claim) error {
	defer r.keep(time.Time{}, c.Object, Owner{})
	return r.Store.Move(ctx, c)
}
