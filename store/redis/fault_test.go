package redis_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/launchready/launchready/guard/state"
	"github.com/launchready/launchready/store/faults"
	"github.com/launchready/launchready/store/redis"
	"github.com/launchready/launchready/store/redis/redistest"
)

// told gives a server an order, as an administrator does.
func told(t *testing.T, url string, order ...string) string {
	t.Helper()
	o, err := rueidis.ParseURL(url)
	if err != nil {
		t.Fatal(err)
	}
	o.DisableCache, o.ForceSingleClient = true, true
	c, err := rueidis.NewClient(o)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	s, err := c.Do(context.Background(), c.B().Arbitrary(order...).Build()).ToAny()
	if err != nil {
		t.Fatalf("%v: %v", order, err)
	}
	return fmt.Sprint(s)
}

var counted = []state.Ask{{Key: state.Key{Limit: "l"}, Each: time.Hour, Burst: 100_000}}

// back asks until the server is used again.
func back(t *testing.T, c *redis.Counters) {
	t.Helper()
	for t.Context().Err() == nil {
		if v, err := c.Take(t.Context(), "back", counted); err == nil {
			if !v.OK {
				t.Errorf("%+v", v)
			}
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func refused(t *testing.T, c *redis.Counters) {
	t.Helper()
	if v, err := c.Take(t.Context(), "refused", counted); err == nil || v.OK {
		t.Errorf("let in: %+v", v)
	}
}

// TestFaults: a server that does not answer, has no memory left or became another's
// replica lets nobody in, and is used again when that is over.
func TestFaults(t *testing.T) {
	s, next := redistest.Start(t), redistest.Start(t)
	url, wire := faults.Before(t, s.URL)
	c := open(t, redis.Options{URL: url, Patience: 200 * time.Millisecond, Lease: time.Hour})
	back(t, c)
	for _, fault := range []struct {
		name       string
		begin, end func()
	}{
		{"cut", wire.Cut, wire.Mend},
		{"stalled", wire.Stall, wire.Mend},
		{"no memory", func() { told(t, s.URL, "CONFIG", "SET", "maxmemory", "1") }, func() { told(t, s.URL, "CONFIG", "SET", "maxmemory", "0") }},
		{"a replica", func() { told(t, s.URL, "REPLICAOF", "127.0.0.1", "1") }, func() { wire.Lead(t, next.URL) }},
	} {
		t.Run(fault.name, func(t *testing.T) {
			fault.begin()
			refused(t, c)
			refused(t, c)
			fault.end()
			back(t, c)
		})
	}
}

// TestClockSetBack: what was written before the server's clock was set back keeps
// nobody waiting for longer than the limit itself may, and opens no limit.
func TestClockSetBack(t *testing.T) {
	s := redistest.Start(t)
	c := open(t, redis.Options{URL: s.URL, Patience: 20 * time.Second, Lease: time.Second, Prefix: "p"})
	const later = "99999999999999999" // microseconds: in a thousand years
	rate := []state.Ask{{Key: state.Key{Limit: "rate"}, Each: time.Second, Burst: 3}}
	told(t, s.URL, "SET", "{p}"+rate[0].Key.String()+"#r", later)
	if v, err := c.Take(t.Context(), "a", rate); err != nil || v.OK || v.Wait > time.Second || v.Wait <= 0 {
		t.Errorf("at first: %+v %v", v, err)
	}
	for {
		v, err := c.Take(t.Context(), "a", rate)
		if err != nil || v.Wait > time.Second {
			t.Fatalf("%+v %v", v, err)
		}
		if v.OK {
			if v.Left > 1 { // more only where the test itself was held up
				t.Logf("%d left", v.Left)
			}
			break
		}
	}
	slot := []state.Ask{{Key: state.Key{Limit: "slot"}, Slots: 1}}
	told(t, s.URL, "ZADD", "{p}"+slot[0].Key.String()+"#s", later, "dead 1000000")
	told(t, s.URL, "ZADD", "{p}"+slot[0].Key.String()+"#s", later, "dead, without its length")
	if v, err := c.Take(t.Context(), "a", slot); err != nil || v.OK || !v.Slot {
		t.Errorf("a slot that may be held: %+v %v", v, err)
	}
	if got := told(t, s.URL, "ZRANGEBYSCORE", "{p}"+slot[0].Key.String()+"#s", later, "+inf"); strings.Contains(got, "dead 1000000") || !strings.Contains(got, "without") {
		t.Errorf("still far away: %s", got)
	}
	told(t, s.URL, "ZREM", "{p}"+slot[0].Key.String()+"#s", "dead, without its length")
	for {
		v, err := c.Take(t.Context(), "a", slot)
		if err != nil {
			t.Fatal(err)
		}
		if v.OK {
			return
		}
	}
}

// TestRollOver: over several windows two replicas let in the burst and what the rate
// adds meanwhile, and not one more.
func TestRollOver(t *testing.T) {
	s := redistest.Start(t)
	const each, burst = 5 * time.Millisecond, 20
	a := []state.Ask{{Key: state.Key{Limit: "rolls"}, Each: each, Burst: burst}}
	replicas := []*redis.Counters{open(t, redis.Options{URL: s.URL, Patience: 20 * time.Second}), open(t, redis.Options{URL: s.URL, Patience: 20 * time.Second})}
	began := time.Now()
	in, last := 0, 0
	for window := 1; window <= 4; window++ {
		for time.Since(began) < time.Duration(window)*burst*each {
			for _, c := range replicas {
				v, err := c.Take(t.Context(), "x", a)
				if err != nil {
					t.Fatal(err)
				}
				if v.OK {
					in++
				}
				if most := burst + int(time.Since(began)/each) + 1; in > most {
					t.Fatalf("%d in after %v, at most %d", in, time.Since(began), most)
				}
			}
		}
		if in == last {
			t.Errorf("nobody is let in in window %d", window)
		}
		last = in
	}
	if in <= burst {
		t.Errorf("%d in four windows of %d", in, burst)
	}
}
