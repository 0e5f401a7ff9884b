package redis_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/launchready/launchready/guard/state"
	"github.com/launchready/launchready/guard/state/statetest"
	"github.com/launchready/launchready/store/redis"
	"github.com/launchready/launchready/store/redis/redistest"
)

func open(t testing.TB, o redis.Options) *redis.Counters {
	t.Helper()
	c, err := redis.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func TestCounters(t *testing.T) {
	s := redistest.Start(t)
	statetest.Counters(t, func(t testing.TB) state.Counters {
		return open(t, redis.Options{URL: s.URL, Patience: 5 * time.Second})
	})

	slot := []state.Ask{{Key: state.Key{Limit: "leased"}, Slots: 1}}
	taken := func(t *testing.T, c state.Counters, lease string) bool {
		t.Helper()
		v, err := c.Take(t.Context(), lease, slot)
		if err != nil {
			t.Fatal(err)
		}
		return v.OK
	}
	t.Run("a lease outlives no process", func(t *testing.T) {
		o := redis.Options{URL: s.URL, Lease: 50 * time.Millisecond, Prefix: "dead", Patience: 5 * time.Second}
		dead := open(t, o)
		if !taken(t, dead, "dead") {
			t.Fatal("not taken")
		}
		dead.Close() // as by kill -9: nothing is given back
		next := open(t, o)
		for !taken(t, next, "next") { // until the lease ends
		}
	})
	t.Run("a short lease ends no long one", func(t *testing.T) {
		o := redis.Options{URL: s.URL, Lease: time.Hour, Prefix: "mixed", Patience: 5 * time.Second}
		two := []state.Ask{{Key: state.Key{Limit: "two"}, Slots: 2}}
		take := func(c state.Counters, lease string) bool {
			t.Helper()
			v, err := c.Take(t.Context(), lease, two)
			if err != nil {
				t.Fatal(err)
			}
			return v.OK
		}
		long := open(t, o)
		o.Lease = 50 * time.Millisecond // as after a reload
		short := open(t, o)
		if !take(long, "long") || !take(short, "short") || !taken(t, short, "later") {
			t.Fatal("not taken")
		}
		short.Close()
		for !taken(t, long, "later still") { // until the short leases end
		}
		if !take(long, "next") || take(long, "third") {
			t.Error("the long lease ended with the short one")
		}
	})
	t.Run("a caller that leaves ends no connecting", func(t *testing.T) {
		c := open(t, redis.Options{URL: s.URL, Prefix: "leaves", Patience: 5 * time.Second})
		ctx, leave := context.WithCancel(t.Context())
		leave()
		if v, err := c.Take(ctx, "gone", slot); err == nil || v.OK {
			t.Errorf("who left is let in: %+v", v)
		}
		if !taken(t, c, "next") {
			t.Error("not taken")
		}
	})
	t.Run("a lease is renewed while it is held", func(t *testing.T) {
		o := redis.Options{URL: s.URL, Lease: 300 * time.Millisecond, Prefix: "long", Patience: 5 * time.Second}
		holder, other := open(t, o), open(t, o)
		if !taken(t, holder, "long") {
			t.Fatal("not taken")
		}
		for began := time.Now(); time.Since(began) < 2*o.Lease; {
			if taken(t, other, "other") {
				t.Fatal("the slot of a living process is another's")
			}
		}
		if err := holder.Give(t.Context(), "long", slot, false); err != nil {
			t.Fatal(err)
		}
		if !taken(t, other, "other") {
			t.Error("the slot was not given back")
		}
	})
	t.Run("numbers are exact", func(t *testing.T) {
		c := open(t, redis.Options{URL: s.URL, Prefix: "exact", Patience: 5 * time.Second})
		for i := range 100 {
			v, err := c.Take(t.Context(), "x", []state.Ask{{Key: state.Key{Limit: "exact"}, Each: 24 * time.Hour, Burst: 100}})
			if err != nil || !v.OK || v.Left != 99-i {
				t.Fatalf("%d: %+v %v", i, v, err)
			}
		}
	})
}

// TestOutage: a server that is gone lets nobody in, and is used again when it is back.
func TestOutage(t *testing.T) {
	s := redistest.Start(t)
	c := open(t, redis.Options{URL: s.URL, Patience: 5 * time.Second})
	asks := []state.Ask{{Key: state.Key{Limit: "l"}, Each: time.Hour, Burst: 1000, Slots: 10}}
	if v, err := c.Take(t.Context(), "a", asks); err != nil || !v.OK {
		t.Fatal(v, err)
	}
	s.Down()
	for range 3 {
		if v, err := c.Take(t.Context(), "b", asks); err == nil || v.OK {
			t.Errorf("let in without a server: %+v", v)
		}
	}
	s.Up()
	for {
		if v, err := c.Take(t.Context(), "c", asks); err == nil {
			if !v.OK {
				t.Errorf("%+v", v)
			}
			break
		}
	}
}

// TestEviction: a server that drops what counts is refused.
func TestEviction(t *testing.T) {
	s := redistest.Start(t, "--maxmemory", "50mb", "--maxmemory-policy", "allkeys-lru")
	c := open(t, redis.Options{URL: s.URL, Patience: 5 * time.Second})
	if v, err := c.Take(t.Context(), "a", []state.Ask{{Slots: 1}}); err == nil || v.OK || !strings.Contains(err.Error(), "noeviction") {
		t.Errorf("%+v %v", v, err)
	}
}

func TestAddress(t *testing.T) {
	for _, bad := range []string{"", "http://user:hunter2@127.0.0.1", "redis://user:hunter2@127.0.0.1:x/0"} {
		if _, err := redis.New(redis.Options{URL: bad}); err == nil || strings.Contains(fmt.Sprint(err), "hunter2") {
			t.Errorf("%s: %v", bad, err)
		}
	}
	c := open(t, redis.Options{URL: "redis://user:hunter2@127.0.0.1:1/0"})
	if v, err := c.Take(t.Context(), "a", []state.Ask{{Slots: 1}}); err == nil || v.OK || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("%+v %v", v, err)
	}
}

func BenchmarkTake(b *testing.B) {
	s := redistest.Start(b)
	c := open(b, redis.Options{URL: s.URL, Patience: 5 * time.Second})
	asks := []state.Ask{{Key: state.Key{Limit: "user", Tenant: "acme", User: "ann"}, Each: time.Microsecond, Burst: 1e6, Slots: 10}, {Key: state.Key{Limit: "organisation", Tenant: "acme"}, Each: time.Microsecond, Burst: 1e6}}
	b.ReportAllocs()
	for b.Loop() {
		if v, err := c.Take(b.Context(), "x", asks); err != nil || !v.OK {
			b.Fatal(v, err)
		}
	}
}
