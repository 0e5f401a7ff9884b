package spend_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/launchready/launchready/guard/model"
	"github.com/launchready/launchready/guard/spend"
	"github.com/launchready/launchready/guard/state"
)

// meter counts for a model of which a token of the prompt costs 1 and one of the
// completion 10.
func meter(l state.Ledger, change func(*spend.EgressOptions)) *spend.Egress {
	o := spend.EgressOptions{Ledger: l, Prices: map[string]spend.Price{"m": {In: 1, Out: 10}}, Money: spend.Budgets{Total: 1500}}
	if change != nil {
		change(&o)
	}
	return spend.NewEgress(o)
}

// question is one of 100 bytes, for at most 100 tokens: 1100.
func question(id string) model.Ask {
	return model.Ask{ID: id, Model: "m", Prompt: 100, MaxTokens: 100, Stream: true, Caller: model.Caller{Key: "k", Tenant: "x", Subject: "ann", Signed: true}}
}

func of(t *testing.T, l state.Ledger, account string) state.Money {
	t.Helper()
	kind, who, _ := strings.Cut(account, "/")
	if who != "" {
		who = "/" + who
	}
	m, err := l.Used(t.Context(), kind+"/"+time.Now().UTC().Format(time.DateOnly)+who)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestHold: what a hold comes to by how it ends.
func TestHold(t *testing.T) {
	for name, c := range map[string]struct {
		counts []int // of bytes
		usage  model.Usage
		cost   state.Money
		ends   bool // a count ends the stream
	}{
		"told":                {[]int{40}, model.Usage{Input: 20, Output: 30, Known: true, Bytes: 40}, 320, false},
		"told without prompt": {nil, model.Usage{Output: 30, Known: true, Bytes: 40}, 400, false},
		"nothing came":        {nil, model.Usage{}, 1100, false},
		"told nothing":        {[]int{40}, model.Usage{Bytes: 40}, 1100, false},
		"told zero":           {[]int{40}, model.Usage{Input: 20, Known: true, Bytes: 40}, 1100, false},
		"told a debt":         {nil, model.Usage{Input: 20, Output: -5, Known: true}, 1100, false},
		"free":                {nil, model.Usage{Free: true}, 0, false},
		"more than it said":   {nil, model.Usage{Input: 900, Output: 200, Known: true, Bytes: 40}, 2900, false},
		"beyond the bound":    {[]int{400, 401}, model.Usage{Bytes: 401}, 1110, true},
		"more than counted":   {nil, model.Usage{Bytes: 8000}, 100 + 20_000, false},
	} {
		book := &state.Book{}
		h, err := meter(book, nil).Reserve(t.Context(), question("a"))
		if err != nil {
			t.Fatal(err)
		}
		if got := of(t, book, "total"); got != 1100 {
			t.Errorf("%s: %d is reserved", name, got)
		}
		ended := false
		for _, n := range c.counts {
			ended = h.Count(n) != nil
		}
		h.Settle(c.usage)
		if got := of(t, book, "total"); got != c.cost || ended != c.ends {
			t.Errorf("%s: %d, ended %t; want %d", name, got, ended, c.cost)
		}
	}
}

// TestBeyond: a stream beyond its bound reserves more while there is some, and all of
// it is settled with it.
func TestBeyond(t *testing.T) {
	book := &state.Book{}
	e := meter(book, func(o *spend.EgressOptions) {
		o.Money.Total, o.Tokens.Key = 10_000, 700
	})
	h, err := e.Reserve(t.Context(), question("a"))
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Count(404); err != nil { // 101 tokens: 256 more
		t.Fatal(err)
	}
	if money, tokens := of(t, book, "total"), of(t, book, "tokens of key/k"); money != 1100+2560 || tokens != 200+256 {
		t.Errorf("%d and %d are reserved", money, tokens)
	}
	var d *model.Denial
	if err := h.Count(4 * 357); !errors.As(err, &d) || d.Status != http.StatusTooManyRequests || d.Retry <= 0 { // 712 tokens
		t.Errorf("the tokens are used up: %v", err)
	}
	h.Settle(model.Usage{Input: 5, Output: 400, Known: true, Bytes: 1600})
	if money, tokens := of(t, book, "total"), of(t, book, "tokens of key/k"); money != 4005 || tokens != 405 {
		t.Errorf("%d and %d were spent", money, tokens)
	}
}

// TestAllOrNothing: what the tokens refuse costs no money, and a crowd gets one in,
// whichever budget is for one.
func TestAllOrNothing(t *testing.T) {
	for name, change := range map[string]func(*spend.EgressOptions){
		"money":            func(*spend.EgressOptions) {},
		"tokens":           func(o *spend.EgressOptions) { o.Tokens = spend.Budgets{User: 399}; o.Money.Total = 1e6 },
		"tokens of a key":  func(o *spend.EgressOptions) { o.Tokens = spend.Budgets{Key: 200}; o.Money = spend.Budgets{} },
		"money of a user":  func(o *spend.EgressOptions) { o.Money = spend.Budgets{User: 1100, Total: 1e6} },
		"of a tenant":      func(o *spend.EgressOptions) { o.Money = spend.Budgets{Organisation: 1100} },
		"money and tokens": func(o *spend.EgressOptions) { o.Tokens = spend.Budgets{Total: 250} },
	} {
		book := &state.Book{}
		e := meter(book, change)
		var in atomic.Int32
		var wg sync.WaitGroup
		for i := range 20 {
			wg.Go(func() {
				_, err := e.Reserve(context.Background(), question(fmt.Sprint(i)))
				var d *model.Denial
				switch {
				case err == nil:
					in.Add(1)
				case !errors.As(err, &d) || d.Status != http.StatusTooManyRequests:
					t.Errorf("%s: %v", name, err)
				}
			})
		}
		wg.Wait()
		if money := of(t, book, "total"); in.Load() != 1 || money != 0 && money != 1100 {
			t.Errorf("%s: %d let in for %d", name, in.Load(), money)
		}
	}
}

// TestDrawn: what is asked in a request that the front has charged costs once, and
// nothing that the caller names itself is drawn on.
func TestDrawn(t *testing.T) {
	const request = "ABCDEFGHIJKLMNOPQRSTUVWXY2"
	for name, c := range map[string]struct {
		request string
		front   bool // the front has ended before
		counts  int  // bytes of a stream
		usage   model.Usage
		cost    state.Money
	}{
		"told":             {request, false, 0, model.Usage{Input: 20, Output: 30, Known: true, Bytes: 40}, 320},
		"told nothing":     {request, false, 0, model.Usage{Bytes: 40}, 1100},
		"beyond the bound": {request, false, 404, model.Usage{Bytes: 404}, 1100 + 2560},
		"free":             {request, false, 0, model.Usage{Free: true}, 0},
		"after its end":    {request, true, 0, model.Usage{Input: 20, Output: 30, Known: true, Bytes: 40}, 1200 + 320},
		"another request":  {"ABCDEFGHIJKLMNOPQRSTUVWXY3", false, 0, model.Usage{Input: 20, Output: 30, Known: true, Bytes: 40}, 1200 + 320},
		"no request":       {"", false, 0, model.Usage{Input: 20, Output: 30, Known: true, Bytes: 40}, 1200 + 320},
	} {
		book := &state.Book{}
		e := meter(book, func(o *spend.EgressOptions) {
			o.Money, o.Tokens = spend.Budgets{Key: 10_000, Total: 10_000}, spend.Budgets{Total: 10_000}
		})
		end := func() {
			if _, err := book.Settle(t.Context(), request, 1200); err != nil { // the answer told nothing
				t.Error(err)
			}
		}
		if by, err := book.Reserve(t.Context(), request, 1200, []state.Cap{{Account: "total/" + time.Now().UTC().Format(time.DateOnly), Most: 10_000, Until: time.Now().Add(time.Hour)}}); by >= 0 || err != nil {
			t.Fatal(by, err)
		}
		if c.front {
			end()
		}
		a := question("a")
		a.Caller.Request = c.request
		h, err := e.Reserve(t.Context(), a)
		if err != nil {
			t.Fatal(err)
		}
		if err := h.Count(c.counts); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		h.Settle(c.usage)
		end()
		alone := c.cost
		if c.front || c.request != request {
			alone -= 1200
		}
		if total, key := of(t, book, "total"), of(t, book, "key/k"); total != c.cost || key != alone {
			t.Errorf("%s: %d and %d of the key, want %d and %d", name, total, key, c.cost, alone)
		}
	}
}

// half is a ledger that fails when it is asked for the second time.
type half struct {
	state.Book
	n int
}

func (h *half) Draw(ctx context.Context, from, hold string, amount state.Money, caps []state.Cap) (int, error) {
	if h.n++; h.n > 1 {
		return -1, errors.New("connect to 10.0.0.9: refused")
	}
	return h.Book.Draw(ctx, from, hold, amount, caps)
}

// TestHalf: a ledger that goes down between money and tokens lets nobody in, and
// charges nothing that it can take back.
func TestHalf(t *testing.T) {
	l := &half{}
	_, err := meter(l, func(o *spend.EgressOptions) { o.Tokens.Total = 1e6 }).Reserve(t.Context(), question("a"))
	var d *model.Denial
	if err == nil || errors.As(err, &d) { // which makes 503 of it
		t.Errorf("%v", err)
	}
	if money, tokens := of(t, l, "total"), of(t, l, "tokens of total"); money != 0 || tokens != 0 {
		t.Errorf("%d and %d stay charged", money, tokens)
	}
}

// watched is a ledger that does nothing for who has left.
type watched struct{ state.Book }

func (w *watched) Draw(ctx context.Context, from, hold string, amount state.Money, caps []state.Cap) (int, error) {
	if err := ctx.Err(); err != nil {
		return -1, err
	}
	return w.Book.Draw(ctx, from, hold, amount, caps)
}

// TestLeaving: a caller that leaves while its request is charged does not cut that off,
// or a ledger might have charged what nobody holds.
func TestLeaving(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	l := &watched{}
	h, err := meter(l, nil).Reserve(ctx, question("a"))
	if err != nil {
		t.Fatal(err)
	}
	if h.Settle(model.Usage{Free: true}); of(t, l, "total") != 0 {
		t.Error("it stays charged")
	}
}

// TestNobodys: a caller without a budget has none.
func TestNobodys(t *testing.T) {
	for name, c := range map[string]struct {
		caller model.Caller
		money  spend.Budgets
		ok     bool
	}{
		"a user":                {model.Caller{Key: "k", Tenant: "x", Subject: "ann", Signed: true}, spend.Budgets{User: 2000}, true},
		"nobody of a header":    {model.Caller{Key: "k", Tenant: "x", Signed: true}, spend.Budgets{User: 2000, Total: 2000}, false},
		"a key of a tenant":     {model.Caller{Key: "k", Tenant: "x"}, spend.Budgets{User: 2000, Key: 2000}, true},
		"one with users' alone": {model.Caller{Key: "k", Tenant: "x"}, spend.Budgets{User: 2000}, false},
	} {
		a := question("a")
		a.Caller = c.caller
		_, err := meter(&state.Book{}, func(o *spend.EgressOptions) { o.Money = c.money }).Reserve(t.Context(), a)
		var d *model.Denial
		if (err == nil) != c.ok || err != nil && (!errors.As(err, &d) || d.Status != http.StatusForbidden) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
