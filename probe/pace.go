package probe

import (
	"context"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// pace bounds how fast and how many at once. It learns: a 429 halves the rate,
// and calm raises it again, slowly, to what was allowed.
type pace struct {
	now   func() time.Time
	sleep func(context.Context, time.Duration) error
	slots chan struct{}
	lim   *rate.Limiter
	full  rate.Limit

	mu      sync.Mutex
	lowered bool
	changed time.Time
	since   time.Time // start of the window that sent counts
	sent    int
	lately  float64 // requests a second in the window before
}

const (
	slowest = rate.Limit(0.5)
	asGood  = rate.Limit(1000) // a learned rate this high is no bound
)

func newPace(perSecond float64, slots int, now func() time.Time, sleep func(context.Context, time.Duration) error) *pace {
	p := &pace{now: now, sleep: sleep, slots: make(chan struct{}, max(slots, 1)), full: rate.Inf, since: now()}
	burst := 1
	if perSecond > 0 {
		p.full = rate.Limit(perSecond)
		burst = max(1, min(int(perSecond/10), slots))
	}
	p.lim = rate.NewLimiter(p.full, burst)
	return p
}

// enter waits for the rate and for a free slot; leave gives the slot back.
func (p *pace) enter(ctx context.Context) error {
	now := p.now()
	p.count(now)
	if d := p.lim.ReserveN(now, 1).DelayFrom(now); d > 0 {
		if err := p.sleep(ctx, d); err != nil {
			return err
		}
	}
	select {
	case p.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (p *pace) leave() { <-p.slots }

func (p *pace) count(now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if d := now.Sub(p.since); d >= time.Second {
		p.lately = float64(p.sent) / d.Seconds()
		p.since, p.sent = now, 0
	}
	p.sent++
}

// refused lowers the rate after a 429. Refusals that come together are one.
func (p *pace) refused() {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	if p.lowered && now.Sub(p.changed) < time.Second {
		return
	}
	cur := p.lim.Limit()
	if cur == rate.Inf {
		cur = rate.Limit(max(p.lately, float64(p.sent), 2))
	}
	p.lowered, p.changed = true, now
	p.lim.SetLimitAt(now, max(cur/2, slowest))
}

// answered raises a lowered rate a step when it has been calm for a while.
func (p *pace) answered() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.lowered {
		return
	}
	now := p.now()
	if now.Sub(p.changed) < time.Second {
		return
	}
	next := p.lim.Limit() * 1.5
	if next >= min(p.full, asGood) {
		next, p.lowered = p.full, false
	}
	p.changed = now
	p.lim.SetLimitAt(now, next)
}

// limit is the rate now; tests and progress lines read it.
func (p *pace) limit() rate.Limit { return p.lim.Limit() }
