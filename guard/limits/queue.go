package limits

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/launchready/launchready/guard/state"
)

var (
	errCrowded = errors.New("the queue is full")
	errLate    = errors.New("no slot became free in time")
)

// Bounds are those of the queue.
type Bounds struct {
	Depth     int           // requests that wait
	PerTenant int           // of one tenant; 0: Depth
	Wait      time.Duration // the longest
}

// Queue lets requests wait for a slot, tenants in turn: a tenant with a hundred
// requests waits as long for its next one as a tenant with one. It outlives a
// pipeline. The zero value is ready.
type Queue struct {
	// Poll is how often a queue that is not empty asks again, for slots that another
	// process freed; 0: only those of this process count.
	Poll time.Duration

	n       atomic.Int64
	mu      sync.Mutex
	lines   []*line // of tenants with waiters, in turn
	next    int
	polling bool
	s       Stats
}

// Stats are for metrics.
type Stats struct {
	Depth, Tenants  int           // now
	Admitted        int           // let in after a wait, since the beginning
	Crowded, Late   int           // refused by a full queue; gone or refused after a wait
	Longest, Waited time.Duration // the longest wait of those let in, and all together
}

type line struct {
	tenant string
	all    []*waiter
}

type waiter struct {
	tenant, lease string
	asks          []state.Ask
	counters      state.Counters
	ctx           context.Context //nolint:containedctx // it is asked for while another request runs
	since         time.Time
	done          chan result // holds one
}

type result struct {
	v   state.Verdict
	err error
}

// Stats tells how the queue does.
func (q *Queue) Stats() Stats {
	q.mu.Lock()
	defer q.mu.Unlock()
	s := q.s
	s.Depth, s.Tenants = int(q.n.Load()), len(q.lines)
	return s
}

// Depths tells how many requests of each tenant wait.
func (q *Queue) Depths() map[string]int {
	q.mu.Lock()
	defer q.mu.Unlock()
	out := map[string]int{}
	for _, l := range q.lines {
		out[l.tenant] = len(l.all)
	}
	return out
}

// before says whether somebody waits for a slot that these asks want too.
func (q *Queue) before(asks []state.Ask) bool {
	if q.n.Load() == 0 {
		return false
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, l := range q.lines {
		for _, w := range l.all {
			for i := range w.asks {
				if w.asks[i].Slots > 0 && slices.ContainsFunc(asks, func(a state.Ask) bool { return a.Slots > 0 && a.Key == w.asks[i].Key }) {
					return true
				}
			}
		}
	}
	return false
}

// freed is called when slots are given back.
func (q *Queue) freed() {
	if q.n.Load() == 0 {
		return
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.dispatch()
}

// wait blocks until the request is let in, refused by a rate, late, or its
// caller is gone.
func (q *Queue) wait(ctx context.Context, b Bounds, w *waiter) (state.Verdict, error) {
	w.ctx, w.since, w.done = ctx, time.Now(), make(chan result, 1)
	if err := q.join(w, b); err != nil {
		return state.Verdict{}, err
	}
	timer := time.NewTimer(b.Wait)
	defer timer.Stop()
	err := errLate
	select {
	case r := <-w.done:
		return r.v, r.err
	case <-timer.C:
	case <-ctx.Done():
		err = ctx.Err()
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	select {
	case r := <-w.done: // let in at the last moment: the slot is its own
		return r.v, r.err
	default:
	}
	q.leave(w)
	q.s.Late++
	return state.Verdict{}, err
}

func (q *Queue) join(w *waiter, b Bounds) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	own := 0
	for _, l := range q.lines {
		if l.tenant == w.tenant {
			own = len(l.all)
		}
	}
	if b.PerTenant > 0 && own >= b.PerTenant || int(q.n.Load()) >= b.Depth && !q.displace(own) {
		q.s.Crowded++
		return errCrowded
	}
	i := slices.IndexFunc(q.lines, func(l *line) bool { return l.tenant == w.tenant })
	if i < 0 { // behind all who wait, which is before the one whose turn it is
		i = q.next
		q.lines = slices.Insert(q.lines, i, &line{tenant: w.tenant})
		q.next = (i + 1) % len(q.lines)
	}
	q.lines[i].all = append(q.lines[i].all, w)
	q.n.Add(1)
	q.dispatch() // a slot may have become free before this request stood in line
	if q.Poll > 0 && !q.polling && q.n.Load() > 0 {
		q.polling = true
		go q.poll()
	}
	return nil
}

// displace makes room in a full queue for a tenant that has own requests in it:
// the tenant with the most gives up its last one, if it still has as many then.
func (q *Queue) displace(own int) bool {
	var most *line
	for _, l := range q.lines {
		if most == nil || len(l.all) > len(most.all) {
			most = l
		}
	}
	if most == nil || len(most.all) < own+2 {
		return false
	}
	w := most.all[len(most.all)-1]
	w.done <- result{err: errCrowded}
	q.s.Crowded++
	q.leave(w)
	return true
}

// poll ends when nobody waits.
func (q *Queue) poll() {
	t := time.NewTicker(q.Poll)
	defer t.Stop()
	for range t.C {
		q.mu.Lock()
		q.dispatch()
		if q.n.Load() == 0 {
			q.polling = false
			q.mu.Unlock()
			return
		}
		q.mu.Unlock()
	}
}

// dispatch lets in who can be, one of each tenant in turn. What was refused for
// want of a slot is not asked again for others who need the same slot.
func (q *Queue) dispatch() {
	var none map[state.Key]bool
	for since := 0; len(q.lines) > 0 && since < len(q.lines); {
		q.next %= len(q.lines)
		l, let, left := q.lines[q.next], false, len(q.lines)
		for i := 0; i < len(l.all) && !let; {
			w := l.all[i]
			if slices.ContainsFunc(w.asks, func(a state.Ask) bool { return none[a.Key] }) {
				i++
				continue
			}
			v, err := w.counters.Take(w.ctx, w.lease, w.asks)
			if err != nil && w.ctx.Err() == nil && !errors.Is(err, state.ErrFull) { // which is of one key
				q.fail(err)
				return
			}
			if err == nil && !v.OK && v.Slot {
				if none == nil {
					none = map[state.Key]bool{}
				}
				none[w.asks[v.By].Key] = true
				i++
				continue
			}
			if let = err == nil && v.OK; let {
				waited := time.Since(w.since)
				q.s.Admitted++
				q.s.Waited += waited
				q.s.Longest = max(q.s.Longest, waited)
			}
			w.done <- result{v, err}
			q.leave(w) // the next one is at i now
		}
		if len(q.lines) == left { // else the next tenant is where this one was
			q.next++
			since++
		}
		if let {
			since = 0
		}
	}
}

// fail refuses all who wait, since what counts for them does not answer: each of them
// would hold the queue up for as long as the store is waited for.
func (q *Queue) fail(err error) {
	for _, l := range q.lines {
		for _, w := range l.all {
			w.done <- result{err: err}
		}
	}
	q.lines, q.next = nil, 0
	q.n.Store(0)
}

// leave takes a waiter out of its line, and the line away when it is empty.
func (q *Queue) leave(w *waiter) {
	for i, l := range q.lines {
		j := slices.Index(l.all, w)
		if j < 0 {
			continue
		}
		l.all = slices.Delete(l.all, j, j+1)
		q.n.Add(-1)
		if len(l.all) == 0 {
			q.lines = slices.Delete(q.lines, i, i+1)
			if i < q.next {
				q.next--
			}
		}
		return
	}
}
