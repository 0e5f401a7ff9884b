package probe

import (
	"context"
	"net/http"
	"time"

	lr "github.com/launchready/launchready"
)

// Bounds of the patience with a target that says when to come back.
const (
	mostAgain     = 20 // further attempts of one request
	mostFruitless = 3  // requests in a row that were patient in vain
)

// patient goes on after the retries where a 429 says when to come back (RFC 6585,
// 4; RFC 9110, 10.2.3). A limit is shared by all that is under way, so a request
// that comes back in time may be refused again for what others took meanwhile: that
// the target is busy is no answer to what was asked. It waits for twice the longest
// Retry-After in all, and not at all once three requests in a row waited in vain:
// then the limit is shut, and each wait would be lost time.
func (c *Client) patient(ctx context.Context, n int, waited time.Duration, x *lr.Exchange) (time.Duration, bool) {
	if x == nil || x.Status != http.StatusTooManyRequests || c.o.Retries < 1 || n > c.o.Retries+mostAgain || ctx.Err() != nil {
		return 0, false
	}
	wait, told := c.retryAfter(x.Header)
	if !told || waited+wait > 2*c.o.MaxWait || c.fruitless.Load() >= mostFruitless {
		return 0, false
	}
	return wait, true
}

// waitedFor notes what the patience with one request came to.
func (c *Client) waitedFor(attempts int, x *lr.Exchange) {
	switch {
	case attempts == 1 || x == nil:
	case x.Status != http.StatusTooManyRequests:
		c.fruitless.Store(0)
	case attempts > c.o.Retries+1:
		c.fruitless.Add(1)
	}
}
