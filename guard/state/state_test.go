package state_test

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/launchready/launchready/guard/state"
	"github.com/launchready/launchready/guard/state/statetest"
)

func TestMemory(t *testing.T) {
	m := &state.Memory{}
	statetest.Counters(t, func(testing.TB) state.Counters { return m })
}

func TestBook(t *testing.T) {
	b := &state.Book{}
	statetest.Ledger(t, func(testing.TB) state.Ledger { return b })
}

func TestReplies(t *testing.T) {
	r := &state.Replies{}
	statetest.Answers(t, func(testing.TB) state.Answers { return r })
}

// TestRateOverTime: whatever the times and the number of asks, no window of the
// length of the whole bucket lets in more than the burst and the rate together,
// and one who asks as slowly as the rate allows is always let in.
func TestRateOverTime(t *testing.T) {
	rnd := rand.New(rand.NewPCG(7, 7))
	for range 50 {
		now := time.Unix(1_000_000, 0)
		m := &state.Memory{Now: func() time.Time { return now }}
		each, burst := time.Duration(1+rnd.IntN(1000))*time.Millisecond, 1+rnd.IntN(20)
		a := []state.Ask{{Key: state.Key{Limit: "l"}, Each: each, Burst: burst}}
		began, in := now, 0
		for range 500 {
			now = now.Add(time.Duration(rnd.Int64N(int64(each))))
			v, err := m.Take(t.Context(), "", a)
			if err != nil {
				t.Fatal(err)
			}
			if v.OK {
				in++
			} else if now2 := now.Add(v.Wait); v.Wait <= 0 || now2.Before(now) {
				t.Fatalf("wait %v", v.Wait)
			}
			if most := burst + int(now.Sub(began)/each); in > most {
				t.Fatalf("%d in %v of one each %v and %d at once: at most %d", in, now.Sub(began), each, burst, most)
			}
		}
		for range 20 {
			v, err := m.Take(t.Context(), "", a)
			if err != nil {
				t.Fatal(err)
			}
			if !v.OK {
				now = now.Add(v.Wait) // as long as it was told
				if v, err = m.Take(t.Context(), "", a); err != nil || !v.OK {
					t.Fatalf("waited as told and refused: %+v %v", v, err)
				}
			}
		}
	}
}

// TestFullTable: a table that is full of keys that count lets nobody new in,
// serves those that it knows, and has room again when they no longer count.
func TestFullTable(t *testing.T) {
	now := time.Unix(1_000_000, 0)
	m := &state.Memory{Now: func() time.Time { return now }, Max: 10}
	ask := func(i int) (state.Verdict, error) {
		return m.Take(t.Context(), "", []state.Ask{{Key: state.Key{User: fmt.Sprint(i)}, Each: time.Minute, Burst: 5}})
	}
	for i := range 10 {
		if v, err := ask(i); err != nil || !v.OK {
			t.Fatal(v, err)
		}
	}
	if v, err := ask(11); !errors.Is(err, state.ErrFull) || v.OK {
		t.Errorf("a new key: %+v %v", v, err)
	}
	if v, err := ask(3); err != nil || !v.OK || v.Left != 3 {
		t.Errorf("a known key: %+v %v", v, err)
	}
	rate := state.Ask{Key: state.Key{User: "3"}, Each: time.Minute, Burst: 5}
	look := state.Ask{Key: state.Key{Limit: "failures"}, Each: time.Minute, Burst: 5, Look: true}
	if v, err := m.Take(t.Context(), "", []state.Ask{rate, look}); err != nil || !v.OK {
		t.Errorf("a known key, and one that is only looked at: %+v %v", v, err)
	}
	now = now.Add(3 * time.Minute)
	if v, err := ask(11); err != nil || !v.OK {
		t.Errorf("with room: %+v %v", v, err)
	}
	if m.Len() > 2 {
		t.Errorf("%d keys are left", m.Len())
	}
}

// TestSwept: a slot of a key that was idle when the table was walked is held as any other.
func TestSwept(t *testing.T) {
	m := &state.Memory{Max: 3}
	slot := func(name string) state.Ask { return state.Ask{Key: state.Key{Limit: name}, Slots: 1} }
	for _, name := range []string{"known", "a", "b"} {
		asks := []state.Ask{slot(name)}
		if v, err := m.Take(t.Context(), name, asks); err != nil || !v.OK {
			t.Fatal(v, err)
		}
		if err := m.Give(t.Context(), name, asks, false); err != nil {
			t.Fatal(err)
		}
	}
	if v, err := m.Take(t.Context(), "one", []state.Ask{slot("known"), slot("new")}); err != nil || !v.OK {
		t.Fatal(v, err)
	}
	if v, err := m.Take(t.Context(), "two", []state.Ask{slot("known")}); err != nil || v.OK {
		t.Errorf("one slot is held twice: %+v %v", v, err)
	}
	if v, err := m.Take(t.Context(), "three", []state.Ask{slot("known"), slot("c"), slot("d")}); !errors.Is(err, state.ErrFull) {
		t.Errorf("more keys than there is room for: %+v %v", v, err)
	}
}

// TestBookSums: whatever is reserved and settled at the same time, an account
// is what was settled and what is still held, and never was above its cap.
func TestBookSums(t *testing.T) {
	b := &state.Book{}
	const most = 1000
	caps := []state.Cap{{Account: "a", Most: most, Until: time.Now().Add(time.Hour)}}
	var mu sync.Mutex
	var want state.Money
	var wg sync.WaitGroup
	for w := range 8 {
		rnd := rand.New(rand.NewPCG(uint64(w), 1))
		wg.Go(func() {
			for i := range 200 {
				id, amount := fmt.Sprint(w, "/", i), state.Money(rnd.Int64N(200))
				by, err := b.Reserve(t.Context(), id, amount, caps)
				if err != nil {
					t.Error(err)
				}
				if used, _ := b.Used(t.Context(), "a"); used > most {
					t.Errorf("used %d", used)
				}
				if by >= 0 {
					continue
				}
				cost := amount
				if rnd.IntN(10) > 0 {
					cost = state.Money(rnd.Int64N(int64(amount) + 1))
				}
				if rnd.IntN(5) > 0 {
					if _, err := b.Settle(t.Context(), id, cost); err != nil {
						t.Error(err)
					}
				} else {
					cost = amount // left behind
				}
				mu.Lock()
				want += cost
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if got, _ := b.Used(t.Context(), "a"); got != want {
		t.Errorf("used %d, want %d", got, want)
	}
}

func TestOver(t *testing.T) {
	for _, c := range []struct {
		used, amount, most state.Money
		want               bool
	}{
		{0, 1, 1, false}, {1, 1, 1, true}, {0, 0, 0, false}, {2, 0, 1, true}, {0, -1, 1, true},
		{math.MaxInt64 - 1, math.MaxInt64, math.MaxInt64, true}, {1, math.MaxInt64, 10, true},
	} {
		if got := state.Over(c.used, c.amount, c.most); got != c.want {
			t.Errorf("%+v: %t", c, got)
		}
	}
}

// TestBounds: books and replies that are full refuse what is new.
func TestBounds(t *testing.T) {
	now := time.Unix(1_000_000, 0)
	b := &state.Book{Now: func() time.Time { return now }, Max: 2}
	cap1 := func(n string) []state.Cap {
		return []state.Cap{{Account: n, Most: 10, Until: now.Add(time.Hour)}}
	}
	for _, n := range []string{"a", "b"} {
		if by, err := b.Reserve(t.Context(), n, 1, cap1(n)); by != -1 || err != nil {
			t.Fatal(by, err)
		}
		_, _ = b.Settle(t.Context(), n, 1)
	}
	if _, err := b.Reserve(t.Context(), "c", 1, cap1("c")); !errors.Is(err, state.ErrFull) {
		t.Errorf("a third account: %v", err)
	}
	r := &state.Replies{Now: func() time.Time { return now }, Max: 2, Bytes: 10}
	for _, k := range []string{"a", "b"} {
		if f, _, err := r.Begin(t.Context(), k, "me", [32]byte{}, time.Minute); f != state.Fresh || err != nil {
			t.Fatal(f, err)
		}
		if err := r.Finish(t.Context(), k, "me", state.Answer{Status: 200, Body: make([]byte, 8), Whole: true}, time.Minute); err != nil {
			t.Fatal(err)
		}
	}
	if f, _, err := r.Begin(t.Context(), "c", "me", [32]byte{}, time.Minute); !errors.Is(err, state.ErrFull) {
		t.Errorf("a third key: %v %v", f, err)
	}
	if f, a, err := r.Begin(t.Context(), "b", "me", [32]byte{}, time.Minute); f != state.Done || a.Whole || err != nil {
		t.Errorf("an answer without room: %v %+v %v", f, a, err)
	}
	now = now.Add(2 * time.Minute)
	if f, _, err := r.Begin(t.Context(), "c", "me", [32]byte{}, time.Minute); f != state.Fresh || err != nil {
		t.Errorf("with room: %v %v", f, err)
	}
}

func BenchmarkMemory(b *testing.B) {
	m := &state.Memory{}
	asks := []state.Ask{
		{Key: state.Key{Limit: "user", Tenant: "acme", User: "ann"}, Each: time.Nanosecond, Burst: 1000, Slots: 10},
		{Key: state.Key{Limit: "organisation", Tenant: "acme"}, Each: time.Nanosecond, Burst: 1000},
		{Key: state.Key{Limit: "global"}, Each: time.Nanosecond, Burst: 1000},
	}
	b.ReportAllocs()
	for b.Loop() {
		if v, err := m.Take(b.Context(), "x", asks); err != nil || !v.OK {
			b.Fatal(v, err)
		}
		_ = m.Give(b.Context(), "x", asks, false)
	}
}
