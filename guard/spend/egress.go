package spend

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/launchready/launchready/guard"
	"github.com/launchready/launchready/guard/model"
	"github.com/launchready/launchready/guard/state"
)

// Budgets are what may be used in a day; 0: no budget.
type Budgets struct{ Key, User, Organisation, Total state.Money }

func (b Budgets) none() bool { return b == Budgets{} }

// EgressOptions say what requests to the provider may cost.
type EgressOptions struct {
	Ledger    state.Ledger
	Prices    map[string]Price // by model; a name that ends in * stands for all that begin so
	PerToken  int64            // bytes of a request that are at least one token; 0: 1, which no tokenizer goes below
	Reference int64            // tokens of an image or a file that the provider fetches; 0: such a request is refused

	Money   Budgets
	Tokens  Budgets     // of prompts and completions together
	Request state.Money // the most that one request may reserve; 0: any

	Observe bool // refuses nothing and ends nothing: what it would have is logged
	Now     func() time.Time
	Log     *slog.Logger
	Tally   Tally // nil: nobody counts
}

// Egress is the meter of guard's listener in front of the model provider: what passes
// there is what is paid. Users, organisations and the whole have the same accounts as at
// the front. A request in which the front has reserved is charged once: what it asks here
// draws on that, and what is left of it is given back at the front's end.
type Egress struct{ o EgressOptions }

// NewEgress makes the meter.
func NewEgress(o EgressOptions) *Egress {
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
	return &Egress{o}
}

const (
	patience = 5 * time.Second // with a ledger
	glance   = time.Second     // where it only observes: the request waits
)

// refuse counts a refusal, unless it is only observed.
func (e *Egress) refuse(unit, budget string, status int, code, message, reason string, retry time.Duration) *model.Denial {
	if !e.o.Observe {
		e.o.Tally.Refused(atModel, unit, budget)
	}
	return &model.Denial{Denial: guard.Denial{Status: status, Reason: reason, Retry: retry}, Code: code, Message: message}
}

// Reserve charges the worst case.
func (e *Egress) Reserve(ctx context.Context, a model.Ask) (model.Hold, error) {
	h, err := e.reserve(ctx, a)
	if err == nil {
		return h, nil
	}
	if e.o.Observe {
		e.observed(a, err)
		return nothing{}, nil
	}
	return nil, err
}

func (e *Egress) observed(a model.Ask, err error) {
	e.o.Log.Warn("observed", "id", a.ID, "check", "spend", "key", a.Caller.Key, "tenant", a.Caller.Tenant, "user", a.Caller.Subject, "model", a.Model, "reason", err.Error())
}

// nothing is the hold of a request that would have been refused.
type nothing struct{}

func (nothing) Count(int) error    { return nil }
func (nothing) Settle(model.Usage) {}

func (e *Egress) reserve(ctx context.Context, a model.Ask) (*charge, error) {
	price, ok := priced(e.o.Prices, a.Model)
	if !ok && (!e.o.Money.none() || e.o.Request > 0) {
		return nil, e.refuse(dollars, byNone, http.StatusForbidden, "model_without_price", "The model has no price in the policy.", "the model has no price in the policy", 0)
	}
	h := &charge{e: e, a: a, in: (int64(a.Prompt) + e.o.PerToken - 1) / e.o.PerToken}
	if a.References > 0 {
		if e.o.Reference == 0 {
			return nil, e.refuse(dollars, byNone, http.StatusForbidden, "cost_unknown", "What an image or a file costs that the provider fetches cannot be told.", "tokens_per_reference is not set", 0)
		}
		h.in += int64(a.References) * e.o.Reference
	}
	if !a.Mute {
		if h.out = a.MaxTokens; h.out < 1 {
			return nil, e.refuse(dollars, byNone, http.StatusForbidden, "cost_unknown", "The completion has no bound.", "the completion has no bound", 0)
		}
	}
	if cost := price.of(h.in, h.out); e.o.Request > 0 && cost > e.o.Request {
		return nil, e.refuse(dollars, byRequest, http.StatusForbidden, "request_too_dear", "The request may cost more than the policy allows for one.", "the request may cost more than one request may", 0)
	}
	if a.Caller.Signed && a.Caller.Subject == "" && e.o.Money.User+e.o.Tokens.User > 0 {
		return nil, e.refuse(dollars, byNone, http.StatusForbidden, "no_budget", "The signed header names no user, who would have a budget.", "the signed header names no user", 0)
	}
	now := e.o.Now().UTC()
	// Money last: what was drawn on the front's reservation does not go back there. No
	// hold is named as one of the front's, which a signed header could name.
	for _, b := range []book{
		{id: "tokens/" + a.ID, price: Price{1, 1}, caps: accounts(e.o.Tokens, a.Caller, ofTokens, now), unit: tokens},
		{id: "model/" + a.ID, price: price, caps: accounts(e.o.Money, a.Caller, "", now), from: a.Caller.Request, unit: dollars},
	} {
		if len(b.caps) > 0 {
			h.books = append(h.books, b)
		}
	}
	if len(h.books) == 0 {
		return nil, e.refuse(dollars, byNone, http.StatusForbidden, "no_budget", "No budget of the policy is the caller's.", "no budget is the caller's", 0)
	}
	for i := range h.books {
		if err := h.take(ctx, &h.books[i], h.in, h.out); err != nil {
			h.books = h.books[:i]
			h.pay(func(*book) state.Money { return 0 })
			return nil, err
		}
	}
	return h, nil
}

// accounts are the budgets that a caller's request counts in. A key of a whole tenant
// names no user.
func accounts(b Budgets, c model.Caller, kind string, now time.Time) []state.Cap {
	day := now.Format(time.DateOnly)
	until := now.Truncate(24 * time.Hour).Add(24 * time.Hour)
	var out []state.Cap
	add := func(what, who string, most state.Money) {
		if most > 0 {
			out = append(out, state.Cap{Account: kind + what + "/" + day + who, Most: most, Until: until})
		}
	}
	if c.Subject != "" {
		add("user", "/"+state.Key{Tenant: c.Tenant, User: c.Subject}.String(), b.User)
	}
	if c.Tenant != "" {
		add("organisation", "/"+c.Tenant, b.Organisation)
	}
	add("key", "/"+c.Key, b.Key)
	add("total", "", b.Total)
	return out
}

// ofTokens begins the names of accounts of tokens.
const ofTokens = "tokens of "

// book is one kind of what a request uses, money or tokens.
type book struct {
	id       string
	price    Price
	unit     string
	caps     []state.Cap
	from     string // the front's reservation for the request in which it is asked
	holds    []string
	reserved state.Money
}

// charge is what one request to the provider holds.
type charge struct {
	e       *Egress
	a       model.Ask
	in, out int64 // tokens that were reserved
	books   []book

	mu   sync.Mutex
	over bool // it would have been ended, in observe
}

// take charges so much more.
func (h *charge) take(ctx context.Context, b *book, in, out int64) error {
	amount := b.price.of(in, out)
	wait := patience
	if h.e.o.Observe {
		wait = glance
	}
	// A caller that leaves meanwhile must not leave a reservation for nothing.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), wait)
	defer cancel()
	id := b.id
	if n := len(b.holds); n > 0 {
		id = fmt.Sprint(b.id, "/", n)
	}
	by, err := h.e.o.Ledger.Draw(ctx, b.from, id, amount, b.caps)
	switch {
	case err != nil: // what cannot be charged is not let in
		if !h.e.o.Observe {
			h.e.o.Tally.Refused(atModel, b.unit, byLedger)
		}
		return fmt.Errorf("the budget cannot be asked: %w", err)
	case by >= 0:
		name, _, _ := strings.Cut(b.caps[by].Account, "/")
		return h.e.refuse(b.unit, kindOf(name), http.StatusTooManyRequests, "budget_exceeded", "The budget of the day is spent.", "the budget of the day is spent: "+name, b.caps[by].Until.Sub(h.e.o.Now()))
	}
	h.e.o.Tally.Reserved(atModel, b.unit, inUnit(b.unit, amount))
	b.holds = append(b.holds, id)
	b.reserved += amount
	return nil
}

// least is how many tokens so many bytes have at the least, as far as one can tell.
func least(bytes int) int64 { return (int64(bytes) + 3) / 4 }

// again is how many tokens are reserved at one time beyond the bound, at the least.
const again = 256

// Count reserves more when a stream has used up what was reserved, and ends it when
// the budget does not have that.
func (h *charge) Count(bytes int) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	for least(bytes) > h.out && !h.over {
		more := max(h.a.MaxTokens, again)
		err := h.more(more)
		if err == nil {
			h.out += more
			continue
		}
		if !h.e.o.Observe {
			return err
		}
		h.over = true
		h.e.observed(h.a, fmt.Errorf("the stream would have been ended: %w", err))
	}
	return nil
}

func (h *charge) more(tokens int64) error {
	for i := range h.books {
		b := &h.books[i]
		if dearer := b.reserved + b.price.of(0, tokens); h.e.o.Request > 0 && b.unit == dollars && dearer > h.e.o.Request {
			return h.e.refuse(dollars, byRequest, http.StatusForbidden, "request_too_dear", "The completion costs more than the policy allows for one request.", "the completion costs more than one request may", 0)
		}
		if err := h.take(context.Background(), b, 0, tokens); err != nil {
			return err
		}
	}
	return nil
}

// Settle takes what the provider tells for the cost. Where it tells nothing that can
// be, what was reserved stays charged, and that is at least what came.
func (h *charge) Settle(u model.Usage) {
	h.mu.Lock()
	defer h.mu.Unlock()
	in, out := u.Input, u.Output
	if in <= 0 {
		in = h.in
	}
	told := u.Known && out >= 0 && (out > 0 || u.Bytes == 0)
	h.pay(func(b *book) state.Money {
		switch {
		case u.Free:
			return 0
		case told:
			return b.price.of(in, out)
		}
		return max(b.reserved, b.price.of(h.in, least(u.Bytes)))
	})
}

// pay settles all that was reserved: the whole cost by the first hold, so that a
// process that dies between two leaves too much charged and not too little.
func (h *charge) pay(cost func(*book) state.Money) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for i := range h.books {
		c := cost(&h.books[i])
		for _, id := range h.books[i].holds {
			charged, err := h.e.o.Ledger.Settle(ctx, id, c)
			if err != nil { // the reservation stays charged
				h.e.o.Log.Error("spend not settled", "id", h.a.ID, "error", err.Error())
				break
			}
			h.e.o.Tally.Settled(atModel, h.books[i].unit, inUnit(h.books[i].unit, charged))
			c = 0
		}
	}
}

// priced finds a model's price: by its name, or by the longest beginning.
func priced(prices map[string]Price, model string) (Price, bool) {
	if p, ok := prices[model]; ok {
		return p, true
	}
	best := ""
	for n := range prices {
		if lead, ok := strings.CutSuffix(n, "*"); ok && strings.HasPrefix(model, lead) && len(n) > len(best) {
			best = n
		}
	}
	return prices[best], best != ""
}

// of is the price of so many tokens. It cannot overflow: what is too much for the type
// is the most there is.
func (p Price) of(in, out int64) state.Money {
	f := float64(in)*float64(p.In) + float64(out)*float64(p.Out)
	if f >= math.MaxInt64/2 {
		return math.MaxInt64 / 2
	}
	return state.Money(in)*p.In + state.Money(out)*p.Out
}
