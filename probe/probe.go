// Package probe talks HTTP to an audited target. Its [Client] stays inside the
// target's scope and the run's budget whatever the target answers: addresses
// are judged again after DNS, redirects are never followed by themselves,
// bodies, headers and streams are bounded, and a target that stopped answering
// is noticed. Each exchange is recorded with the credential masked.
//
// Package signin beside it makes the credentials that the client sends.
package probe

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	lr "github.com/launchready/launchready"
)

// Options configure a Client. The zero value of each field but Base works.
type Options struct {
	Base *url.URL
	// Scope lists hosts beside Base's own that may be asked: "host" (its default
	// ports), "host:port", or "*.host" for every name below host.
	Scope  []string
	Budget lr.Budget // Requests, Rate and Wall are held here

	Concurrency int           // requests under way at once; 0 means 16
	Retries     int           // further attempts after the first; 0 means 3, negative none
	LostAfter   int           // requests in a row without an answer; 0 means 8
	Timeout     time.Duration // for the head of a reply, and again for its body; 0 means 30 s
	Stall       time.Duration // the longest silence inside a body; 0 means 10 s
	StreamFor   time.Duration // how long an event stream is read; 0 means 3 s
	MaxWait     time.Duration // the longest Retry-After obeyed; 0 means 15 s
	Keep        int64         // body bytes kept; 0 means 1 MiB
	Count       int64         // body bytes read at most; 0 means 8 MiB

	HTTP1    bool              // never offer HTTP/2
	Insecure bool              // do not verify certificates
	CAFile   string            // PEM file of authorities trusted beside the system's
	Resolve  map[string]string // "host:port" => "ip:port", instead of DNS

	Header  http.Header // sent with each request
	Version string      // of the program, for User-Agent
	Run     string      // id of the run, for User-Agent and X-Launchready-Run

	// Toll is asked before each attempt on the wire; messages is how many a
	// WebSocket is about to be sent, 0 for any other request. Its error keeps the
	// attempt from being made, and settle is told what came of it: the answer, nil
	// when there was none, and whether anything was sent. A nil settle is not told.
	Toll func(ctx context.Context, r *lr.Request, messages int) (settle func(x *lr.Exchange, sent bool), err error)

	Sessions   Sessions
	OnExchange func(*lr.Exchange) // called for each exchange, from many goroutines
	Log        *slog.Logger

	Now    func() time.Time                           // nil means time.Now
	Sleep  func(context.Context, time.Duration) error // nil waits on the real clock
	Jitter func() float64                             // in [0,1); nil means random
}

// Client sends requests to one target. It is safe for concurrent use.
type Client struct {
	o        Options
	scope    *scope
	wire     http.RoundTripper // HTTP/2 where the target offers it
	upgrade  http.RoundTripper // HTTP/1.1 only: RFC 6455 upgrades no other
	pace     *pace
	masks    *masks
	vitals   vitals
	sessions Sessions
	asked    askedLately
	end      time.Time // zero: no wall
	requests atomic.Int64
	held     atomic.Int64 // requests of the budget that are kept for the teardown
	endless  atomic.Bool  // released: the caller's context bounds the time
	bytes    atomic.Int64
	// fruitless counts the requests in a row that waited for a 429 in vain.
	fruitless atomic.Int32
}

var _ lr.Client = (*Client)(nil)

// New makes a client. It sends nothing.
func New(o Options) (*Client, error) {
	if o.Base == nil || o.Base.Host == "" || (o.Base.Scheme != "http" && o.Base.Scheme != "https") {
		return nil, errors.New("probe: the target's base must be an absolute http or https URL")
	}
	if o.Base.User != nil {
		return nil, errors.New("probe: the target's base must not carry a user or password")
	}
	defaults(&o)
	sc, err := newScope(o.Base, o.Scope, o.Resolve)
	if err != nil {
		return nil, err
	}
	c := &Client{o: o, scope: sc, sessions: o.Sessions, masks: newMasks()}
	if c.wire, err = newTransport(o, sc, o.HTTP1); err != nil {
		return nil, err
	}
	if c.upgrade, err = newTransport(o, sc, true); err != nil {
		return nil, err
	}
	c.pace = newPace(o.Budget.Rate, o.Concurrency, o.Now, o.Sleep)
	c.vitals.after = o.LostAfter
	if o.Budget.Wall > 0 {
		c.end = o.Now().Add(o.Budget.Wall)
	}
	return c, nil
}

func defaults(o *Options) {
	set(&o.Concurrency, 16)
	set(&o.Retries, 3)
	set(&o.LostAfter, 8)
	set(&o.Timeout, 30*time.Second)
	set(&o.Stall, 10*time.Second)
	set(&o.StreamFor, 3*time.Second)
	set(&o.MaxWait, 15*time.Second)
	set(&o.Keep, 1<<20)
	set(&o.Count, 8<<20)
	set(&o.Version, "dev")
	set(&o.Run, "unnamed")
	o.Count = max(o.Count, o.Keep)
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Sleep == nil {
		o.Sleep = sleep
	}
	if o.Jitter == nil {
		o.Jitter = rand.Float64
	}
}

func set[T comparable](p *T, v T) {
	var zero T
	if *p == zero {
		*p = v
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// Use gives the client the sessions to renew credentials with. It is for the
// sessions that need the client to sign in, and comes before the first request.
func (c *Client) Use(s Sessions) { c.sessions = s }

// Requests is the number of requests put on the wire, retries included.
func (c *Client) Requests() int { return int(c.requests.Load()) }

// Bytes is the number of body bytes received.
func (c *Client) Bytes() int64 { return c.bytes.Load() }

// Base is the URL that paths are below.
func (c *Client) Base() *url.URL { u := *c.o.Base; return &u }

// Close drops the idle connections.
func (c *Client) Close() {
	for _, rt := range []http.RoundTripper{c.wire, c.upgrade} {
		if t, ok := rt.(*http.Transport); ok {
			t.CloseIdleConnections()
		}
	}
}

// spend takes one request from the budget.
func (c *Client) spend() error {
	if err := c.wall(); err != nil {
		return err
	}
	n := c.requests.Add(1)
	if m := int64(c.o.Budget.Requests); m > 0 && n > m-min(c.held.Load(), m/2) {
		c.requests.Add(-1)
		return fmt.Errorf("%w: %d requests", lr.ErrBudget, m)
	}
	return nil
}

// Hold keeps that many requests of the budget back, at most half of it, until
// Release: what a run has made must be taken away again inside the same budget.
func (c *Client) Hold(requests int) { c.held.Store(int64(requests)) }

// Release gives back what was held, and lifts the bound on wall time: from then
// on the caller's context bounds it.
func (c *Client) Release() {
	c.held.Store(0)
	c.endless.Store(true)
}

func (c *Client) wall() error {
	if !c.end.IsZero() && !c.endless.Load() && !c.o.Now().Before(c.end) {
		return fmt.Errorf("%w: %s of wall time", lr.ErrBudget, c.o.Budget.Wall)
	}
	return nil
}
