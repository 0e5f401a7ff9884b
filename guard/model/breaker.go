package model

import (
	"net/http"
	"strconv"
	"sync"
	"time"
)

// Breaker stops asking a provider that fails: after so many failures in a row nobody
// is let through for a while, then one request tries, and where it fails too, the
// while is twice as long. However often an application tries again, a provider that is
// down is asked a few times. The zero value never breaks.
type Breaker struct {
	Failures       int           // in a row: 429, 500 and above, no answer
	Pause, Longest time.Duration // where the provider does not say how long; and the most that is believed of it
}

// circuit is a provider's state.
type circuit struct {
	Breaker
	now    func() time.Time
	mu     sync.Mutex
	failed int
	pause  time.Duration
	until  time.Time // nobody is let through before
	trying bool      // one is through, on whom it depends
}

// enter lets a request through, or tells how long to wait. leave is told what came of it.
func (c *circuit) enter() (leave func(outcome, time.Duration), wait time.Duration) {
	if c == nil {
		return func(outcome, time.Duration) {}, 0
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.now()
	open := c.failed >= c.Failures
	switch {
	case open && now.Before(c.until):
		return nil, c.until.Sub(now)
	case open && c.trying:
		return nil, c.pause
	}
	c.trying = open
	return func(o outcome, after time.Duration) { c.leave(o, after, open) }, 0
}

// outcome is what came of asking a provider.
type outcome int

const (
	unknown outcome = iota // nobody waited for it
	well
	failing
)

// leave takes an answer into account. Those who were let through before it broke
// neither mend it nor make it longer.
func (c *circuit) leave(o outcome, after time.Duration, tried bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if tried {
		c.trying = false
	} else if c.failed >= c.Failures {
		return
	}
	switch o {
	case well:
		c.failed, c.pause = 0, 0
	case failing:
		if c.failed++; c.failed < c.Failures {
			return
		}
		c.failed = c.Failures
		c.pause = min(max(2*c.pause, c.Pause), c.Longest)
		c.until = c.now().Add(min(max(c.pause, after), c.Longest))
	case unknown:
	}
}

// outcomeOf reads an answer, and how long it asks to be left alone.
func outcomeOf(res *http.Response) (outcome, time.Duration) {
	if s := res.StatusCode; s != http.StatusTooManyRequests && s < 500 {
		return well, 0
	}
	n, err := strconv.Atoi(res.Header.Get("Retry-After"))
	if err != nil || n < 0 || n > 3600 {
		n = 0
	}
	return failing, time.Duration(n) * time.Second
}

func paused(wait time.Duration) *Denial {
	d := deny(http.StatusServiceUnavailable, "provider_paused", "The provider fails, and is not asked for a moment.")
	d.Retry = max(wait, time.Second)
	return d
}
