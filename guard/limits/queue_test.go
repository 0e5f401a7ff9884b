package limits

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/launchready/launchready/guard/state"
)

// stand is a queue over one slot that somebody has.
type stand struct {
	t     *testing.T
	q     *Queue
	m     *state.Memory
	b     Bounds
	slot  []state.Ask
	order chan string
	wg    sync.WaitGroup
}

func newStand(t *testing.T, b Bounds) *stand {
	s := &stand{t: t, q: &Queue{}, m: &state.Memory{}, b: b, slot: []state.Ask{{Key: state.Key{Limit: "all"}, Slots: 1}}, order: make(chan string, 1000)}
	if v, err := s.m.Take(t.Context(), "holder", s.slot); err != nil || !v.OK {
		t.Fatal(v, err)
	}
	return s
}

// enter lets one wait and gives when it stands in line. Whoever is let in tells
// its tenant and gives the slot to the next.
func (s *stand) enter(ctx context.Context, tenant string, asks []state.Ask) <-chan error {
	s.t.Helper()
	out := make(chan error, 1)
	n := s.q.n.Load()
	crowded := s.q.Stats().Crowded
	s.wg.Go(func() {
		v, err := s.q.wait(ctx, s.b, &waiter{tenant: tenant, lease: tenant, asks: asks, counters: s.m})
		if err == nil && v.OK {
			s.order <- tenant
			_ = s.m.Give(context.Background(), tenant, asks, false)
			s.q.freed()
		}
		out <- err
	})
	for s.q.n.Load() == n && s.q.Stats().Crowded == crowded {
		if len(out) > 0 {
			break
		}
		runtime.Gosched() // until it stands in line
	}
	return out
}

func (s *stand) open() {
	_ = s.m.Give(context.Background(), "holder", s.slot, false)
	s.q.freed()
	s.wg.Wait()
	close(s.order)
}

// TestTurns: tenants are served in turn, whoever came first and with how many.
func TestTurns(t *testing.T) {
	s := newStand(t, Bounds{Depth: 100, Wait: time.Minute})
	for _, tenant := range []string{"a", "a", "a", "a", "b", "b", "c"} {
		s.enter(t.Context(), tenant, s.slot)
	}
	if st := s.q.Stats(); st.Depth != 7 || st.Tenants != 3 || s.q.Depths()["a"] != 4 {
		t.Errorf("%+v", st)
	}
	s.open()
	got := ""
	for tenant := range s.order {
		got += tenant
	}
	if got != "abcabaa" {
		t.Errorf("the order is %s", got)
	}
	if st := s.q.Stats(); st.Depth != 0 || st.Tenants != 0 || st.Admitted != 7 {
		t.Errorf("%+v", st)
	}
}

// TestFlood: a tenant that fills the queue keeps nobody else out of it.
func TestFlood(t *testing.T) {
	s := newStand(t, Bounds{Depth: 4, Wait: time.Minute})
	var flood []<-chan error
	for range 6 {
		flood = append(flood, s.enter(t.Context(), "flood", s.slot))
	}
	for _, i := range []int{4, 5} {
		if err := <-flood[i]; !errors.Is(err, errCrowded) {
			t.Errorf("beyond the depth: %v", err)
		}
	}
	small := s.enter(t.Context(), "small", s.slot)
	if err := <-flood[3]; !errors.Is(err, errCrowded) {
		t.Errorf("the flood's last one: %v", err)
	}
	if got := s.q.Depths(); got["flood"] != 3 || got["small"] != 1 {
		t.Errorf("%v", got)
	}
	s.open()
	if err := <-small; err != nil {
		t.Error(err)
	}
	for i := range 3 {
		if err := <-flood[i]; err != nil {
			t.Error(err)
		}
	}
}

// TestLeaving: who is late or gone leaves the line and no slot behind; a rate
// that refuses in the meantime refuses at once.
func TestLeaving(t *testing.T) {
	s := newStand(t, Bounds{Depth: 10, PerTenant: 2, Wait: time.Millisecond})
	if err := <-s.enter(t.Context(), "late", s.slot); !errors.Is(err, errLate) {
		t.Errorf("late: %v", err)
	}
	s.b.Wait = time.Minute
	ctx, cancel := context.WithCancel(t.Context())
	gone := s.enter(ctx, "gone", s.slot)
	cancel()
	if err := <-gone; !errors.Is(err, context.Canceled) {
		t.Errorf("gone: %v", err)
	}
	s.enter(t.Context(), "two", s.slot)
	s.enter(t.Context(), "two", s.slot)
	if err := <-s.enter(t.Context(), "two", s.slot); !errors.Is(err, errCrowded) {
		t.Errorf("beyond the tenant's depth: %v", err)
	}
	if st := s.q.Stats(); st.Depth != 2 || st.Late != 2 {
		t.Errorf("%+v", st)
	}
	s.open()
	if v, err := s.m.Take(t.Context(), "after", s.slot); err != nil || !v.OK {
		t.Errorf("a slot is lost: %+v %v", v, err)
	}
}

// TestRefusedInLine: tenants that a rate refuses in line keep nobody behind them
// from the slot that is free.
func TestRefusedInLine(t *testing.T) {
	s := newStand(t, Bounds{Depth: 10, Wait: 10 * time.Second})
	rate := state.Ask{Key: state.Key{Limit: "rate"}, Each: time.Hour, Burst: 1}
	both := []state.Ask{s.slot[0], rate}
	refused := []<-chan error{s.enter(t.Context(), "a", both), s.enter(t.Context(), "b", both)}
	last := s.enter(t.Context(), "c", s.slot)
	if v, err := s.m.Take(t.Context(), "other", []state.Ask{rate}); err != nil || !v.OK {
		t.Fatal(v, err)
	}
	s.open()
	if err := <-last; err != nil {
		t.Errorf("the slot is free: %v", err)
	}
	for _, r := range refused {
		if err := <-r; err != nil {
			t.Errorf("not refused by the rate: %v", err)
		}
	}
	if st := s.q.Stats(); st.Depth != 0 || st.Admitted != 1 {
		t.Errorf("%+v", st)
	}
}

// stalled are counters that do not answer.
type stalled struct{ asked int }

func (s *stalled) Take(context.Context, string, []state.Ask) (state.Verdict, error) {
	s.asked++
	return state.Verdict{}, errStalled
}

func (*stalled) Give(context.Context, string, []state.Ask, bool) error { return errStalled }

var errStalled = errors.New("no answer in time")

// TestStalled: counters that do not answer are asked once for all who wait, who are
// refused then, and hold nobody up afterwards.
func TestStalled(t *testing.T) {
	s := newStand(t, Bounds{Depth: 100, Wait: time.Minute})
	var all []<-chan error
	for i := range 20 {
		all = append(all, s.enter(t.Context(), fmt.Sprint(i%3), s.slot))
	}
	c := &stalled{}
	if v, err := s.q.wait(t.Context(), s.b, &waiter{tenant: "new", asks: []state.Ask{{Key: state.Key{Limit: "other"}, Slots: 1}}, counters: c}); !errors.Is(err, errStalled) || v.OK {
		t.Errorf("%+v %v", v, err)
	}
	for _, one := range all {
		if err := <-one; !errors.Is(err, errStalled) {
			t.Errorf("%v", err)
		}
	}
	if st := s.q.Stats(); c.asked != 1 || st.Depth != 0 || st.Tenants != 0 {
		t.Errorf("asked %d times, %+v", c.asked, st)
	}
	next := s.enter(t.Context(), "next", s.slot)
	s.open()
	if err := <-next; err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

// TestOwnSlots: a tenant that waits for a slot of its own holds nobody up who
// has one.
func TestOwnSlots(t *testing.T) {
	s := newStand(t, Bounds{Depth: 10, Wait: time.Minute})
	own := []state.Ask{{Key: state.Key{Limit: "own"}, Slots: 1}}
	s.enter(t.Context(), "a", s.slot)
	if s.q.before(own) || !s.q.before(s.slot) {
		t.Error("before is wrong")
	}
	if err := <-s.enter(t.Context(), "b", own); err != nil {
		t.Error(err)
	}
	s.open()
}

// TestQueueRandom: whatever comes, waits, leaves and is refused, each request
// ends once, no more are under way than there are slots, and none is lost.
func TestQueueRandom(t *testing.T) {
	const most, crowd = 3, 120
	m, q := &state.Memory{}, &Queue{Poll: time.Millisecond}
	ask := []state.Ask{{Key: state.Key{Limit: "all"}, Slots: most}}
	var mu sync.Mutex
	busy, in := 0, 0
	var wg sync.WaitGroup
	for i := range crowd {
		rnd := rand.New(rand.NewPCG(uint64(i), 3))
		wg.Go(func() {
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			if rnd.IntN(4) == 0 {
				time.AfterFunc(time.Duration(rnd.IntN(2000))*time.Microsecond, cancel)
			}
			lease := fmt.Sprint(i)
			v, err := q.wait(ctx, Bounds{Depth: 60, Wait: 10 * time.Second}, &waiter{tenant: fmt.Sprint(rnd.IntN(7)), lease: lease, asks: ask, counters: m})
			if err != nil || !v.OK {
				return
			}
			mu.Lock()
			if busy++; busy > most {
				t.Errorf("%d are under way", busy)
			}
			in++
			mu.Unlock()
			for range rnd.IntN(2000) {
				_ = rnd.Uint64()
			}
			mu.Lock()
			busy--
			mu.Unlock()
			_ = m.Give(context.Background(), lease, ask, false)
			q.freed()
		})
	}
	wg.Wait()
	if st := q.Stats(); st.Depth != 0 || st.Tenants != 0 || in == 0 || st.Admitted < in {
		t.Errorf("%+v, %d let in", st, in)
	}
	for i := range most {
		if v, err := m.Take(t.Context(), fmt.Sprint("after", i), ask); err != nil || !v.OK {
			t.Errorf("a slot is lost: %+v %v", v, err)
		}
	}
}
