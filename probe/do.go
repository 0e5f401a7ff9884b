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
	x, err := c.live(ctx, as, r, plainly())
	if err != nil {
		return nil, err
	}
	x.Check = lr.AskedBy(ctx)
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
	x, err := c.retried(ctx, as, q, *q.Credential, plainly(), true)
	if err != nil {
		return nil, err
	}
	x.Check = lr.AskedBy(ctx)
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
type sender struct {
	do       func(*attempt, context.Context) (*lr.Exchange, *fault)
	messages int // of a WebSocket
}

// plainly sends one request.
func plainly() sender { return sender{do: (*attempt).send} }

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
		t.messages = send.messages
		if err := c.stop(ctx); err != nil {
			return nil, err
		}
		x, f, err := c.paced(ctx, t, send)
		if err != nil {
			return nil, err
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if f != nil && f.local {
			return nil, f.err
		}
		if !private && !r.Once && x != nil {
			c.learn(x.Status)
		}
		wait, more := c.again(ctx, t.method(), n, x, f)
		if !more && f == nil && !r.Once {
			wait, more = c.patient(ctx, n, waited, x)
		}
		if !more || r.Once {
			if !r.Once || x != nil { // a target that drops some of a burst is not lost
				c.waitedFor(n, x)
				c.feel(ctx, t, x, f)
			}
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

// paced puts an attempt on the wire when the run's pace allows; what is sent once
// does not wait.
func (c *Client) paced(ctx context.Context, t *attempt, send sender) (*lr.Exchange, *fault, error) {
	if !t.r.Once {
		if err := c.pace.enter(ctx); err != nil {
			return nil, nil, err
		}
		defer c.pace.leave()
	}
	x, f := c.once(ctx, t, send)
	return x, f, nil
}

func (c *Client) once(ctx context.Context, t *attempt, send sender) (*lr.Exchange, *fault) {
	settle, err := c.toll(ctx, t)
	if err != nil {
		return nil, &fault{err: err, local: true}
	}
	if err := c.spend(); err != nil {
		settle(nil, false)
		return nil, &fault{err: err, local: true}
	}
	x, f := send.do(t, ctx)
	settle(x, f == nil || f.sent)
	return x, f
}

// toll asks whoever guards the money.
func (c *Client) toll(ctx context.Context, t *attempt) (settle func(*lr.Exchange, bool), err error) {
	if c.o.Toll != nil {
		settle, err = c.o.Toll(ctx, t.r, t.messages)
	}
	if settle == nil {
		settle = func(*lr.Exchange, bool) {}
	}
	return settle, err
}

func (c *Client) learn(status int) {
	if status == 429 {
		c.pace.refused()
		return
	}
	c.pace.answered()
}
