package probe

import (
	"context"
	"fmt"
	"net/http"
	"time"

	lr "github.com/launchready/launchready"
)

// Do implements [lr.Client].
//
// A GET, HEAD, OPTIONS, PUT or DELETE is sent again after 502, 503, 504 and a
// broken connection, once after a time-out, and GET and HEAD once after 500. Any
// method is sent again after 429, when not a byte of it was sent, and after 503
// with Retry-After. A 429 that says when to come back is believed for longer than the
// retries last. When none of it helps, the last answer is returned.
func (c *Client) Do(ctx context.Context, as *lr.Account, r *lr.Request) (*lr.Exchange, error) {
	x, err := c.live(ctx, as, r, (*attempt).send)
	if err != nil {
		return nil, err
	}
	c.tell(x)
	return x, nil
}

// Private is Do for requests whose replies hold credentials: the exchange that
// OnExchange gets has the reply withheld. It is sent as the account in name
// only, with r.Credential or none, and does not slow the client on 429.
func (c *Client) Private(ctx context.Context, as *lr.Account, r *lr.Request) (*lr.Exchange, error) {
	q := r.Clone()
	if q.Credential == nil {
		q.Credential = &lr.Credential{}
	}
	x, err := c.retried(ctx, as, q, *q.Credential, (*attempt).send, true)
	if err != nil {
		return nil, err
	}
	y := *x
	y.Header, y.Body = http.Header{}, []byte("[reply withheld: it holds credentials]")
	for k, vs := range x.Header { // a token may be in any field, so only harmless ones are shown
		if !harmless(k) {
			vs = []string{hidden}
		}
		y.Header[k] = vs
	}
	y.Header = c.hideHeader(y.Header)
	c.tell(&y)
	return x, nil
}

func harmless(field string) bool {
	switch field {
	case "Allow", "Cache-Control", "Content-Encoding", "Content-Length", "Content-Type", "Date", "Retry-After", "Server", "Vary", "Www-Authenticate", "X-Request-Id":
		return true
	}
	return false
}

func (c *Client) tell(x *lr.Exchange) {
	if c.o.OnExchange != nil {
		c.o.OnExchange(x)
	}
}

// sender is one way of putting an attempt on the wire.
type sender func(*attempt, context.Context) (*lr.Exchange, *fault)

// live sends as the account, and once more with a renewed credential when the
// reply says that the session has ended and the sessions confirm it.
func (c *Client) live(ctx context.Context, as *lr.Account, r *lr.Request, send sender) (*lr.Exchange, error) {
	if err := c.stop(ctx); err != nil {
		return nil, err
	}
	cred, live, err := c.credential(ctx, as, r)
	if err != nil {
		return nil, err
	}
	x, err := c.retried(ctx, as, r, cred, send, false)
	if err != nil || !live || !c.endedSession(as, x) {
		return x, err
	}
	fresh, err := c.sessions.Renew(ctx, as, cred)
	if err != nil {
		return nil, err
	}
	if same(fresh, cred) {
		return x, nil
	}
	c.Mask(fresh.Token, fresh.Refresh)
	y, err := c.retried(ctx, as, r, fresh, send, false)
	if err != nil {
		return nil, err
	}
	y.Attempts += x.Attempts
	return y, nil
}

// stop is why nothing may be sent any more.
func (c *Client) stop(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := c.vitals.err(); err != nil {
		return err
	}
	return c.wall()
}

// retried sends until an answer stands or retries end.
func (c *Client) retried(ctx context.Context, as *lr.Account, r *lr.Request, cred lr.Credential, send sender, private bool) (*lr.Exchange, error) {
	var waited time.Duration
	for n := 1; ; n++ {
		t, err := c.prepare(as, r, cred)
		if err != nil {
			return nil, fmt.Errorf("%s %s: %w", r.Method, c.masks.hide(r.Path), err)
		}
		if err := c.stop(ctx); err != nil {
			return nil, err
		}
		if err := c.pace.enter(ctx); err != nil {
			return nil, err
		}
		x, f := c.once(ctx, t, send)
		c.pace.leave()
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if f != nil && f.local {
			return nil, f.err
		}
		if !private && !isOnce(ctx) && x != nil {
			c.learn(x.Status)
		}
		wait, more := c.again(ctx, t.method(), n, x, f)
		if !more && f == nil && !isOnce(ctx) {
			wait, more = c.patient(ctx, n, waited, x)
		}
		if !more {
			c.waitedFor(n, x)
			c.feel(ctx, t, x, f)
			if x == nil {
				if err := c.wall(); err != nil { // the wall ended it
					return nil, err
				}
				return nil, f.err
			}
			x.Attempts = n
			return x, nil
		}
		c.o.Log.Debug("retry", "method", t.method(), "path", t.shown.target, "attempt", n, "wait", wait)
		if err := c.o.Sleep(ctx, wait); err != nil {
			return nil, err
		}
		waited += wait
	}
}

func (c *Client) once(ctx context.Context, t *attempt, send sender) (*lr.Exchange, *fault) {
	if err := c.spend(); err != nil {
		return nil, &fault{err: err, local: true}
	}
	return send(t, ctx)
}

func (c *Client) learn(status int) {
	if status == 429 {
		c.pace.refused()
		return
	}
	c.pace.answered()
}
