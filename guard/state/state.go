// Package state says what guard remembers between requests, and keeps it in the
// memory of one process. Other stores keep it for several; package statetest
// holds all of them to the same behaviour.
//
// Three kinds of memory have an interface each, because not every store is fit
// for every one: what Counters forget costs an allowance, what a Ledger or Answers
// forget costs money.
package state

import (
	"context"
	"errors"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// ErrFull says that a store has no room for a key it does not know. What would
// have to be forgotten might still count, so that nobody new is let in.
var ErrFull = errors.New("the store is full of keys that count")

// Key names a counter. It is a value and not a text, so that a request in
// memory costs no allocation for it.
type Key struct {
	Limit, Tenant, User string
	Net                 netip.Prefix
}

// String is the key as text, in which no two keys are alike.
func (k Key) String() string {
	var b strings.Builder
	for _, s := range [...]string{k.Limit, k.Tenant, k.User} {
		b.WriteString(strconv.Itoa(len(s)))
		b.WriteByte(':')
		b.WriteString(s)
	}
	if k.Net.IsValid() {
		b.WriteString(k.Net.String())
	}
	return b.String()
}

// Ask is one limit that a request must keep.
type Ask struct {
	Key
	Each  time.Duration // between two requests at an even rate; 0: no rate
	Burst int           // requests at one time, with a rate
	Slots int           // requests under way at one time; 0: any number
	Look  bool          // only look: count nothing
	Cost  int           // of this request in the rate, as if it were so many; 0: one
}

// Whole is the time that the request takes of the rate.
func (a Ask) Whole() time.Duration { return a.Each * time.Duration(max(a.Cost, 1)) }

// Verdict is what became of a request's asks.
type Verdict struct {
	OK   bool
	By   int           // the ask that refused, or the one with the least left
	Slot bool          // refused for want of a slot, which may become free any time
	Wait time.Duration // until the rate may allow it
	Left int           // requests that By allows at once after this one
	Full time.Duration // until By has its whole burst again
}

// Counters hold rates and slots.
type Counters interface {
	// Take counts a request in all of its asks or in none. Its slots are held
	// under the lease's name until Give, or until the process is gone.
	Take(ctx context.Context, lease string, asks []Ask) (Verdict, error)
	// Give frees the slots; undo takes back what was counted in the rates.
	Give(ctx context.Context, lease string, asks []Ask, undo bool) error
}

// Money is in millionths of a millionth of a dollar: whole numbers add up
// without loss.
type Money int64

// Dollar is one.
const Dollar Money = 1e12

// Cap is the most that an account may come to.
type Cap struct {
	Account string
	Most    Money
	Until   time.Time // when the account is past and may be forgotten
}

// Ledger holds what was spent. A reservation is charged in full when it is
// made, and settling gives back what was not used: what a dying process leaves
// behind stays charged.
type Ledger interface {
	// Reserve charges all accounts or none. It gives the index of the cap that
	// does not allow it, or -1.
	Reserve(ctx context.Context, hold string, amount Money, caps []Cap) (int, error)
	// Draw is Reserve for what another hold was made for: what that one still holds
	// counts for the new one in its place, and only the rest of the amount is new. A
	// hold that is not there, or that charges an account beside the caps, gives nothing.
	// Who was drawn on costs nothing more: settling gives back what is left of it.
	Draw(ctx context.Context, from, hold string, amount Money, caps []Cap) (int, error)
	// Settle replaces what was reserved by what it cost, and tells what is charged for
	// it in the end. Only the first settling of a hold counts.
	Settle(ctx context.Context, hold string, cost Money) (Money, error)
	// Used is what the account has come to.
	Used(ctx context.Context, account string) (Money, error)
}

// Answer is what was answered to a request.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
	Whole  bool // false: it was too long, or a stream, and cannot be given again
}

// Found is what is known of an idempotency key.
type Found int

// What may be found.
const (
	Fresh Found = iota // never seen: the request is to be done, by who asks
	Busy               // it is being done
	Done               // it was done
	Other              // it was used for another request
)

// Answers hold idempotency keys and what was answered.
type Answers interface {
	// Begin claims the key for the owner until the lease ends.
	Begin(ctx context.Context, key, owner string, print [32]byte, lease time.Duration) (Found, Answer, error)
	// Finish keeps the answer of the owner's request for a time.
	Finish(ctx context.Context, key, owner string, a Answer, keep time.Duration) error
	// Forget gives the key up: the owner's request did nothing.
	Forget(ctx context.Context, key, owner string) error
}
