package state

import (
	"context"
	"sync"
	"time"
)

// Memory is Counters of one process. The zero value is ready. It outlives a
// pipeline, so that a reload gives nobody a new allowance.
type Memory struct {
	Now func() time.Time // nil: time.Now
	Max int              // keys; 0: 200,000

	mu    sync.Mutex
	base  time.Time
	seen  map[Key]*count
	swept time.Duration
}

type count struct {
	next time.Duration // since base: when the bucket is full again (GCRA's arrival time)
	busy int
}

const sweepEvery = time.Second

func (m *Memory) now() time.Duration {
	t := time.Now
	if m.Now != nil {
		t = m.Now
	}
	if m.seen == nil {
		m.seen, m.base = map[Key]*count{}, t()
	}
	return t().Sub(m.base) // by the monotonic clock, which does not jump
}

// Take counts a request.
func (m *Memory) Take(_ context.Context, _ string, asks []Ask) (Verdict, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.now()
	var held [8]*count
	of := held[:0]
	fresh := 0
	for i := range asks {
		c := m.seen[asks[i].Key]
		if c == nil && !asks[i].Look {
			fresh++
		}
		of = append(of, c)
	}
	if most := m.most(); len(m.seen)+fresh > most {
		m.sweep(now)
		fresh = 0
		for i := range asks { // the walk may have dropped what this request counts in
			if of[i] = m.seen[asks[i].Key]; of[i] == nil && !asks[i].Look {
				fresh++
			}
		}
		if len(m.seen)+fresh > most {
			return Verdict{}, ErrFull
		}
	}
	best := Verdict{OK: true, Left: -1}
	for i, a := range asks {
		if a.Each == 0 {
			continue
		}
		next := now
		if of[i] != nil && of[i].next > now {
			next = of[i].next
		}
		if v, ok := Rate(a, next-now); !ok {
			v.By = i
			return v, nil
		} else if !a.Look && (best.Left < 0 || v.Left < best.Left) {
			v.By = i
			best = v
		}
	}
	for i, a := range asks {
		if a.Slots > 0 && !a.Look && of[i] != nil && of[i].busy >= a.Slots {
			return Verdict{By: i, Slot: true}, nil
		}
	}
	for i, a := range asks {
		if a.Look {
			continue
		}
		c := of[i]
		if c == nil {
			if c = m.seen[a.Key]; c == nil { // an ask may stand twice
				c = &count{}
				m.seen[a.Key] = c
			}
		}
		if a.Each > 0 {
			c.next = max(c.next, now) + a.Whole()
		}
		if a.Slots > 0 {
			c.busy++
		}
	}
	return best, nil
}

// Rate judges one request by a bucket that needs the time full to be whole
// again, and says what it leaves.
func Rate(a Ask, full time.Duration) (Verdict, bool) {
	then := full + a.Whole()
	whole := a.Each * time.Duration(a.Burst)
	if over := then - whole; over > 0 {
		return Verdict{Wait: over, Full: full}, false
	}
	return Verdict{OK: true, Left: int((whole - then) / a.Each), Full: then}, true
}

func (m *Memory) most() int {
	if m.Max == 0 {
		return 200_000
	}
	return m.Max
}

// sweep drops keys that no longer count. It looks once a second at most, or a flood of
// addresses would make every request pay for a walk through the table.
func (m *Memory) sweep(now time.Duration) {
	if m.swept != 0 && now-m.swept < sweepEvery {
		return
	}
	m.swept = max(now, 1)
	for k, c := range m.seen {
		if c.next <= now && c.busy == 0 {
			delete(m.seen, k)
		}
	}
}

// Give frees slots.
func (m *Memory) Give(_ context.Context, _ string, asks []Ask, undo bool) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, a := range asks {
		c := m.seen[a.Key]
		if c == nil || a.Look {
			continue
		}
		if a.Slots > 0 && c.busy > 0 {
			c.busy--
		}
		if undo {
			c.next -= a.Whole()
		}
	}
	return nil
}

// Len is how many keys are held.
func (m *Memory) Len() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.seen)
}
