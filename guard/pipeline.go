// Package guard is a hardened reverse proxy: a pipeline of small checks between
// a caller and an application, which is left as it is.
//
// One canonical path decides the route, the policy and what the upstream is
// asked. A pipeline is immutable; Handler swaps it whole.
package guard

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"net/netip"
	"net/url"
	"sync/atomic"
	"time"
)

// Options are what a pipeline is made of.
type Options struct {
	Upstream *url.URL
	Routes   []*Route
	Checks   []Check // in their order
	Taps     []Tap
	Gates    []Gate // asked before the route is known
	Modes    map[string]Mode
	Trusted  []netip.Prefix // proxies whose X-Forwarded-For is believed
	Keep     map[string]bool
	MaxBody  int64 // of bodies that are read; 0: 1 MiB
	Log      *slog.Logger
	Now      func() time.Time
	Dial     http.RoundTripper // nil: a transport of its own
	Record   Recorder          // nil: each request is a line of Log
	Lockdown *Lockdown
	Pace     Pace
	Wrap     func(http.RoundTripper) http.RoundTripper // around it; nil: nothing
	Trace    Tracer                                    // nil: nothing is followed
}

// Pipeline serves requests by one policy.
type Pipeline struct {
	o     Options
	table *Table
	proxy *httputil.ReverseProxy
}

type exchangeKey struct{}

// New verifies that each check finds what it needs, and makes the pipeline.
func New(o Options) (*Pipeline, error) {
	if o.Upstream == nil || o.Upstream.Host == "" {
		return nil, errors.New("the upstream is missing")
	}
	has := NeedRoute | NeedBody
	for _, c := range o.Checks {
		if lacks := c.Needs() &^ has; lacks != 0 {
			return nil, fmt.Errorf("%s needs what no check before it gives", c.Name())
		}
		has |= c.Gives()
	}
	t, err := NewTable(o.Routes)
	if err != nil {
		return nil, err
	}
	if o.MaxBody == 0 {
		o.MaxBody = 1 << 20
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Dial == nil {
		o.Dial = Transport(0, 0)
	}
	if o.Wrap != nil {
		o.Dial = o.Wrap(o.Dial)
	}
	p := &Pipeline{o: o, table: t}
	p.proxy = &httputil.ReverseProxy{Rewrite: p.rewrite, Transport: upstream{o.Dial}, ModifyResponse: p.taps, ErrorHandler: p.failed,
		ErrorLog: slog.NewLogLogger(o.Log.Handler(), slog.LevelWarn)}
	return p, nil
}

// upstream is the application, or who answers in its place.
type upstream struct{ http.RoundTripper }

func (u upstream) RoundTrip(r *http.Request) (*http.Response, error) {
	x, ok := r.Context().Value(exchangeKey{}).(*Exchange)
	if !ok {
		return u.RoundTripper.RoundTrip(r)
	}
	if x.instead != nil {
		return x.instead(r)
	}
	began := time.Now()
	res, err := u.RoundTripper.RoundTrip(r)
	x.waited = time.Since(began)
	return res, err
}

func (p *Pipeline) rewrite(r *httputil.ProxyRequest) {
	x := r.In.Context().Value(exchangeKey{}).(*Exchange) //nolint:errcheck // ServeHTTP put it there
	r.Out.URL.Scheme, r.Out.URL.Host = p.o.Upstream.Scheme, p.o.Upstream.Host
	r.Out.URL.Path, r.Out.URL.RawPath = x.Path, ""
	r.Out.URL.RawQuery = r.In.URL.RawQuery // as it came: what was judged is what is asked
	r.Out.Host = r.In.Host
	r.SetXForwarded()
	if x.Secure {
		r.Out.Header.Set("X-Forwarded-Proto", "https")
	}
	if x.Client.IsValid() {
		r.Out.Header.Set("X-Forwarded-For", x.Client.String())
	}
	r.Out.Header.Set("X-Request-Id", x.ID)
}

func (p *Pipeline) taps(res *http.Response) error {
	x := res.Request.Context().Value(exchangeKey{}).(*Exchange) //nolint:errcheck // ServeHTTP put it there
	for _, t := range p.o.Taps {
		look := t.Tap
		switch x.Route.mode(t.Name(), p.o.Modes) {
		case Off:
			continue
		case Observe:
			w, ok := t.(Watcher)
			if !ok {
				continue
			}
			look = w.Watch
		}
		if err := look(x, res); err != nil {
			return fmt.Errorf("%s: %w", t.Name(), err)
		}
	}
	x.setFields(res.Header)
	res.Header.Set("X-Request-Id", x.ID)
	if p.o.Pace.Silence > 0 && res.StatusCode != http.StatusSwitchingProtocols {
		res.Body = watch(res.Body, p.o.Pace.Silence, x.cut)
	}
	return nil
}

func (p *Pipeline) failed(w http.ResponseWriter, r *http.Request, err error) {
	x := r.Context().Value(exchangeKey{}).(*Exchange) //nolint:errcheck // ServeHTTP put it there
	var d *Denial
	if errors.As(err, &d) { // of a tap, or of who answered instead of the upstream, whose check has refused
		x.reason = cmp.Or(x.reason, err.Error())
		p.o.Log.Warn("denied", "id", x.ID, "route", x.Route.Pattern, "reason", err.Error())
		p.refuse(w, x, d)
		return
	}
	d = &Denial{Status: http.StatusBadGateway}
	var slow net.Error
	switch {
	case x.late.Load():
		d.Status = http.StatusRequestTimeout
	case errors.Is(context.Cause(r.Context()), ErrLocked):
		d.Status = http.StatusServiceUnavailable
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &slow) && slow.Timeout(), errors.Is(context.Cause(r.Context()), ErrSilent):
		d.Status = http.StatusGatewayTimeout
	}
	if at := (*net.OpError)(nil); errors.As(err, &at) && at.Op == "dial" {
		x.Sent = false
	}
	p.o.Log.Warn("upstream", "id", x.ID, "route", x.Route.Pattern, "error", err.Error())
	p.refuse(w, x, d)
}

// refuse answers in guard's own words, with what the checks and the taps set on
// every answer.
func (p *Pipeline) refuse(w http.ResponseWriter, x *Exchange, d *Denial) {
	x.setFields(w.Header())
	for _, t := range p.o.Taps {
		if s, ok := t.(Dresser); ok && x.Route.mode(t.Name(), p.o.Modes) == Enforce {
			s.Dress(x, w.Header())
		}
	}
	d.write(w, x.ID)
}

// ServeHTTP takes one request through the checks and to the upstream.
func (p *Pipeline) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	began := p.o.Now()
	x := &Exchange{ID: rand.Text(), Client: client(r, p.o.Trusted), max: p.o.MaxBody, ask: p.o.Dial, Secure: secure(r, p.o.Trusted)}
	rec := &recorder{ResponseWriter: w, pace: p.o.Pace.Body, stream: r.ProtoMajor > 1}
	whole := false
	// The exchange's context is its own, and ends when the caller leaves unless a check detaches it.
	ctx, cut := context.WithCancelCause(context.WithValue(context.WithoutCancel(r.Context()), exchangeKey{}, x))
	if p.o.Trace != nil {
		ctx = p.o.Trace.Start(ctx, r, trusts(r, p.o.Trusted))
	}
	x.cut, x.stay = cut, context.AfterFunc(r.Context(), func() { cut(context.Cause(r.Context())) })
	if p.o.Record != nil {
		p.o.Record.Begin()
	}
	if !rec.stream {
		rec.arm(0) // the deadline of the request before may be over
	}
	defer func() {
		x.stay()
		cut(nil)
		rec.arm(0) // for what the server still holds
		for i := len(x.last) - 1; i >= 0; i-- {
			x.last[i](rec.status)
		}
		if p.o.Record != nil {
			p.o.Record.End(x, Outcome{Status: rec.status, Denied: by(x.reason), Reason: x.reason, Began: began, Took: p.o.Now().Sub(began), Upstream: x.waited, Bytes: rec.bytes, Aborted: !whole})
			return
		}
		route := ""
		if x.Route != nil {
			route = x.Route.Pattern
		}
		// The route's pattern, never the address as it came: that holds ids and tokens.
		p.o.Log.Info("request", "id", x.ID, "method", r.Method, "route", route, "status", rec.status, "client", x.Client.String(), "denied", x.reason, "seconds", p.o.Now().Sub(began).Seconds())
	}()
	x.Request = r.WithContext(ctx)
	if p.o.Pace.Body > 0 && r.Body != nil && r.Body != http.NoBody {
		x.Request.Body = &slowBody{ReadCloser: r.Body, rc: http.NewResponseController(w), pace: p.o.Pace, late: &x.late}
	}
	strip(x.Request.Header, p.o.Keep)
	if d := p.judge(x); d != nil {
		x.reason = d.Reason
		if d.Answer == nil {
			unread(w, r, p.o.Pace)
			p.refuse(rec, x, d)
			whole = true
			return
		}
		x.instead = d.Answer
	}
	x.Sent = true
	p.proxy.ServeHTTP(rec, x.Request)
	whole = true
}

// judge finds the route and asks the checks.
func (p *Pipeline) judge(x *Exchange) *Denial {
	path, ok := Canonical(x.Request.URL)
	if !ok || x.Request.Method == http.MethodConnect {
		return &Denial{Status: http.StatusBadRequest, Reason: "the path has no canonical form"}
	}
	x.Path = path
	if !connection(x.Request) {
		return &Denial{Status: http.StatusBadRequest, Reason: "the request's fields can be read in two ways"}
	}
	for _, g := range p.o.Gates {
		mode := x.Route.mode(g.Name(), p.o.Modes)
		if mode == Off {
			continue
		}
		if d := g.Gate(x); d != nil {
			if mode == Enforce {
				d.Reason = g.Name() + ": " + d.Reason
				return d
			}
			p.o.Log.Warn("observed", "id", x.ID, "check", g.Name(), "reason", d.Reason)
		}
	}
	route, params := p.table.Find(x.Request.Method, path)
	if route == nil || route.Blocked {
		return &Denial{Status: http.StatusNotFound, Reason: "no route of the policy"}
	}
	x.Route, x.Params = route, params
	if !route.Essential {
		leave, ok := p.o.Lockdown.enter(x.cut)
		if !ok {
			return &Denial{Status: http.StatusServiceUnavailable, Reason: "lockdown: the route is not essential", Retry: time.Minute}
		}
		x.Finally(func(int) { leave() })
	}
	for _, c := range p.o.Checks {
		mode := route.mode(c.Name(), p.o.Modes)
		if mode == Off {
			continue
		}
		x.Observed = mode == Observe
		if d := c.Check(x); d != nil {
			if mode == Enforce {
				x.Refused = c.Name()
				d.Reason = c.Name() + ": " + d.Reason
				return d
			}
			p.o.Log.Warn("observed", "id", x.ID, "check", c.Name(), "route", route.Pattern, "reason", d.Reason)
		}
	}
	return nil
}

// recorder remembers the status. Unwrap leaves flushing and hijacking to the
// connection.
type recorder struct {
	http.ResponseWriter
	status int
	bytes  int64
	pace   time.Duration // for the caller to take a piece; 0: any time
	stream bool          // over HTTP/2, where a deadline ends the answer though nothing is being written
	set    time.Time     // when the deadline was set last
}

func (r *recorder) WriteHeader(code int) {
	if r.status == 0 && (code >= 200 || code == http.StatusSwitchingProtocols) {
		r.status = code
	}
	r.ResponseWriter.WriteHeader(code)
}

func (r *recorder) Write(b []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	defer r.taking()()
	n, err := r.ResponseWriter.Write(b)
	r.bytes += int64(n)
	return n, err
}

// FlushError sends what is held back, in the time that a caller has for a piece.
func (r *recorder) FlushError() error {
	defer r.taking()()
	return http.NewResponseController(r.ResponseWriter).Flush()
}

// taking begins the caller's time to take a piece; what it gives ends that.
func (r *recorder) taking() func() {
	if r.pace == 0 {
		return func() {}
	}
	if !r.stream {
		r.arm(min(often, r.pace/4))
		return func() {} // the deadline of a connection counts while it is written to only
	}
	r.arm(0)
	return func() { _ = http.NewResponseController(r.ResponseWriter).SetWriteDeadline(time.Time{}) }
}

// arm gives the caller time again to take the next piece, when the last time it
// got some is longer ago.
func (r *recorder) arm(ago time.Duration) {
	if r.pace == 0 {
		return
	}
	if now := time.Now(); now.Sub(r.set) >= ago {
		r.set = now
		_ = http.NewResponseController(r.ResponseWriter).SetWriteDeadline(now.Add(r.pace)) // a writer without deadlines has none to keep
	}
}

// Unwrap serves http.ResponseController.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// Handler serves by the pipeline that was stored last. A request that has begun
// ends by the one it began with.
type Handler struct{ now atomic.Pointer[Pipeline] }

// Store swaps the pipeline.
func (h *Handler) Store(p *Pipeline) { h.now.Store(p) }

// ServeHTTP answers 503 until there is a pipeline.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if p := h.now.Load(); p != nil {
		p.ServeHTTP(w, r)
		return
	}
	(&Denial{Status: http.StatusServiceUnavailable}).write(w, rand.Text())
}
