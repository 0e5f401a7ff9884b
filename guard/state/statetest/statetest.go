// Package statetest holds every store of guard's state to the same behaviour.
package statetest

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/launchready/launchready/guard/state"
)

// rate is an ask of n requests an hour, all at one time.
func rate(name string, n int) state.Ask {
	return state.Ask{Key: state.Key{Limit: name}, Each: time.Hour / time.Duration(n), Burst: n}
}

func slots(name string, n int) state.Ask {
	return state.Ask{Key: state.Key{Limit: name}, Slots: n}
}

// Counters tests a store. Each call of open gives another connection to the
// same counters, as another replica has it.
func Counters(t *testing.T, open func(testing.TB) state.Counters) {
	take := func(t *testing.T, c state.Counters, lease string, asks ...state.Ask) state.Verdict {
		t.Helper()
		v, err := c.Take(t.Context(), lease, asks)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	t.Run("a rate is exact under a crowd on two replicas", func(t *testing.T) {
		const most, crowd = 40, 100
		var in atomic.Int32
		var wg sync.WaitGroup
		for _, c := range []state.Counters{open(t), open(t)} {
			for i := range crowd {
				wg.Go(func() {
					v, err := c.Take(context.Background(), fmt.Sprint("crowd", i), []state.Ask{rate("crowd", most), rate("wide", 10*crowd)})
					if err != nil {
						t.Error(err)
					} else if v.OK {
						in.Add(1)
					}
				})
			}
		}
		wg.Wait()
		if in.Load() != most {
			t.Errorf("%d of %d were let in", in.Load(), most)
		}
	})
	t.Run("all or nothing", func(t *testing.T) {
		c := open(t)
		take(t, c, "a", rate("narrow", 1), rate("broad", 3))
		for range 5 {
			if v := take(t, c, "b", rate("broad", 3), rate("narrow", 1)); v.OK || v.By != 1 || v.Wait <= 0 {
				t.Fatalf("%+v", v)
			}
		}
		if v := take(t, c, "c", rate("broad", 3)); !v.OK || v.Left != 1 {
			t.Errorf("refusals were counted: %+v", v)
		}
		full := slots("one", 1)
		take(t, c, "d", full)
		if v := take(t, c, "e", rate("broad", 3), full); v.OK || !v.Slot || v.By != 1 {
			t.Errorf("%+v", v)
		}
		if v := take(t, c, "f", rate("broad", 3)); !v.OK || v.Left != 0 {
			t.Errorf("a request without a slot was counted: %+v", v)
		}
	})
	t.Run("what is undone was never counted", func(t *testing.T) {
		c, asks := open(t), []state.Ask{rate("undone", 1), slots("undone slots", 1)}
		for range 4 {
			if v := take(t, c, "a", asks...); !v.OK {
				t.Fatalf("%+v", v)
			}
			if err := c.Give(t.Context(), "a", asks, true); err != nil {
				t.Fatal(err)
			}
		}
	})
	t.Run("a request counts for many", func(t *testing.T) {
		c, a := open(t), rate("heavy", 10)
		a.Cost = 4
		small := rate("heavy", 10)
		if v := take(t, c, "a", a); !v.OK || v.Left != 6 {
			t.Fatalf("the first: %+v", v)
		}
		take(t, c, "b", a)
		if v := take(t, c, "c", a); v.OK || v.Wait <= 0 {
			t.Fatalf("12 of 10: %+v", v)
		}
		if v := take(t, c, "d", small); !v.OK || v.Left != 1 {
			t.Errorf("what was refused was counted: %+v", v)
		}
		if err := c.Give(t.Context(), "b", []state.Ask{a}, true); err != nil {
			t.Fatal(err)
		}
		if v := take(t, c, "e", a); !v.OK || v.Left != 1 {
			t.Errorf("what is undone was counted: %+v", v)
		}
		if v := take(t, open(t), "f", state.Ask{Key: state.Key{Limit: "never"}, Each: a.Each, Burst: a.Burst, Cost: 11}); v.OK {
			t.Errorf("more than there ever is: %+v", v)
		}
	})
	t.Run("looking counts nothing", func(t *testing.T) {
		c, a := open(t), rate("looked", 1)
		look := a
		look.Look = true
		for range 3 {
			if v := take(t, c, "a", look); !v.OK {
				t.Fatalf("%+v", v)
			}
		}
		take(t, c, "b", a)
		if v := take(t, c, "c", look); v.OK {
			t.Errorf("%+v", v)
		}
	})
	t.Run("slots are given back", func(t *testing.T) {
		c, other, a := open(t), open(t), slots("slots", 2)
		take(t, c, "a", a)
		take(t, other, "b", a)
		if v := take(t, c, "c", a); v.OK || !v.Slot {
			t.Fatalf("%+v", v)
		}
		if err := other.Give(t.Context(), "b", []state.Ask{a}, false); err != nil {
			t.Fatal(err)
		}
		if v := take(t, c, "c", a); !v.OK {
			t.Errorf("%+v", v)
		}
	})
	t.Run("keys do not meet", func(t *testing.T) {
		c := open(t)
		for _, k := range []state.Key{{Limit: "k", Tenant: "a", User: "b"}, {Limit: "k", Tenant: "ab"}, {Limit: "k", User: "ab"}, {Limit: "k", Tenant: "1:a"}, {Limit: "k", Net: netip.MustParsePrefix("10.0.0.1/32")}} {
			if v := take(t, c, "a", state.Ask{Key: k, Each: time.Hour, Burst: 1}); !v.OK {
				t.Errorf("%v: %+v", k, v)
			}
		}
	})
}

// Ledger tests a store.
func Ledger(t *testing.T, open func(testing.TB) state.Ledger) {
	until := time.Now().Add(time.Hour)
	caps := func(most state.Money, names ...string) []state.Cap {
		var out []state.Cap
		for _, n := range names {
			out = append(out, state.Cap{Account: n, Most: most, Until: until})
		}
		return out
	}
	reserve := func(t *testing.T, l state.Ledger, id string, amount state.Money, c []state.Cap) int {
		t.Helper()
		by, err := l.Reserve(t.Context(), id, amount, c)
		if err != nil {
			t.Fatal(err)
		}
		return by
	}
	used := func(t *testing.T, l state.Ledger, name string) state.Money {
		t.Helper()
		m, err := l.Used(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	t.Run("a budget for one lets one in", func(t *testing.T) {
		var in atomic.Int32
		var wg sync.WaitGroup
		for r, l := range []state.Ledger{open(t), open(t)} {
			for i := range 20 {
				names := []string{"one user", "one organisation"}
				if i%2 == 0 { // in another order: no deadlock
					names[0], names[1] = names[1], names[0]
				}
				wg.Go(func() {
					by, err := l.Reserve(context.Background(), fmt.Sprint("one", r, i), 60, caps(100, names...))
					if err != nil {
						t.Error(err)
					} else if by < 0 {
						in.Add(1)
					}
				})
			}
		}
		wg.Wait()
		if in.Load() != 1 {
			t.Errorf("%d were let in", in.Load())
		}
		if got := used(t, open(t), "one user"); got != 60 {
			t.Errorf("used %d", got)
		}
	})
	t.Run("all accounts or none", func(t *testing.T) {
		l := open(t)
		c := append(caps(100, "wide"), caps(10, "narrow")...)
		if by := reserve(t, l, "all", 50, c); by != 1 {
			t.Errorf("refused by %d", by)
		}
		if got := used(t, l, "wide"); got != 0 {
			t.Errorf("the refused were charged %d", got)
		}
		if by := reserve(t, l, "exact", 10, c); by != -1 {
			t.Errorf("refused by %d", by)
		}
		if got := used(t, l, "narrow"); got != 10 {
			t.Errorf("used %d", got)
		}
	})
	t.Run("settling counts once", func(t *testing.T) {
		l := open(t)
		reserve(t, l, "settle", 80, caps(100, "settled"))
		other := open(t)
		for _, cost := range []state.Money{30, 0, 5} {
			if err := other.Settle(t.Context(), "settle", cost); err != nil {
				t.Fatal(err)
			}
		}
		if got := used(t, l, "settled"); got != 30 {
			t.Errorf("used %d", got)
		}
		if err := l.Settle(t.Context(), "never made", 7); err != nil {
			t.Error(err)
		}
	})
	t.Run("what cost more is charged", func(t *testing.T) {
		l := open(t)
		reserve(t, l, "more", 10, caps(100, "more"))
		if err := l.Settle(t.Context(), "more", 500); err != nil {
			t.Fatal(err)
		}
		if got := used(t, l, "more"); got != 500 {
			t.Errorf("used %d", got)
		}
		if by := reserve(t, l, "after", 0, caps(100, "more")); by != 0 {
			t.Errorf("an account above its cap lets in: %d", by)
		}
	})
	t.Run("what is not settled stays charged", func(t *testing.T) {
		reserve(t, open(t), "left", 70, caps(100, "left"))
		if by := reserve(t, open(t), "next", 40, caps(100, "left")); by != 0 {
			t.Errorf("let in: %d", by)
		}
	})
	t.Run("negative amounts are refused", func(t *testing.T) {
		l := open(t)
		if by := reserve(t, l, "negative", -50, caps(100, "negative")); by != 0 || used(t, l, "negative") != 0 {
			t.Errorf("refused by %d, used %d", by, used(t, l, "negative"))
		}
	})
}

// Answers tests a store.
func Answers(t *testing.T, open func(testing.TB) state.Answers) {
	const lease = time.Hour
	one, two := [32]byte{1}, [32]byte{2}
	begin := func(t *testing.T, a state.Answers, key, owner string, print [32]byte, lease time.Duration) (state.Found, state.Answer) {
		t.Helper()
		f, ans, err := a.Begin(t.Context(), key, owner, print, lease)
		if err != nil {
			t.Fatal(err)
		}
		return f, ans
	}
	must := func(t *testing.T, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	t.Run("a crowd with one key is one", func(t *testing.T) {
		var fresh, busy atomic.Int32
		var wg sync.WaitGroup
		for r, a := range []state.Answers{open(t), open(t)} {
			for i := range 20 {
				wg.Go(func() {
					switch f, _, err := a.Begin(context.Background(), "crowd", fmt.Sprint(r, i), one, lease); {
					case err != nil:
						t.Error(err)
					case f == state.Fresh:
						fresh.Add(1)
					case f == state.Busy:
						busy.Add(1)
					}
				})
			}
		}
		wg.Wait()
		if fresh.Load() != 1 || busy.Load() != 39 {
			t.Errorf("%d fresh, %d busy", fresh.Load(), busy.Load())
		}
	})
	t.Run("an answer is given again", func(t *testing.T) {
		a := open(t)
		begin(t, a, "again", "me", one, lease)
		if f, _ := begin(t, a, "again", "other", two, lease); f != state.Other {
			t.Errorf("another request: %d", f)
		}
		in := state.Answer{Status: 201, Header: http.Header{"Location": {"/x/1"}, "Content-Type": {"application/json"}}, Body: []byte("{\"id\":\"\x00é\"}"), Whole: true}
		must(t, a.Finish(t.Context(), "again", "stranger", state.Answer{Status: 500}, lease))
		must(t, a.Finish(t.Context(), "again", "me", in, lease))
		must(t, a.Forget(t.Context(), "again", "me"))
		b := open(t)
		f, out := begin(t, b, "again", "other", one, lease)
		if f != state.Done || out.Status != 201 || string(out.Body) != string(in.Body) || out.Header.Get("Location") != "/x/1" || !out.Whole {
			t.Errorf("%d %+v", f, out)
		}
		if f, _ := begin(t, b, "again", "other", two, lease); f != state.Other {
			t.Errorf("another request after: %d", f)
		}
	})
	t.Run("a key is given up by its owner only", func(t *testing.T) {
		a := open(t)
		begin(t, a, "up", "me", one, lease)
		must(t, a.Forget(t.Context(), "up", "stranger"))
		if f, _ := begin(t, a, "up", "other", one, lease); f != state.Busy {
			t.Errorf("found %d", f)
		}
		must(t, a.Forget(t.Context(), "up", "me"))
		if f, _ := begin(t, a, "up", "other", two, lease); f != state.Fresh {
			t.Errorf("found %d", f)
		}
	})
	t.Run("a lease that has ended is another's", func(t *testing.T) {
		a := open(t)
		begin(t, a, "ended", "dead", one, -time.Second)
		if f, _ := begin(t, a, "ended", "next", two, lease); f != state.Fresh {
			t.Errorf("found %d", f)
		}
		must(t, a.Finish(t.Context(), "ended", "dead", state.Answer{Status: 200}, lease))
		if f, _ := begin(t, a, "ended", "third", two, lease); f != state.Busy {
			t.Errorf("found %d", f)
		}
	})
}
