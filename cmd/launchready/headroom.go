package main

import (
	"context"
	"math"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync"
	"time"
)

// The runtime lets the heap double before it collects garbage. Guard's own is 4 MB: at
// five hundred requests a second that is three collections in each, and who is served
// meanwhile waits, which the hundredth slowest request shows. Where many streams are
// open, double is hundreds of megabytes that hold nothing.
const (
	floor = 32 << 20 // what the heap may grow by at the least, by a GOGC of 100
	spare = 64 << 20 // what it may grow by, where that is less than to double
	least = 25       // percent of it that it always may: below, more is marked than served
	small = 1 << 20  // a heap counts as no less
)

// percent is how much a heap may grow by of which so much is in use, by a GOGC of base.
// It is rounded down: to set another stops the program for a moment.
func percent(base int, live uint64) int {
	live = max(live, small)
	switch {
	case live < floor:
		p := int(float64(base) * floor / float64(live))
		return max(base, p-p%50)
	case live <= spare:
		return base
	}
	p := int(float64(base) * float64(spare) / float64(live))
	return min(base, max(p-p%5, least))
}

var headroom sync.Once

// bound holds the room for garbage to that, looking after each collection. It starts from
// what GOGC says, and where that is off it does nothing.
func bound() {
	headroom.Do(func() {
		s := []metrics.Sample{{Name: "/gc/gogc:percent"}}
		metrics.Read(s)
		if v := s[0].Value.Uint64(); v < math.MaxInt32 {
			adapt(&collection{base: int(v), now: int(v), live: []metrics.Sample{{Name: "/gc/heap/live:bytes"}}})
		}
	})
}

// collection is what the next one is to find.
type collection struct {
	base, now int
	live      []metrics.Sample
}

// adapt waits for the next collection. What nobody holds is cleaned up after it.
func adapt(c *collection) {
	runtime.AddCleanup(new([64]byte), func(c *collection) {
		metrics.Read(c.live)
		if p := percent(c.base, c.live[0].Value.Uint64()); p != c.now {
			c.now = p
			debug.SetGCPercent(p)
		}
		adapt(c)
	}, c)
}

// What garbage may grow to is held when nobody asks any more. It is given back then.
const (
	still = 5 * time.Second // between two looks
	quiet = 1 << 20         // bytes that are made in that time where nobody asks: probes are answered
	worth = 8 << 20         // bytes that were made since, so that there is something to give back
)

// repose says when memory is given back.
type repose struct{ seen, given uint64 } // bytes that were made until the last look, and until the last time

// due looks at how many bytes were made in all.
func (r *repose) due(made uint64) bool {
	calm := made-r.seen < quiet
	r.seen = made
	if !calm || made-r.given < worth {
		return false
	}
	r.given = made
	return true
}

// giveBack gives memory back whenever nobody asks.
func giveBack(ctx context.Context) {
	made := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(made)
	r := repose{seen: made[0].Value.Uint64(), given: made[0].Value.Uint64()}
	tick := time.NewTicker(still)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if metrics.Read(made); r.due(made[0].Value.Uint64()) {
			debug.FreeOSMemory()
		}
	}
}
