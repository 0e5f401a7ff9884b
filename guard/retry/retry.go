// Package retry asks the upstream again where that is safe: for methods that are
// idempotent (RFC 9110, 9.2.2), for requests with an Idempotency-Key, and where no
// connection was to be had. A budget, a share of all requests, keeps retries from
// making an outage worse.
package retry

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// Budget is what retries are paid from. It outlives a pipeline. The zero value
// is full.
type Budget struct {
	mu   sync.Mutex
	debt float64 // below reserve
}

const reserve = 10 // retries that a guard without traffic may make

func (b *Budget) earn(share float64) {
	b.mu.Lock()
	b.debt = max(b.debt-share, 0)
	b.mu.Unlock()
}

func (b *Budget) spend() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.debt+1 > reserve {
		return false
	}
	b.debt++
	return true
}

// Options say how often and how fast.
type Options struct {
	Attempts int           // in all; below 2: no retry
	Share    float64       // of the requests that may be retried; 0: a tenth
	Base     time.Duration // the first wait is up to it, each next up to twice as long; 0: 50 ms
	Longest  time.Duration // wait; 0: 2 s
	Random   func() float64
}

// Transport asks again.
type Transport struct {
	Next   http.RoundTripper
	Budget *Budget
	o      Options
}

// New wraps a transport.
func New(next http.RoundTripper, b *Budget, o Options) *Transport {
	if o.Share == 0 {
		o.Share = 0.1
	}
	if o.Base == 0 {
		o.Base = 50 * time.Millisecond
	}
	if o.Longest == 0 {
		o.Longest = 2 * time.Second
	}
	if o.Random == nil {
		o.Random = rand.Float64
	}
	return &Transport{next, b, o}
}

// RoundTrip asks until it has an answer that stands.
func (t *Transport) RoundTrip(r *http.Request) (*http.Response, error) {
	t.Budget.earn(t.o.Share)
	sent := false
	for try := 1; ; try++ {
		res, err := t.Next.RoundTrip(r)
		unsent := err != nil && dialing(err)
		sent = sent || !unsent
		wait, may := t.again(r, res, unsent, try)
		if !may || !t.Budget.spend() {
			if err != nil && unsent && sent { // an earlier try has reached the upstream
				err = reached{err}
			}
			return res, err
		}
		next := r.Clone(r.Context())
		again, failed := body(r)
		if failed != nil {
			return res, err // what there is
		}
		next.Body = again
		if res != nil { // read, so that the connection is used again
			_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, 64<<10))
			_ = res.Body.Close()
		}
		if err := pause(r.Context(), wait); err != nil {
			return nil, err
		}
		r = next
	}
}

// again says whether another try is safe and of use, and after which wait.
func (t *Transport) again(r *http.Request, res *http.Response, unsent bool, try int) (time.Duration, bool) {
	if try >= t.o.Attempts || r.Context().Err() != nil || r.Header.Get("Upgrade") != "" || r.Body != nil && r.Body != http.NoBody && r.GetBody == nil {
		return 0, false
	}
	if !unsent && !idempotent(r) {
		return 0, false
	}
	most := min(t.o.Base<<min(try-1, 20), t.o.Longest)
	wait := time.Duration(t.o.Random() * float64(most))
	if res == nil {
		return wait, true
	}
	switch res.StatusCode {
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
	default:
		return 0, false
	}
	if said := res.Header.Get("Retry-After"); said != "" {
		n, err := strconv.Atoi(said)
		if err != nil || n < 0 || time.Duration(n)*time.Second > t.o.Longest {
			return 0, false // the caller is told, and comes again
		}
		wait = max(wait, time.Duration(n)*time.Second)
	}
	return wait, true
}

func idempotent(r *http.Request) bool {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodPut, http.MethodDelete:
		return true
	}
	return r.Header.Get("Idempotency-Key") != ""
}

func body(r *http.Request) (io.ReadCloser, error) {
	if r.GetBody == nil {
		return r.Body, nil // there is none
	}
	return r.GetBody()
}

func dialing(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "dial"
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// reached hides from its reader that the last try found no connection, since
// one before did. It is what it was to errors.Is.
type reached struct{ err error }

func (e reached) Error() string        { return e.err.Error() }
func (e reached) Is(target error) bool { return errors.Is(e.err, target) }
