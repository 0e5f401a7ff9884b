// Package spend holds requests to a model to budgets of money: by user, by
// organisation and altogether, each day.
//
// The worst case of a request is charged before it is sent, and what it did not
// use is given back when its answer tells. Where nothing tells, the worst case
// stands: a caller who leaves, an upstream that dies and a process that is
// killed never make a request free.
package spend

import (
	"context"
	"log/slog"
	"math"
	"net/http"
	"net/netip"
	"time"

	"github.com/launchready/launchready/guard"
	"github.com/launchready/launchready/guard/state"
)

// Price is that of one token.
type Price struct{ In, Out state.Money }

// PerMillion makes it of dollars for a million tokens, rounded up.
func PerMillion(in, out float64) Price {
	one := func(f float64) state.Money { return state.Money(math.Ceil(f*float64(state.Dollar)/1e6 - 1e-6)) }
	return Price{one(in), one(out)}
}

// Dollars is an amount of them.
func Dollars(f float64) state.Money {
	return state.Money(math.Round(f * float64(state.Dollar)))
}

// Options say what may be spent.
type Options struct {
	Ledger    state.Ledger
	Prices    map[string]Price // by model; a name that ends in * stands for all that begin so
	Model     string           // what is taken where a body names none
	MaxTokens int64            // of a reply: more is not asked for, and a stream ends there
	Context   int64            // tokens that the application adds to each prompt: instructions, history, documents
	PerToken  int64            // bytes of a request that are at least one token; 0: 1, which no tokenizer goes below

	User, Organisation, Total state.Money // of a day; 0: no budget
	Request                   state.Money // the most that one request may reserve; 0: any

	Now   func() time.Time // nil: time.Now
	Log   *slog.Logger
	Tally Tally // nil: nobody counts
}

// Check reserves, for routes that ask a model.
type Check struct{ o Options }

// New makes the check and its tap.
func New(o Options) (*Check, Tap) {
	if o.PerToken == 0 {
		o.PerToken = 1
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Tally == nil {
		o.Tally = uncounted{}
	}
	return &Check{o}, Tap{}
}

// Name is the protection's.
func (*Check) Name() string { return "spend" }

// Needs the body, which names the model. Who asks is told by a check before,
// where there is any.
func (*Check) Needs() guard.Need { return guard.NeedRoute | guard.NeedBody }

// Gives nothing.
func (*Check) Gives() guard.Need { return 0 }

type holdKey struct{}

// hold is one request's reservation.
type hold struct {
	c       *Check
	x       *guard.Exchange
	price   Price
	in, out int64 // tokens that were reserved
	amount  state.Money
	caps    []state.Cap
	observe bool // nothing of the answer is changed

	free bool  // the upstream refused it
	m    meter // what its answer holds
}

// Check reserves the worst case of the request.
func (c *Check) Check(x *guard.Exchange) *guard.Denial {
	if !x.Route.Chat || x.Request.Method == http.MethodOptions && x.Request.ContentLength == 0 { // a browser's question before a request
		return nil
	}
	body, d := x.Body()
	if d != nil {
		return d
	}
	r, err := read(body, x.Path, c.o.MaxTokens)
	if err != nil {
		return &guard.Denial{Status: http.StatusBadRequest, Reason: "the cost cannot be told: " + err.Error()}
	}
	model := r.model
	if model == "" {
		model = c.o.Model
	}
	price, ok := c.price(model)
	if r.vague && c.o.Model != "" && ok {
		other, known := c.price(c.o.Model)
		price, ok = Price{max(price.In, other.In), max(price.Out, other.Out)}, known
	}
	if !ok {
		return c.refuse(x, byNone, guard.Denial{Status: http.StatusForbidden, Reason: "the model has no price in the policy"})
	}
	said := int64(len(body) + len(x.Request.URL.RawQuery)) // which is the prompt of a GET
	h := &hold{c: c, x: x, observe: x.Observed, price: price, in: (said+c.o.PerToken-1)/c.o.PerToken + c.o.Context}
	if r.output {
		h.out = c.o.MaxTokens
		if r.most > 0 && r.provider {
			h.out = r.most
		}
		h.out *= r.choices
	}
	h.amount = h.cost(h.in, h.out)
	if c.o.Request > 0 && h.amount > c.o.Request {
		return c.refuse(x, byRequest, guard.Denial{Status: http.StatusForbidden, Reason: "the request may cost more than one request may"})
	}
	now := c.o.Now().UTC()
	if h.caps = c.caps(x, now); len(h.caps) == 0 && c.o.Organisation > 0 {
		return c.refuse(x, byNone, guard.Denial{Status: http.StatusForbidden, Reason: "no budget is the caller's: it has no organisation"})
	}
	// A caller that leaves meanwhile must not leave a reservation for nothing.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(x.Request.Context()), h.patience())
	defer cancel()
	switch by, err := c.o.Ledger.Reserve(ctx, x.ID, h.amount, h.caps); {
	case err != nil: // what cannot be charged is not let in
		return c.refuse(x, byLedger, guard.Denial{Status: http.StatusServiceUnavailable, Reason: "the budget cannot be asked: " + err.Error(), Retry: 2 * time.Second})
	case by >= 0:
		name := kindOf(h.caps[by].Account)
		return c.refuse(x, name, guard.Denial{Status: http.StatusTooManyRequests, Reason: "the budget of the day is spent: " + name, Retry: h.caps[by].Until.Sub(now)})
	}
	c.o.Tally.Reserved(atFront, dollars, inUnit(dollars, h.amount))
	if !x.Observed { // which changes nothing of a request
		if r.edited {
			x.SetBody(r.body)
		}
		x.Request.Header.Del("Accept-Encoding") // an answer that is compressed tells nothing
		x.Request.Header.Del("Sec-Websocket-Extensions")
	}
	x.Note(holdKey{}, h)
	x.Finally(h.end)
	return nil
}

// refuse counts a refusal, unless it is only observed.
func (c *Check) refuse(x *guard.Exchange, budget string, d guard.Denial) *guard.Denial {
	if !x.Observed {
		c.o.Tally.Refused(atFront, dollars, budget)
	}
	return &d
}

func (c *Check) price(model string) (Price, bool) { return priced(c.o.Prices, model) }

// caps are the budgets that the caller's request counts in.
func (c *Check) caps(x *guard.Exchange, now time.Time) []state.Cap {
	day := now.Format(time.DateOnly)
	until := now.Truncate(24 * time.Hour).Add(24 * time.Hour)
	user, tenant := "ip "+network(x.Client), ""
	if x.Who != nil {
		user, tenant = state.Key{Tenant: x.Who.Tenant, User: x.Who.Subject}.String(), x.Who.Tenant
	}
	out := make([]state.Cap, 0, 3)
	if c.o.User > 0 {
		out = append(out, state.Cap{Account: "user/" + day + "/" + user, Most: c.o.User, Until: until})
	}
	if c.o.Organisation > 0 && tenant != "" {
		out = append(out, state.Cap{Account: "organisation/" + day + "/" + tenant, Most: c.o.Organisation, Until: until})
	}
	if c.o.Total > 0 {
		out = append(out, state.Cap{Account: "total/" + day, Most: c.o.Total, Until: until})
	}
	return out
}

// network is an address, of IPv6 the network: a caller has the whole of it.
func network(a netip.Addr) string {
	if a.Is6() {
		if p, err := a.Prefix(64); err == nil {
			return p.String()
		}
	}
	return a.String()
}

// patience is how long a request may wait for the ledger.
func (h *hold) patience() time.Duration {
	if h.observe {
		return glance
	}
	return patience
}

// observed notes what would have ended an answer.
func (h *hold) observed(why string) {
	h.c.o.Log.Warn("observed", "id", h.x.ID, "check", "spend", "route", h.x.Route.Pattern, "reason", why)
}

func (h *hold) cost(in, out int64) state.Money { return h.price.of(in, out) }

// end settles. Only an answer that was read to its end and tells what it used
// costs less than what was reserved.
func (h *hold) end(int) {
	cost := max(h.amount, h.cost(h.in, h.m.tokens()))
	usage, ended := h.m.usage()
	in, out := usage.total()
	if h.m.s.sse { // at least what was streamed
		out = max(out, h.m.tokens())
	}
	switch {
	case !h.x.Sent, h.free:
		cost = 0
	case ended && usage.told():
		cost = h.cost(in, out)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(h.x.Request.Context()), patience)
	defer cancel()
	charged, err := h.c.o.Ledger.Settle(ctx, h.x.ID, cost)
	if err != nil { // the reservation stays charged
		h.c.o.Log.Error("spend not settled", "id", h.x.ID, "error", err.Error())
		return
	}
	h.c.o.Tally.Settled(atFront, dollars, inUnit(dollars, charged))
}
