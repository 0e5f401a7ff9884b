package limits

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	lr "github.com/launchready/launchready"
)

// Sizes of a burst by profile, in requests, and how many of it are under way at
// once.
const (
	quickBurst    = 40
	standardBurst = 60
	deepBurst     = 120
	atOnce        = 20
)

func size(t *lr.Trial) int {
	switch t.Profile {
	case lr.Quick:
		return quickBurst
	case lr.Deep:
		return deepBurst
	case lr.Standard:
	}
	return standardBurst
}

// tally is what became of a burst.
type tally struct {
	sent, taken, refused, broken int
	last, refusal, broke         *lr.Exchange // one that was taken, one that was refused, one that was neither
	began, ended                 time.Time    // of what was answered
	asked, in, out               int          // questions whose answers told their tokens, and these
}

// limited reports whether a limit showed.
func (b *tally) limited() bool { return b.refused > 0 }

func (b *tally) String() string {
	s := fmt.Sprintf("%d of %d taken, %d refused", b.taken, b.sent, b.refused)
	if b.broken > 0 {
		s += fmt.Sprintf(", %d without an answer", b.broken)
	}
	return s
}

// evidence shows one request that was taken, one that was refused, and the count.
func (b *tally) evidence() lr.Evidence {
	e := lr.Evidence{Records: []string{b.String()}}
	for _, x := range []*lr.Exchange{b.last, b.refusal} {
		if x != nil {
			e.Exchanges = append(e.Exchanges, x)
		}
	}
	return e
}

// refuses reports an answer by which a limiter says no: 429, or 503 that names a
// time (RFC 9110, 15.6.4).
func refuses(x *lr.Exchange) bool {
	return x.Status == http.StatusTooManyRequests || x.Status == http.StatusServiceUnavailable && x.Header.Get("Retry-After") != ""
}

// add counts one request. good tells whether an answer that is no refusal took
// what was asked.
func (b *tally) add(x *lr.Exchange, good bool) {
	b.sent++
	if x != nil && !x.Started.IsZero() {
		if b.began.IsZero() || x.Started.Before(b.began) {
			b.began = x.Started
		}
		if end := x.Started.Add(x.Took); end.After(b.ended) {
			b.ended = end
		}
	}
	switch {
	case x == nil:
		b.broken++
	case refuses(x):
		b.refused++
		b.refusal = x
	case good:
		b.taken++
		b.last = x
	default:
		b.broken++
		b.broke = x
	}
}

// join adds what became of other requests, which were sent beside these.
func (b *tally) join(o *tally) {
	b.sent, b.taken, b.refused, b.broken = b.sent+o.sent, b.taken+o.taken, b.refused+o.refused, b.broken+o.broken
	b.last, b.refusal, b.broke = cmp.Or(b.last, o.last), cmp.Or(b.refusal, o.refusal), cmp.Or(b.broke, o.broke)
	if b.began.IsZero() || !o.began.IsZero() && o.began.Before(b.began) {
		b.began = o.began
	}
	if o.ended.After(b.ended) {
		b.ended = o.ended
	}
}

// send puts one request of a burst.
type send func(ctx context.Context, i int) (x *lr.Exchange, good bool, err error)

// burst sends n requests, a bounded number at once, and counts what became of
// them. Its error is one by which the run ends.
func burst(ctx context.Context, n int, send send) (*tally, error) {
	return volley(ctx, n, atOnce, send)
}

// volley is a burst of which so many are under way at once.
func volley(ctx context.Context, n, side int, send send) (*tally, error) {
	b := &tally{}
	var mu sync.Mutex
	var wait sync.WaitGroup
	var fatal error
	slots := make(chan struct{}, side)
	for i := range n {
		mu.Lock()
		over := fatal != nil
		mu.Unlock()
		if over || ctx.Err() != nil {
			break
		}
		slots <- struct{}{}
		wait.Go(func() {
			defer func() { <-slots }()
			x, good, err := send(ctx, i)
			mu.Lock()
			defer mu.Unlock()
			if err != nil && ends(ctx, err) {
				fatal = err
				return
			}
			b.add(x, good)
		})
	}
	wait.Wait()
	if fatal == nil {
		fatal = ctx.Err()
	}
	return b, fatal
}

// ends reports an error by which the run, or all that costs, ends.
func ends(ctx context.Context, err error) bool {
	return ctx.Err() != nil || errors.Is(err, lr.ErrBudget) || errors.Is(err, lr.ErrLost) || errors.Is(err, lr.ErrMoney)
}
