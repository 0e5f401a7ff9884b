package main

import (
	"math"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync"
)

// The runtime lets the heap double before it collects garbage. That is cheap where the
// heap is small, as guard's is. Where many streams are open it is hundreds of megabytes
// that hold nothing.
const (
	spare = 64 << 20 // what the heap may grow by, where that is less than to double
	least = 25       // percent of it that it always may: below, more is marked than served
)

// percent is how much a heap may grow by of which so much is in use, where it were base
// if it is small.
func percent(base int, live uint64) int {
	if live <= spare {
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
