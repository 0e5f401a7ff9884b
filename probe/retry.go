package probe

import (
	"context"
	"net/http"
	"strconv"
	"time"

	lr "github.com/launchready/launchready"
)

// idempotent reports whether sending twice does what sending once does (RFC 9110, 9.2.2).
func idempotent(method string) bool {
	switch method {
	case "GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE":
		return true
	}
	return false
}

// again decides whether the n-th attempt is followed by another, and after how long.
func (c *Client) again(ctx context.Context, method string, n int, x *lr.Exchange, f *fault) (time.Duration, bool) {
	if n > c.o.Retries || ctx.Err() != nil {
		return 0, false
	}
	if f != nil {
		switch {
		case f.local:
			return 0, false
		case f.slow: // one more chance: each costs the whole time bound
			return c.backoff(n), n == 1 && idempotent(method)
		case f.reset:
			return c.backoff(n), idempotent(method) || !f.sent
		}
		return 0, false
	}
	wait, told := c.retryAfter(x.Header)
	if !told {
		wait = c.backoff(n)
	}
	switch x.Status {
	case http.StatusTooManyRequests: // refused before anything was done: safe for every method
		return wait, true
	case http.StatusServiceUnavailable:
		return wait, told || idempotent(method)
	case http.StatusBadGateway, http.StatusGatewayTimeout:
		return wait, idempotent(method)
	case http.StatusInternalServerError:
		return wait, n == 1 && (method == "GET" || method == "HEAD")
	}
	return 0, false
}

// backoff doubles from a quarter second, with full jitter in its upper half.
func (c *Client) backoff(n int) time.Duration {
	d := min(250*time.Millisecond<<min(n-1, 6), 8*time.Second)
	return d/2 + time.Duration(c.o.Jitter()*float64(d/2))
}

// retryAfter reads the field's both forms (RFC 9110, 10.2.3), capped.
func (c *Client) retryAfter(h http.Header) (time.Duration, bool) {
	v := h.Get("Retry-After")
	if v == "" {
		return 0, false
	}
	var d time.Duration
	if s, err := strconv.ParseFloat(v, 64); err == nil && s >= 0 {
		d = time.Duration(min(s, c.o.MaxWait.Seconds()) * float64(time.Second))
	} else if at, err := http.ParseTime(v); err == nil {
		d = at.Sub(c.o.Now())
	} else {
		return 0, false
	}
	return min(max(d, 0), c.o.MaxWait), true
}
