package state

import (
	"context"
	"slices"
	"sync"
	"time"
)

// Book is the Ledger of one process. It forgets with the process: a budget that
// must outlive a restart needs a store on disk. The zero value is ready.
type Book struct {
	Now func() time.Time // nil: time.Now
	Max int              // accounts, and holds; 0: 100,000

	mu    sync.Mutex
	used  map[string]*account
	holds map[string]hold
}

type account struct {
	used  Money
	until time.Time
}

type hold struct {
	amount   Money
	accounts []string
	drawn    bool // by another hold, which tells what it cost
}

func clock(f func() time.Time) time.Time {
	if f == nil {
		return time.Now()
	}
	return f()
}

// Reserve charges all accounts or none.
func (b *Book) Reserve(ctx context.Context, id string, amount Money, caps []Cap) (int, error) {
	return b.Draw(ctx, "", id, amount, caps)
}

// Draw charges all accounts or none, on what the other hold has left.
func (b *Book) Draw(_ context.Context, from, id string, amount Money, caps []Cap) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.used == nil {
		b.used, b.holds = map[string]*account{}, map[string]hold{}
	}
	most := b.Max
	if most == 0 {
		most = 100_000
	}
	if len(b.used)+len(caps) > most {
		now := clock(b.Now)
		for k, a := range b.used {
			if a.until.Before(now) {
				delete(b.used, k)
			}
		}
	}
	if len(b.used)+len(caps) > most || len(b.holds) >= most {
		return -1, ErrFull
	}
	if _, twice := b.holds[id]; twice {
		return -1, errTwice
	}
	source, ok := b.holds[from]
	if !ok || !Within(source.accounts, caps) {
		source = hold{}
	}
	taken := min(source.amount, amount)
	for i, c := range caps {
		var used Money
		if a := b.used[c.Account]; a != nil {
			used = a.used
		}
		if slices.Contains(source.accounts, c.Account) {
			used -= taken
		}
		if Over(used, amount, c.Most) {
			return i, nil
		}
	}
	if source.accounts != nil {
		source.amount, source.drawn = source.amount-taken, true
		b.holds[from] = source
	}
	h := hold{amount: amount, accounts: make([]string, len(caps))}
	for i, c := range caps {
		a := b.used[c.Account]
		if a == nil {
			a = &account{}
			b.used[c.Account] = a
		}
		if a.used += amount; slices.Contains(source.accounts, c.Account) {
			a.used -= taken
		}
		a.until = c.Until
		h.accounts[i] = c.Account
	}
	b.holds[id] = h
	return -1, nil
}

// Within says whether each of the accounts has a cap.
func Within(accounts []string, caps []Cap) bool {
	return !slices.ContainsFunc(accounts, func(a string) bool {
		return !slices.ContainsFunc(caps, func(c Cap) bool { return c.Account == a })
	})
}

// Over says whether the amount is more than the cap leaves, also where a sum
// would be too great for its type.
func Over(used, amount, most Money) bool { return amount < 0 || used > most || amount > most-used }

// Settle replaces what was reserved by what it cost.
func (b *Book) Settle(_ context.Context, id string, cost Money) (Money, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	h, ok := b.holds[id]
	if !ok {
		return 0, nil
	}
	delete(b.holds, id)
	if cost = max(cost, 0); h.drawn {
		cost = 0
	}
	for _, name := range h.accounts {
		if a := b.used[name]; a != nil {
			a.used += cost - h.amount
		}
	}
	return cost, nil
}

// Used is what the account has come to.
func (b *Book) Used(_ context.Context, name string) (Money, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if a := b.used[name]; a != nil {
		return a.used, nil
	}
	return 0, nil
}
