// Package limits counts requests by address, user, organisation, class of routes
// and altogether. A request is counted in all of its limits or in none.
package limits

import (
	"context"
	"errors"
	"net/http"
	"net/netip"
	"strconv"
	"time"

	"github.com/launchready/launchready/guard"
	"github.com/launchready/launchready/guard/state"
)

// Limit is a rate and a number of slots, which routes name. Routes that name the
// same limit share what it counts.
type Limit struct {
	Name       string
	Per        string // "ip", "user", "organisation", "class": all callers of its routes, "global": all callers of all routes
	Requests   int    // in Window
	Kilobytes  int    // in Window, of bodies and queries: in place of Requests
	Window     time.Duration
	Burst      int // at one time; 0: Requests, or Kilobytes
	Concurrent int // under way at one time; 0: any number
}

// limit is one that is ready to be asked.
type limit struct {
	Limit
	ask    state.Ask
	policy string // RateLimit-Policy
	lead   string // of RateLimit
	unit   int    // bytes that count as one; 0: requests are counted, whatever they hold
}

func ready(l Limit) *limit {
	out := &limit{Limit: l, ask: state.Ask{Key: state.Key{Limit: l.Name}, Slots: l.Concurrent}}
	if n := max(l.Requests, l.Kilobytes); n > 0 {
		out.ask.Each = max(l.Window/time.Duration(n), 1)
		if out.ask.Burst = l.Burst; l.Burst == 0 {
			out.ask.Burst = n
		}
		unit := ""
		if l.Kilobytes > 0 {
			n, unit = n*kilobyte, `;qu="content-bytes"`
			out.unit = kilobyte
		}
		out.policy = strconv.Quote(l.Name) + ";q=" + strconv.Itoa(n) + unit + ";w=" + strconv.Itoa(seconds(l.Window))
	}
	out.lead = strconv.Quote(l.Name) + ";r="
	return out
}

// kilobyte is what counts as one where bytes are counted: finer, a store that counts in
// millionths of a second would round.
const kilobyte = 1024

// Options are what limits are made of.
type Options struct {
	Counters state.Counters
	Limits   []Limit
	Failures Limit // answers of 401 by address, after which it must wait; Requests 0: none
	Queue    *Queue
	Bounds   Bounds // of the queue; Depth 0: nobody waits for a slot
}

// Check asks the limits that count by address, before the credential is looked
// at, or those that count by who signed in and over all callers.
type Check struct {
	o        Options
	signed   bool
	named    map[string]*limit
	global   []*limit
	failures *limit
}

// New makes the two checks: the early one before authentication, the late one
// after it.
func New(o Options) (early, late *Check) {
	early = &Check{o: o, named: map[string]*limit{}}
	late = &Check{o: o, named: early.named, signed: true}
	for _, l := range o.Limits {
		r := ready(l)
		early.named[l.Name] = r
		if l.Per == "global" {
			late.global = append(late.global, r)
		}
	}
	if o.Failures.Requests > 0 {
		o.Failures.Name = "failures"
		early.failures = ready(o.Failures)
	}
	return early, late
}

// Name is the protection's.
func (*Check) Name() string { return "limits" }

// Needs the route, which names its limits. Who asks is told by a check before
// the late one, where there is any.
func (*Check) Needs() guard.Need { return guard.NeedRoute }

// Gives nothing.
func (*Check) Gives() guard.Need { return 0 }

// taken is what a request holds until it is over.
type taken struct {
	c        *Check
	x        *guard.Exchange
	asks     []state.Ask
	of       []*limit
	room     [4]state.Ask
	lims     [4]*limit
	failures int    // the index of that ask, or -1
	size     int64  // bytes of the request, where a limit counts them
	never    *limit // that such a request is too long for at any time
}

// add asks the limit for the caller, where the limit is the check's to ask.
func (t *taken) add(l *limit) {
	a := l.ask
	switch {
	case l.Per == "ip" && !t.c.signed, l == t.c.failures:
		a.Net = network(t.x.Client)
	case l.Per == "user" && t.c.signed && t.x.Who != nil:
		a.Tenant, a.User = t.x.Who.Tenant, t.x.Who.Subject
	case l.Per == "organisation" && t.c.signed && t.x.Who != nil:
		a.Tenant = t.x.Who.Tenant
	case (l.Per == "class" || l.Per == "global") && t.c.signed:
	default:
		return
	}
	if l.unit > 0 {
		a.Cost = int(min((t.size+int64(l.unit)-1)/int64(l.unit), int64(a.Burst)+1))
		if a.Cost > a.Burst {
			t.never = l
		}
	}
	t.asks, t.of = append(t.asks, a), append(t.of, l)
}

// weigh tells how many bytes the request says: where its length is not told, the body
// is read, within the bound of bodies that are read.
func (t *taken) weigh() *guard.Denial {
	r := t.x.Request
	t.size = r.ContentLength
	if t.size < 0 {
		b, d := t.x.Body()
		if d != nil {
			return d
		}
		t.size = int64(len(b))
	}
	t.size += int64(len(r.URL.RawQuery))
	return nil
}

// Check counts the request.
func (c *Check) Check(x *guard.Exchange) *guard.Denial {
	if len(x.Route.Limits) == 0 && len(c.global) == 0 && c.failures == nil {
		return nil
	}
	t := &taken{c: c, x: x, failures: -1}
	t.asks, t.of = t.room[:0], t.lims[:0]
	if c.heavy(x.Route) {
		if d := t.weigh(); d != nil {
			return d
		}
	}
	for _, name := range x.Route.Limits {
		if l := c.named[name]; l != nil && l.Per != "global" {
			t.add(l)
		}
	}
	for _, l := range c.global {
		t.add(l)
	}
	if c.failures != nil {
		t.failures = len(t.asks)
		t.add(c.failures)
		t.asks[t.failures].Look = true
	}
	if t.never != nil { // to wait is of no use (RFC 9110 section 15.5.14)
		return &guard.Denial{Status: http.StatusRequestEntityTooLarge, Reason: "longer than limit " + t.never.Name + " ever takes", Header: http.Header{"Ratelimit-Policy": {t.never.policy}}}
	}
	if len(t.asks) == 0 {
		return nil
	}
	return t.take()
}

// heavy reports a route on which this check counts bytes.
func (c *Check) heavy(r *guard.Route) bool {
	for _, name := range r.Limits {
		if l := c.named[name]; l != nil && l.unit > 0 && c.signed == (l.Per != "ip") {
			return true
		}
	}
	for _, l := range c.global {
		if l.unit > 0 {
			return true
		}
	}
	return false
}

// take counts, waits for a slot where the policy has a queue, and says what is left.
func (t *taken) take() *guard.Denial {
	x, c := t.x, t.c
	slots := c.o.Bounds.Depth > 0 && c.o.Queue != nil && t.slots() && !x.Observed
	var (
		v   state.Verdict
		err error
	)
	if slots && c.o.Queue.before(t.asks) { // who waits is before who comes
		v.Slot = true
	} else {
		v, err = c.o.Counters.Take(x.Request.Context(), x.ID, t.asks)
	}
	if err == nil && !v.OK && v.Slot && slots {
		v, err = c.o.Queue.wait(x.Request.Context(), c.o.Bounds, &waiter{tenant: tenant(x), lease: x.ID, asks: t.asks, counters: c.o.Counters})
	}
	switch {
	case errors.Is(err, errCrowded), errors.Is(err, errLate):
		return &guard.Denial{Status: http.StatusTooManyRequests, Reason: err.Error(), Retry: max(c.o.Bounds.Wait, time.Second)}
	case err != nil: // what cannot be counted is not let in
		return &guard.Denial{Status: http.StatusServiceUnavailable, Reason: "the limits cannot be counted: " + err.Error(), Retry: 2 * time.Second}
	}
	by := t.of[v.By]
	if !v.OK {
		wait := v.Wait
		if v.Slot {
			wait = time.Second
		}
		d := &guard.Denial{Status: http.StatusTooManyRequests, Reason: "limit " + by.Name, Retry: wait,
			Header: http.Header{"Ratelimit": {by.left(0, wait)}}}
		if by.policy != "" {
			d.Header["Ratelimit-Policy"] = []string{by.policy}
		}
		return d
	}
	x.Finally(t.end)
	if by.policy != "" && by != c.failures {
		x.Field("Ratelimit-Policy", by.policy)
		x.Field("Ratelimit", by.left(v.Left, v.Full))
	}
	return nil
}

func (t *taken) slots() bool {
	for i := range t.asks {
		if t.asks[i].Slots > 0 {
			return true
		}
	}
	return false
}

// end frees the slots, and counts a failure. A request that another limit refused
// was counted in none.
func (t *taken) end(status int) {
	failed, undo := t.failures >= 0 && status == http.StatusUnauthorized, t.x.Refused == t.c.Name()
	slots := t.slots()
	if !failed && !undo && !slots {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.x.Request.Context()), 2*time.Second)
	defer cancel()
	if failed { // a store that is down refuses the next request by itself
		a := t.asks[t.failures]
		a.Look = false
		_, _ = t.c.o.Counters.Take(ctx, t.x.ID, []state.Ask{a})
	}
	if undo || slots { // a lease that cannot be given back ends by itself
		_ = t.c.o.Counters.Give(ctx, t.x.ID, t.asks, undo)
	}
	if slots && t.c.o.Queue != nil {
		t.c.o.Queue.freed()
	}
}

// left is the field RateLimit (draft-ietf-httpapi-ratelimit-headers-10).
func (l *limit) left(n int, reset time.Duration) string {
	var b [96]byte
	out := append(b[:0], l.lead...)
	out = strconv.AppendInt(out, int64(n)*int64(max(l.unit, 1)), 10)
	out = append(out, ";t="...)
	return string(strconv.AppendInt(out, int64(seconds(reset)), 10))
}

func seconds(d time.Duration) int { return int((d + time.Second - 1) / time.Second) }

// network is the caller's address; of IPv6 the network, of which a caller has
// the whole.
func network(a netip.Addr) netip.Prefix {
	bits := a.BitLen()
	if a.Is6() {
		bits = 64
	}
	p, err := a.Prefix(bits)
	if err != nil {
		return netip.Prefix{}
	}
	return p
}

// tenant is in whose turn a request waits.
func tenant(x *guard.Exchange) string {
	if x.Who != nil && x.Who.Tenant != "" {
		return x.Who.Tenant
	}
	if x.Who != nil {
		return "user " + x.Who.Subject
	}
	return "ip " + network(x.Client).String()
}
