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
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Options are what a pipeline is made of.
type Options struct {
	Upstream *url.URL
	Routes   []*Route
	Checks   []Check // in their order
	Taps     []Tap
	Gates    []Gate            // asked before the route is known
	Modes    map[string]Mode   // by the name of a protection; a route's own comes first
	Trusted  []netip.Prefix    // proxies whose X-Forwarded-For is believed
	Keep     map[string]bool   // fields of requests, lower case, that are else taken out as a proxy's to say
	MaxBody  int64             // of bodies that are read; 0: 1 MiB
	Log      *slog.Logger      // nil: nothing is logged
	Now      func() time.Time  // nil: time.Now
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
	proxy httputil.ReverseProxy // of which each request has a copy, with buffers that fit its answer
	lends buffers
}

type exchangeKey struct{}

// New verifies that there is an upstream, that each check finds what those before it
// give, and the patterns of the routes, and makes the pipeline. It asks nothing of the
// upstream.
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
	p.proxy = httputil.ReverseProxy{Rewrite: p.rewrite, Transport: upstream{o.Dial}, ModifyResponse: p.taps, ErrorHandler: p.failed,
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
	f := &x.forwarded // ReverseProxy took away what the caller says there
	f[0], f[1], f[2], f[3] = "", r.In.Host, "http", x.ID
	if x.Secure || r.In.TLS != nil {
		f[2] = "https"
	}
	if x.Client.IsValid() {
		f[0] = x.Client.String()
	} else if host, _, err := net.SplitHostPort(r.In.RemoteAddr); err == nil {
		f[0] = host
	}
	h := r.Out.Header
	if f[0] != "" {
		h["X-Forwarded-For"] = f[0:1:1]
	}
	h["X-Forwarded-Host"], h["X-Forwarded-Proto"], h["X-Request-Id"] = f[1:2:2], f[2:3:3], f[3:4:4]
	if x.read && x.flaw == nil && r.Out.Body != nil {
		if len(x.body) > small {
			r.Out.Body = &spent{x.body}
		} else {
			x.reader.Reset(x.body)
			r.Out.Body = io.NopCloser(&x.reader) // a transport that sees that it is whole sends it with the header
		}
		r.Out.GetBody = x.again
	}
	if p.o.Wrap == nil {
		once(h)
	}
}

// once hides from net/http, by their case, the fields for which it sends a request again
// where a connection ends before the answer: nobody knows then what was done, and it is
// for the policy's retry to say that the application does nothing twice.
func once(h http.Header) {
	for _, k := range [...][2]string{{"Idempotency-Key", "idempotency-key"}, {"X-Idempotency-Key", "x-idempotency-key"}} {
		if v, ok := h[k[0]]; ok {
			delete(h, k[0])
			h[k[1]] = v
		}
	}
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
	res.Header["X-Request-Id"] = []string{x.ID}
	x.events = isEvents(res.Header)
	if p.o.Pace.Silence > 0 && res.StatusCode != http.StatusSwitchingProtocols {
		res.Body = watch(res.Body, p.o.Pace.Silence, x.cut)
	}
	if x.events {
		res.Body = relayed(x, res)
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
	case errors.Is(context.Cause(r.Context()), ErrLocked), errors.Is(context.Cause(r.Context()), ErrOff):
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
	f := &flight{x: Exchange{ID: rand.Text(), Client: client(r, p.o.Trusted), max: p.o.MaxBody, ask: p.o.Dial, table: p.table, Secure: secure(r, p.o.Trusted)},
		rec: recorder{ResponseWriter: w, pace: p.o.Pace.Body, stream: r.ProtoMajor > 1}, p: p, began: p.o.Now()}
	x, rec := &f.x, &f.rec
	whole := false
	// The exchange's context is its own, and ends when the caller leaves unless a check detaches it.
	f.caller = r.Context()
	ctx, cut := context.WithCancelCause(f)
	if p.o.Trace != nil {
		ctx = p.o.Trace.Start(ctx, r, trusts(r, p.o.Trusted))
	}
	x.cut, x.stay = cut, context.AfterFunc(f.caller, func() { cut(context.Cause(f.caller)) })
	if p.o.Record != nil {
		p.o.Record.Begin()
	}
	defer func() {
		if f.left {
			_ = recover() // errLeft: its relay ends it
			return
		}
		f.end(whole)
	}()
	x.Request = r.WithContext(ctx)
	if r.Body != nil && r.Body != http.NoBody {
		f.body = slowBody{ReadCloser: r.Body, w: w, pace: p.o.Pace, late: &x.late}
		x.Request.Body = &f.body
	}
	strip(x.Request.Header, p.o.Keep)
	if d := p.judge(x); d != nil {
		if d.Status >= 400 || d.Given || d.Answer != nil { // a redirect or a preflight refuses nothing
			x.reason = d.Reason
		}
		if d.Answer == nil {
			unread(w, r, p.o.Pace)
			p.refuse(rec, x, d)
			whole = true
			return
		}
		x.instead = d.Answer
	}
	if d := x.settle(); d != nil {
		p.o.Log.Warn("body", "id", x.ID, "route", x.Route.Pattern, "error", d.Reason)
		unread(w, r, p.o.Pace)
		p.refuse(rec, x, d)
		whole = true
		return
	}
	x.Sent = x.Request.Context().Err() == nil // who left while it was judged is not asked for
	f.proxy = p.proxy
	f.proxy.BufferPool = f
	f.proxy.ServeHTTP(rec, x.Request)
	whole = true
}

// end is told once that the exchange is over.
func (f *flight) end(whole bool) {
	x, rec, o := &f.x, &f.rec, &f.p.o
	x.stay()
	x.cut(nil)
	f.body.leave()
	rec.taking() // what the server still holds
	for i := len(x.last) - 1; i >= 0; i-- {
		x.last[i](rec.status)
	}
	o.Lockdown.leave(&x.here)
	took := o.Now().Sub(f.began)
	if o.Record != nil {
		o.Record.End(x, Outcome{Status: rec.status, Denied: by(x.reason), Reason: x.reason, Began: f.began, Took: took, Upstream: x.waited, Bytes: rec.bytes, Aborted: !whole})
		return
	}
	route := ""
	if x.Route != nil {
		route = x.Route.Pattern
	}
	// The route's pattern, never the address as it came: that holds ids and tokens.
	o.Log.Info("request", "id", x.ID, "method", x.Request.Method, "route", route, "status", rec.status, "client", x.Client.String(), "denied", x.reason, "seconds", took.Seconds())
}

// judge finds the route and asks the checks.
func (p *Pipeline) judge(x *Exchange) *Denial {
	path, ok := Canonical(x.Request.URL)
	if !ok {
		return &Denial{Status: http.StatusBadRequest, Reason: "the path has no canonical form"}
	}
	if strings.Contains(x.Request.URL.RawQuery, " ") { // HTTP/2 lets it come, and it would end the target in the upstream's request line
		return &Denial{Status: http.StatusBadRequest, Reason: "the query has a blank"}
	}
	if !passable(x.Request.Method) {
		return &Denial{Status: http.StatusBadRequest, Reason: "the method is spelt as none is, or is a proxy's"}
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
	if x.overriddenInQuery() {
		return &Denial{Status: http.StatusBadRequest, Reason: "the query names another method, of another route"}
	}
	if !route.Essential {
		if x.here.cut = x.cut; !p.o.Lockdown.enter(&x.here) {
			return &Denial{Status: http.StatusServiceUnavailable, Reason: "lockdown: the route is not essential", Retry: time.Minute}
		}
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

// flight is what one request needs, in one piece of memory. It is the context of the
// exchange, too, as far as values go: it ends for nobody.
type flight struct {
	x      Exchange
	rec    recorder
	body   slowBody
	caller context.Context
	proxy  httputil.ReverseProxy
	p      *Pipeline
	began  time.Time
	left   bool // its handler ends before it does
}

// Deadline is none.
func (*flight) Deadline() (time.Time, bool) { return time.Time{}, false }

// Done never is.
func (*flight) Done() <-chan struct{} { return nil }

// Err is none.
func (*flight) Err() error { return nil }

// Value finds the exchange, and what the server and who serves before guard know.
func (f *flight) Value(key any) any {
	switch key {
	case exchangeKey{}:
		return &f.x
	case flightKey{}:
		return f
	}
	return f.caller.Value(key)
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
	turn   *sync.Mutex   // of who writes, where there is more than one; nil: there is not
	conn   net.Conn      // in place of the writer, which is gone then; nil: it is there
}

// WriteHeader drops what an upstream says before its answer (103 of RFC 8297): no tap
// has looked at it.
func (r *recorder) WriteHeader(code int) {
	if code < 200 && code != http.StatusSwitchingProtocols {
		return
	}
	if r.status == 0 {
		r.status = code
	}
	r.ResponseWriter.WriteHeader(code)
}

func (r *recorder) Write(b []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	r.taking()
	n, err := r.ResponseWriter.Write(b)
	r.bytes += int64(n)
	r.taken()
	return n, err
}

// FlushError sends what is held back, in the time that a caller has for a piece.
func (r *recorder) FlushError() error {
	if r.turn != nil {
		r.turn.Lock()
		defer r.turn.Unlock()
		if r.conn != nil {
			return nil
		}
	}
	return r.flush()
}

func (r *recorder) flush() error {
	r.taking()
	err := http.NewResponseController(r.ResponseWriter).Flush()
	r.taken()
	return err
}

// taking begins the caller's time to take a piece.
func (r *recorder) taking() {
	if r.stream {
		r.arm(0)
		return
	}
	r.arm(min(often, r.pace/4))
}

// taken ends that time. The deadline of a connection counts while it is written to only.
func (r *recorder) taken() {
	if r.stream && r.pace > 0 {
		_ = http.NewResponseController(r.ResponseWriter).SetWriteDeadline(time.Time{}) // as arm
	}
}

// arm gives the caller time again to take the next piece, when the last time it
// got some is longer ago.
func (r *recorder) arm(ago time.Duration) {
	if r.pace == 0 {
		return
	}
	if now := time.Now(); now.Sub(r.set) >= ago {
		r.set = now
		if r.conn != nil {
			_ = r.conn.SetWriteDeadline(now.Add(r.pace)) // who writes next finds it closed
			return
		}
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
