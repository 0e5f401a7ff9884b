// Package limits counts requests by address, user and organisation. A request
// is counted under all its keys or under none.
package limits

import (
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/launchready/launchready/guard"
)

// Limit is a rate that a route names.
type Limit struct {
	Name       string
	Per        string // "ip", "user", "organisation"
	Requests   int    // in Window
	Window     time.Duration
	Burst      int // at one time; 0: Requests
	Concurrent int // under way at one time; 0: any number
}

// Counter holds what was counted. It outlives a pipeline, so that a reload gives
// nobody a new allowance.
type Counter struct {
	Now func() time.Time // nil: time.Now
	Max int              // keys; 0: 200,000

	mu   sync.Mutex
	next map[string]time.Time // by key: when the bucket is empty again (GCRA)
	busy map[string]int
}

type ask struct {
	key   string
	limit Limit
}

// take counts one request under every key, or says how long to wait. peek only
// looks. A table that is full of keys that count refuses a new one: what was
// forgotten must not mean that it is allowed.
func (c *Counter) take(asks []ask, peek bool) (ok bool, wait time.Duration, by string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.next == nil {
		c.next, c.busy = map[string]time.Time{}, map[string]int{}
	}
	now := time.Now()
	if c.Now != nil {
		now = c.Now()
	}
	if c.Max == 0 {
		c.Max = 200_000
	}
	if len(c.next)+len(asks) > c.Max {
		for k, t := range c.next {
			if !t.After(now) {
				delete(c.next, k)
			}
		}
		if len(c.next)+len(asks) > c.Max {
			return false, time.Second, "table"
		}
	}
	then := make([]time.Time, len(asks))
	for i, a := range asks {
		if a.limit.Concurrent > 0 && c.busy[a.key] >= a.limit.Concurrent {
			return false, time.Second, a.limit.Name
		}
		if a.limit.Requests == 0 {
			continue
		}
		each := a.limit.Window / time.Duration(a.limit.Requests)
		burst := a.limit.Burst
		if burst == 0 {
			burst = a.limit.Requests
		}
		t := c.next[a.key]
		if t.Before(now) {
			t = now
		}
		then[i] = t.Add(each)
		if over := then[i].Sub(now) - each*time.Duration(burst); over > 0 {
			return false, over, a.limit.Name
		}
	}
	if peek {
		return true, 0, ""
	}
	for i, a := range asks {
		if a.limit.Requests > 0 {
			c.next[a.key] = then[i]
		}
		if a.limit.Concurrent > 0 {
			c.busy[a.key]++
		}
	}
	return true, 0, ""
}

func (c *Counter) release(asks []ask) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, a := range asks {
		if a.limit.Concurrent == 0 {
			continue
		}
		if c.busy[a.key]--; c.busy[a.key] <= 0 {
			delete(c.busy, a.key)
		}
	}
}

// Check asks the limits of the route that count by address (Signed false, before
// the credential is looked at) or by who signed in (Signed true).
type Check struct {
	Counter  *Counter
	Limits   map[string]Limit
	Signed   bool
	Failures Limit // answers of 401 by address, after which it must wait; Requests 0: none
}

// Name is the protection's.
func (*Check) Name() string { return "limits" }

// Needs the claims where it counts by them.
func (c *Check) Needs() guard.Need {
	if c.Signed {
		return guard.NeedRoute | guard.NeedClaims
	}
	return guard.NeedRoute
}

// Gives nothing.
func (*Check) Gives() guard.Need { return 0 }

// Check counts the request.
func (c *Check) Check(x *guard.Exchange) *guard.Denial {
	if c.Failures.Requests > 0 && !c.Signed {
		failed := []ask{{"failures\x00" + address(x), c.Failures}}
		if ok, wait, _ := c.Counter.take(failed, true); !ok {
			return refuse("failures", wait)
		}
		x.Finally(func(status int) {
			if status == http.StatusUnauthorized {
				c.Counter.take(failed, false)
			}
		})
	}
	var asks []ask
	for _, name := range x.Route.Limits {
		l := c.Limits[name]
		switch {
		case l.Per == "ip" && !c.Signed:
			asks = append(asks, ask{name + "\x00" + address(x), l})
		case l.Per == "user" && c.Signed && x.Who != nil:
			asks = append(asks, ask{name + "\x00" + x.Who.Tenant + "\x00" + x.Who.Subject, l})
		case l.Per == "organisation" && c.Signed && x.Who != nil:
			asks = append(asks, ask{name + "\x00" + x.Who.Tenant, l})
		}
	}
	if len(asks) == 0 {
		return nil
	}
	if ok, wait, by := c.Counter.take(asks, false); !ok {
		return refuse(by, wait)
	}
	x.Finally(func(int) { c.Counter.release(asks) })
	return nil
}

func refuse(by string, wait time.Duration) *guard.Denial {
	seconds := int((wait + time.Second - 1) / time.Second)
	return &guard.Denial{Status: http.StatusTooManyRequests, Reason: "limit " + by, Retry: wait,
		Header: http.Header{"Ratelimit": {fmt.Sprintf("%q;r=0;t=%d", by, seconds)}}}
}

// address is the caller's; of IPv6 the network, of which a caller has the whole.
func address(x *guard.Exchange) string {
	a := x.Client
	if a.Is6() {
		if p, err := a.Prefix(64); err == nil {
			return p.String()
		}
	}
	return a.String()
}
