package probe

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	lr "github.com/launchready/launchready"
)

// fault is why an attempt brought no answer.
type fault struct {
	err   error
	local bool // refused here: nothing is wrong with the target
	sent  bool // bytes may have reached the target
	slow  bool // a time bound of ours ended it
	reset bool // the connection broke, or could not be made
}

var (
	errSlow  = errors.New("no reply in time")
	errBound = errors.New("a bound of the reading was reached")
	errQuiet = errors.New("nothing more has come")
)

// attempt is one request on the wire.
type attempt struct {
	c      *Client
	as     *lr.Account
	r      *lr.Request
	cred   lr.Credential
	to     address
	shown  address // to, as records show it
	header http.Header

	messages int // that a WebSocket is about to be sent

	started time.Time
	first   time.Time // byte of the body
	dial    laps      // of the connection that was made for it, if one was
	dialled atomic.Bool
	wrote   atomic.Bool
}

func (c *Client) prepare(as *lr.Account, r *lr.Request, cred lr.Credential) (*attempt, error) {
	to, err := resolve(c.o.Base, r.Path)
	if err != nil {
		return nil, err
	}
	if err := c.scope.allows(to); err != nil {
		return nil, err
	}
	h := http.Header{}
	for k, v := range c.o.Header {
		h[http.CanonicalHeaderKey(k)] = v
	}
	h.Set("User-Agent", "launchready/"+c.o.Version+" (run "+c.o.Run+")")
	h.Set("X-Launchready-Run", c.o.Run)
	h.Set("Accept", "*/*")
	h.Set("Accept-Encoding", "gzip")
	for k, v := range r.Header {
		drop(h, k)
		h[k] = append([]string(nil), v...)
	}
	t := &attempt{c: c, as: as, r: r, cred: cred, to: to, shown: to, header: h}
	t.to.target, t.shown.target = place(h, to.target, cred)
	t.shown.target = c.masks.hide(t.shown.target)
	return t, nil
}

func (t *attempt) method() string {
	if t.r.Method == "" {
		return http.MethodGet
	}
	return t.r.Method
}

// request builds what goes on the wire, watched.
func (t *attempt) request(ctx context.Context) *http.Request {
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn:          func(string) { t.dialled.Store(true) },
		WroteHeaders:     func() { t.wrote.Store(true) },
		GotConn:          func(i httptrace.GotConnInfo) { t.dial.taken(!i.Reused) },
		ConnectDone:      func(_, _ string, err error) { t.dial.connected(t.c.o.Now(), err) },
		TLSHandshakeDone: func(_ tls.ConnectionState, err error) { t.dial.shaken(t.c.o.Now(), err) },
	})
	req := (&http.Request{
		Method: t.method(), URL: t.to.url(), Host: t.to.host, Header: t.header,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}).WithContext(ctx)
	if t.r.Host != "" {
		req.Host = t.r.Host
	}
	if t.r.Body != nil {
		body := t.r.Body
		req.ContentLength = int64(len(body))
		req.GetBody = func() (io.ReadCloser, error) { return t.reader(ctx, body), nil }
		req.Body, _ = req.GetBody()
		switch {
		case len(body) == 0:
			req.Body = http.NoBody
		case t.r.Streamed || t.r.Slowly > 0:
			req.ContentLength = -1 // chunked in HTTP/1.1 (RFC 9112, 7.1), no content-length in HTTP/2
		}
	}
	return req
}

// send puts the request on the wire and reads the answer to its bounds.
func (t *attempt) send(ctx context.Context) (*lr.Exchange, *fault) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	c := t.c
	timer := time.AfterFunc(c.bound(c.o.Timeout), func() { cancel(errSlow) })
	defer timer.Stop()

	t.started = c.o.Now()
	resp, err := c.wire.RoundTrip(t.request(ctx))
	if err != nil {
		return nil, t.fault(ctx, err)
	}
	defer resp.Body.Close()
	if !timer.Stop() {
		return nil, t.fault(ctx, errSlow)
	}
	whole, stall := c.o.Timeout, c.o.Stall
	if streams(resp.Header) || t.r.StreamFor > 0 {
		whole = c.o.StreamFor
		if t.r.StreamFor > 0 {
			whole = t.r.StreamFor
		}
		stall = whole
	}
	end := time.AfterFunc(c.bound(whole), func() { cancel(errBound) })
	defer end.Stop()
	still := time.AfterFunc(stall, func() { cancel(errBound) })
	defer still.Stop()
	d := drain(&pulse{Reader: resp.Body, timer: still, stall: stall, count: func(n int) {
		if t.first.IsZero() {
			t.first = c.o.Now()
		}
		c.received(n)
	}}, resp.Header.Get("Content-Encoding"), c.o.Keep, c.o.Count, t.r.Enough)
	x := t.record(resp, d)
	if d.err != nil && !errors.Is(context.Cause(ctx), errBound) {
		if f := t.fault(ctx, d.err); f.reset || ctx.Err() != nil {
			return x, f
		}
	}
	return x, nil
}

func (c *Client) received(n int) { c.bytes.Add(int64(n)) }

// bound cuts a time bound where the run's wall stands.
func (c *Client) bound(d time.Duration) time.Duration {
	if c.end.IsZero() {
		return d
	}
	return max(min(d, c.end.Sub(c.o.Now())), time.Millisecond)
}

// record makes the exchange, with the credential masked.
func (t *attempt) record(resp *http.Response, d drained) *lr.Exchange {
	now := t.c.o.Now()
	x := &lr.Exchange{
		As: "anonymous", Note: t.r.Note, Method: t.method(), URL: t.shown.String(),
		Request: t.c.shownHeader(t.header, t.cred), Sent: t.c.shownBody(t.r.Body),
		Status: resp.StatusCode, Proto: resp.Proto, Header: resp.Header, Body: d.body, Truncated: !d.whole,
		Started: t.started, Took: now.Sub(t.started), Route: t.r.Route,
	}
	if t.as != nil {
		x.As = t.as.Name
	}
	if t.r.Host != "" {
		x.Request["Host"] = []string{t.r.Host}
	}
	x.Connect, x.Handshake = t.dial.since(t.started)
	x.FirstByte = x.Took
	if !t.first.IsZero() && t.first.After(t.started) {
		x.FirstByte = t.first.Sub(t.started)
	}
	return x
}

func (c *Client) shownBody(b []byte) []byte {
	if b == nil {
		return nil
	}
	if int64(len(b)) > c.o.Keep {
		b = b[:c.o.Keep]
	}
	if len(b) == 0 {
		return []byte{}
	}
	return c.hideBytes(b)
}

// fault sorts an error of the wire. Its text is masked: some errors of net/http
// quote what was sent.
func (t *attempt) fault(ctx context.Context, err error) *fault {
	f := &fault{sent: t.wrote.Load()}
	var op *net.OpError
	var dns *net.DNSError
	switch {
	case errors.Is(err, lr.ErrScope):
		f.local = true
	case errors.Is(context.Cause(ctx), errSlow), errors.Is(err, errSlow):
		err, f.slow = errSlow, true
	case !t.dialled.Load():
		f.local = true
	case errors.As(err, &dns), errors.As(err, &op), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF),
		errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE), errors.Is(err, net.ErrClosed),
		strings.Contains(err.Error(), "stream error:"): // net/http exports no type for HTTP/2's RST_STREAM
		f.reset = true
	}
	f.err = &wireError{t.method() + " " + t.shown.String(), t.c.masks.hide(err.Error()), err}
	return f
}

// wireError says what was asked and why no answer came, masked, and unwraps.
type wireError struct {
	what, why string
	cause     error
}

func (e *wireError) Error() string { return e.what + ": " + e.why }
func (e *wireError) Unwrap() error { return e.cause }
