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
		for i, cost := range []state.Money{30, 0, 5} {
			charged, err := other.Settle(t.Context(), "settle", cost)
			if err != nil {
				t.Fatal(err)
			}
			if want := []state.Money{30, 0, 0}[i]; charged != want {
				t.Errorf("settling %d times tells of %d, want %d", i+1, charged, want)
			}
		}
		if got := used(t, l, "settled"); got != 30 {
			t.Errorf("used %d", got)
		}
		if _, err := l.Settle(t.Context(), "never made", 7); err != nil {
			t.Error(err)
		}
	})
	t.Run("what cost more is charged", func(t *testing.T) {
		l := open(t)
		reserve(t, l, "more", 10, caps(100, "more"))
		if _, err := l.Settle(t.Context(), "more", 500); err != nil {
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
	draw := func(t *testing.T, l state.Ledger, from, id string, amount state.Money, c []state.Cap) int {
		t.Helper()
		by, err := l.Draw(t.Context(), from, id, amount, c)
		if err != nil {
			t.Fatal(err)
		}
		return by
	}
	settle := func(t *testing.T, l state.Ledger, id string, cost, want state.Money) {
		t.Helper()
		if charged, err := l.Settle(t.Context(), id, cost); charged != want || err != nil {
			t.Errorf("settling %s tells of %d, want %d: %v", id, charged, want, err)
		}
	}
	t.Run("what is drawn on another is charged once", func(t *testing.T) {
		l, other := open(t), open(t)
		for name, c := range map[string]struct {
			amounts, costs []state.Money // of those that draw, one after the other
			last           bool          // the other is settled after them
			used           state.Money
		}{
			"less than it has":           {[]state.Money{40}, []state.Money{25}, true, 25},
			"all that it has":            {[]state.Money{60}, []state.Money{60}, true, 60},
			"more than it has":           {[]state.Money{90}, []state.Money{10}, true, 10},
			"nothing":                    {[]state.Money{0}, []state.Money{0}, true, 0},
			"two":                        {[]state.Money{40, 50}, []state.Money{5, 7}, true, 12},
			"it ends before":             {[]state.Money{40, 50}, []state.Money{5, 7}, false, 12},
			"one that costs more":        {[]state.Money{40}, []state.Money{200}, true, 200},
			"one that ends before":       {[]state.Money{90}, []state.Money{3}, false, 3},
			"what is drawn stays":        {[]state.Money{40, 30}, []state.Money{-1, 2}, true, 42},
			"what is drawn on has ended": {nil, nil, false, 60},
		} {
			account, from := "drawn "+name, "from "+name
			reserve(t, l, from, 60, caps(100, account))
			for i, n := range c.amounts {
				if by := draw(t, other, from, fmt.Sprint(name, i), n, caps(1000, account, "key of "+name)); by >= 0 {
					t.Errorf("%s: refused by %d", name, by)
				}
			}
			alone := state.Money(0) // what the other costs itself
			if len(c.amounts) == 0 {
				alone = 60
			}
			if !c.last {
				settle(t, l, from, 60, alone)
			}
			for i, n := range c.costs {
				if n >= 0 { // else its process died
					settle(t, other, fmt.Sprint(name, i), n, n)
				}
			}
			if c.last {
				settle(t, l, from, 60, alone)
			}
			if charged, err := l.Settle(t.Context(), from, 60); charged != 0 || err != nil { // once
				t.Errorf("%s: settled twice: %d %v", name, charged, err)
			}
			if got := used(t, l, account); got != c.used {
				t.Errorf("%s: used %d, want %d", name, got, c.used)
			}
			if got := used(t, l, "key of "+name); len(c.amounts) > 0 && got != c.used || len(c.amounts) == 0 && got != 0 {
				t.Errorf("%s: used %d of the account that it does not charge", name, got)
			}
		}
	})
	t.Run("drawing keeps the budget", func(t *testing.T) {
		l, both := open(t), append(caps(100, "kept"), caps(50, "kept key")...)
		reserve(t, l, "kept from", 60, caps(100, "kept"))
		reserve(t, l, "kept beside", 30, caps(100, "kept"))
		if by := draw(t, l, "kept from", "kept 1", 71, caps(100, "kept")); by != 0 {
			t.Errorf("10 are free beside the hold, and 11 are given: %d", by)
		}
		if by := draw(t, l, "kept from", "kept 2", 55, both); by != 1 {
			t.Errorf("an account that the hold does not charge lets in: %d", by)
		}
		if got, key := used(t, l, "kept"), used(t, l, "kept key"); got != 90 || key != 0 {
			t.Errorf("the refused were charged: %d and %d", got, key)
		}
		if by := draw(t, l, "kept from", "kept 3", 45, both); by != -1 {
			t.Errorf("refused by %d", by)
		}
		if by := draw(t, l, "kept from", "kept 4", 26, caps(100, "kept")); by != 0 { // 15 are left of it, and 10 beside
			t.Errorf("what was drawn is given again: %d", by)
		}
		if by := draw(t, l, "kept from", "kept 4", 25, caps(100, "kept")); by != -1 || used(t, l, "kept") != 100 {
			t.Errorf("refused by %d, used %d", by, used(t, l, "kept"))
		}
		if by := draw(t, l, "kept from", "negative", -5, caps(100, "kept")); by != 0 {
			t.Errorf("a negative amount is refused by %d", by)
		}
		if _, err := l.Draw(t.Context(), "kept from", "kept 4", 0, caps(100, "kept")); err == nil {
			t.Error("one hold is there twice")
		}
	})
	t.Run("a hold with another account is not drawn on", func(t *testing.T) {
		l := open(t)
		reserve(t, l, "strange from", 60, caps(100, "strange", "strange user"))
		for i, from := range []string{"strange from", "never made"} {
			if by := draw(t, l, from, fmt.Sprint("strange", i), 30, caps(100, "strange")); by >= 0 != (i == 1) {
				t.Errorf("%s: refused by %d", from, by)
			}
		}
		settle(t, l, "strange from", 50, 50)
		if got := used(t, l, "strange"); got != 80 {
			t.Errorf("used %d", got)
		}
	})
	t.Run("a crowd draws what there is", func(t *testing.T) {
		reserve(t, open(t), "crowd from", 60, caps(100, "crowd user", "crowd organisation"))
		var in atomic.Int32
		var wg sync.WaitGroup
		for r, l := range []state.Ledger{open(t), open(t)} {
			for i := range 12 {
				names := []string{"crowd user", "crowd organisation"}
				if i%2 == 0 {
					names[0], names[1] = names[1], names[0]
				}
				wg.Go(func() {
					id := fmt.Sprint("crowd", r, i)
					by, err := l.Draw(context.Background(), "crowd from", id, 30, caps(100, names...))
					switch {
					case err != nil:
						t.Error(err)
					case by < 0:
						in.Add(1)
					}
					if i == 7 && r == 0 { // it ends in the middle of them
						if _, err := l.Settle(context.Background(), "crowd from", 60); err != nil {
							t.Error(err)
						}
					}
				})
			}
		}
		wg.Wait()
		if got := used(t, open(t), "crowd user"); got != state.Money(in.Load())*30 || got > 100 || in.Load() < 1 {
			t.Errorf("%d were let in, used %d", in.Load(), got)
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
