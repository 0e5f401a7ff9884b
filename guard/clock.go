package guard

import (
	"sync"
	"time"
)

// Clock tells the time of day for what must end at one: tokens, budgets, events that
// are signed. It goes on evenly when the machine's clock is set, forward or back, and
// takes the new time over when that has stood for ten minutes. Else a clock that jumps
// would make an expired token valid again, begin the budget of a day before the day,
// or refuse everybody. The zero value is ready.
type Clock struct {
	Wall func() time.Time     // of the machine; nil: time.Now
	Even func() time.Duration // goes on evenly; nil: the machine's monotonic clock

	mu     sync.Mutex
	begun  time.Time // for Even
	at     time.Time // what was told at even
	even   time.Duration
	ready  bool
	off    time.Duration // how far the machine's clock jumped; 0: it did not
	jumped time.Duration // when
}

const (
	slack  = 2 * time.Second  // what is set in smaller steps is followed at once
	settle = 10 * time.Minute // how long a jump must stand
)

// Now is the time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	wall, even := c.read()
	if !c.ready {
		c.ready, c.at, c.even = true, wall, even
		return wall
	}
	at := c.at.Add(even - c.even)
	off := wall.Sub(at)
	switch {
	case off.Abs() <= slack:
		at, c.off = wall, 0
	case c.off == 0 || (off-c.off).Abs() > slack: // it jumped, or once more
		c.off, c.jumped = off, even
	case even-c.jumped >= settle:
		at, c.off = wall, 0
	}
	c.at, c.even = at, even
	return at
}

func (c *Clock) read() (wall time.Time, even time.Duration) {
	now := time.Now()
	if c.begun.IsZero() {
		c.begun = now
	}
	wall, even = now, now.Sub(c.begun)
	if c.Wall != nil {
		wall = c.Wall()
	}
	if c.Even != nil {
		even = c.Even()
	}
	return wall.Round(0), even // the time of day alone
}
