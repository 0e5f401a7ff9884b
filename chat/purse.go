package chat

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"sync"

	lr "github.com/launchready/launchready"
)

// Purse holds a run to its money. Before a request goes out that reaches the
// target's model, the worst that it can cost is taken from what is left; when the
// reply tells its usage, what it did not cost is given back. So the budget is
// never exceeded as far as the price tells the worst case, whoever asks, however
// often a request is sent again, and however many are under way at once.
//
// It is safe for concurrent use.
type Purse struct {
	price  Price
	limit  pico
	tokens int // 0: none
	reach  reach

	mu      sync.Mutex
	freed   chan struct{} // closed and made anew when something is given back
	held    pico          // of requests under way
	heldTok int
	spent   pico
	paidTok int
	calls   int
	guessed int
}

// PurseOptions are the budget and what to guard.
type PurseOptions struct {
	USD    float64 // 0: the model is asked nothing
	Tokens int     // of prompts and replies together; 0 is no limit beside the money
	Price  Price
	Base   string // path of the target's base URL, which requests may repeat
}

// NewPurse makes a purse that guards no request yet.
func NewPurse(o PurseOptions) *Purse {
	return &Purse{
		price: o.Price, limit: pico(math.Floor(min(o.USD, 1e6)*1e12 + 0.5)), tokens: o.Tokens,
		reach: reach{base: o.Base}, freed: make(chan struct{}),
	}
}

// Guard adds requests that reach the model: those that send a message in one of
// the shapes, and those of the patterns ("POST /v1/summaries", "/v1/agents/**").
func (p *Purse) Guard(shapes []Shape, patterns ...string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, s := range shapes {
		p.reach.add(s.Send.verb(), s.Send.Path, s.Mode == Socket)
	}
	for _, t := range patterns {
		p.reach.pattern(t)
	}
}

// Worst is the most that one request is counted at.
func (p *Purse) Worst() float64 { return p.price.Worst() }

// Toll is asked before each attempt on the wire, and messages is how many a
// WebSocket is about to be sent. A request that reaches the model waits until the
// worst it can cost is left, and is refused with lr.ErrMoney when it never will
// be. settle is told what came of it, and whether anything was sent; it is nil
// for a request that costs nothing.
func (p *Purse) Toll(ctx context.Context, r *lr.Request, messages int) (settle func(x *lr.Exchange, sent bool), err error) {
	p.mu.Lock()
	reaches := p.reach.holds(r, messages)
	p.mu.Unlock()
	if !reaches {
		return nil, nil
	}
	times := max(messages, 1)
	// A prompt of more bytes than the price has tokens says that the price is
	// wrong: a token is a byte at least.
	in, out := max(p.price.Context, len(r.Body))*times, p.price.Output*times
	need := p.price.cost(in, out)
	if err := p.take(ctx, need, in+out); err != nil {
		return nil, err
	}
	return func(x *lr.Exchange, sent bool) {
		gotIn, gotOut, told := usageOf(x)
		switch {
		case x == nil && !sent, x != nil && unread(x.Status):
			p.settle(need, in+out, 0, 0, false)
		case told && times == 1:
			p.settle(need, in+out, p.price.cost(gotIn, gotOut), gotIn+gotOut, true)
		default:
			p.settle(need, in+out, need, in+out, false)
		}
	}, nil
}

// unread reports a status by which a server says that it did not do what was
// asked (RFC 9110, 15.5; RFC 6585): there was nothing for a model to do.
// 400, 403, 409 and 422 are none of these: a filter behind the model answers so.
func unread(status int) bool {
	switch status {
	case http.StatusUnauthorized, http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusNotAcceptable, http.StatusLengthRequired,
		http.StatusRequestEntityTooLarge, http.StatusRequestURITooLong, http.StatusUnsupportedMediaType, http.StatusExpectationFailed,
		http.StatusUpgradeRequired, http.StatusTooManyRequests, http.StatusRequestHeaderFieldsTooLarge:
		return true
	}
	return false
}

// moneyError says what is left and what it would have taken.
type moneyError struct{ text string }

func (e *moneyError) Error() string { return e.text }
func (e *moneyError) Unwrap() error { return lr.ErrMoney }

// take reserves, and waits for requests under way where what they give back may
// be enough.
func (p *Purse) take(ctx context.Context, need pico, tokens int) error {
	for {
		p.mu.Lock()
		err := p.short(need, tokens, p.held, p.heldTok)
		if err == nil {
			p.held, p.heldTok = p.held+need, p.heldTok+tokens
			p.mu.Unlock()
			return nil
		}
		never := p.short(need, tokens, 0, 0)
		freed := p.freed
		p.mu.Unlock()
		if never != nil {
			return never
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-freed:
		}
	}
}

// short tells why a reservation does not fit beside what is held.
func (p *Purse) short(need pico, tokens int, held pico, heldTok int) error {
	if left := p.limit - p.spent - held; need > left {
		return &moneyError{fmt.Sprintf("%v (one more request is counted at $%.4f and $%.4f is left; chat.price says what a token costs)", lr.ErrMoney, float64(need)/1e12, float64(max(left, 0))/1e12)}
	}
	if left := p.tokens - p.paidTok - heldTok; p.tokens > 0 && tokens > left {
		return &moneyError{fmt.Sprintf("the token budget is spent: raise budget.tokens (one more request is counted at %d tokens and %d are left)", tokens, max(left, 0))}
	}
	return nil
}

func (p *Purse) settle(held pico, heldTok int, cost pico, tokens int, told bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.held, p.heldTok = p.held-held, p.heldTok-heldTok
	p.spent, p.paidTok = p.spent+cost, p.paidTok+tokens
	if cost > 0 || tokens > 0 || told {
		p.calls++
		if !told {
			p.guessed++
		}
	}
	close(p.freed)
	p.freed = make(chan struct{})
}

// Spent is what has been taken so far; what is under way counts as the worst it
// can cost.
func (p *Purse) Spent() lr.Spent {
	p.mu.Lock()
	defer p.mu.Unlock()
	return lr.Spent{Calls: p.calls, Guessed: p.guessed, Tokens: p.paidTok + p.heldTok, USD: float64(p.spent+p.held) / 1e12}
}

// counters are the names by which replies tell tokens, of prompt and of reply.
var (
	promptCounts = map[string]bool{"prompt_tokens": true, "input_tokens": true, "prompttokens": true, "inputtokens": true, "prompt_eval_count": true, "prompttokencount": true,
		"cache_creation_input_tokens": true, "cache_read_input_tokens": true}
	replyCounts = map[string]bool{"completion_tokens": true, "output_tokens": true, "completiontokens": true, "outputtokens": true, "eval_count": true, "candidatestokencount": true}
)

// count is the counts of one reply of the model.
type count struct{ in, out map[string]int }

// sum is what a count tells. Names for one thing do not add up, except that what
// came from a provider's cache is told beside the rest (Anthropic).
func (c count) sum() (in, out int) {
	for name, n := range c.in {
		switch name {
		case "cache_creation_input_tokens", "cache_read_input_tokens":
		default:
			in = max(in, n)
		}
	}
	in += c.in["cache_creation_input_tokens"] + c.in["cache_read_input_tokens"]
	for _, n := range c.out {
		out = max(out, n)
	}
	return in, out
}

// usageOf reads what a whole, successful reply tells of the tokens it took. A
// stream that was cut has told too little; counts of one reply grow, and an
// answer may hold several replies of the model, each under its own id.
func usageOf(x *lr.Exchange) (in, out int, told bool) {
	if x == nil || x.Truncated || !x.OK() && x.Status != http.StatusSwitchingProtocols {
		return 0, 0, false
	}
	counts := map[string]*count{}
	for _, f := range Frames(x, ByType) {
		m, _ := f.Value.(map[string]any)
		id, _ := m["id"].(string)
		c := counts[id]
		if c == nil {
			if len(counts) == 100 {
				return 0, 0, false
			}
			c = &count{map[string]int{}, map[string]int{}}
			counts[id] = c
		}
		// Anthropic's message_start counts the reply before there is one.
		c.read(f.Value, m["type"] == "message_start", 0)
	}
	sawIn, sawOut := false, false
	for _, c := range counts {
		i, o := c.sum()
		in, out = in+i, out+o
		sawIn, sawOut = sawIn || len(c.in) > 0, sawOut || len(c.out) > 0
	}
	return in, out, sawIn && sawOut
}

func (c *count) read(v any, begun bool, depth int) {
	if depth > 12 {
		return
	}
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			c.read(e, begun, depth+1)
		}
	case map[string]any:
		for k, e := range v {
			n, ok := whole(e)
			switch low := lower(k); {
			case ok && promptCounts[low]:
				c.in[low] = max(c.in[low], n)
			case ok && replyCounts[low] && !begun:
				c.out[low] = max(c.out[low], n)
			default:
				c.read(e, begun, depth+1)
			}
		}
	}
}

// whole is a count: a number that is not negative, as such or as a text.
func whole(v any) (int, bool) {
	switch v := v.(type) {
	case float64:
		if v >= 0 && v <= 1e9 && v == math.Trunc(v) {
			return int(v), true
		}
	case string:
		n, err := strconv.Atoi(v)
		return n, err == nil && n >= 0 && n <= 1e9
	}
	return 0, false
}
