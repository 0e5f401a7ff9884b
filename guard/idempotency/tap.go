package idempotency

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"

	"github.com/launchready/launchready/guard"
)

// Tap keeps answers.
type Tap struct{}

// Name is the protection's.
func (Tap) Name() string { return "idempotency" }

// Tap remembers what is answered to a request with a key. What fails, and what
// asks to come again, is not kept: the caller is to try again.
func (Tap) Tap(x *guard.Exchange, res *http.Response) error {
	e, _ := x.Noted(entryKey{}).(*entry)
	if e == nil {
		return nil
	}
	switch {
	case res.StatusCode == http.StatusBadGateway, res.StatusCode == http.StatusGatewayTimeout:
		return nil // of a gateway before the application, which may have done it: the key stays claimed
	case res.StatusCode >= 500, again(res.StatusCode):
		e.undone = true
		return nil
	}
	e.status, e.header = res.StatusCode, http.Header{}
	for k, v := range res.Header {
		if !private(k) {
			e.header[k] = v
		}
	}
	kind, _, _ := mime.ParseMediaType(res.Header.Get("Content-Type"))
	res.Body = &copied{from: res.Body, e: e, long: kind == "text/event-stream"}
	return nil
}

// again reports answers that are of the moment: nothing was done, and the same request
// may be answered otherwise when the caller has signed in, waited, or another is over.
func again(status int) bool {
	switch status {
	case http.StatusUnauthorized, http.StatusProxyAuthRequired, http.StatusRequestTimeout, http.StatusConflict, http.StatusLocked, http.StatusTooEarly, http.StatusTooManyRequests:
		return true
	}
	return false
}

// private are fields of one connection, one moment or one browser.
func private(name string) bool {
	switch name {
	case "Connection", "Keep-Alive", "Proxy-Authenticate", "Trailer", "Transfer-Encoding", "Upgrade", "Content-Length", "Date", "Set-Cookie", "X-Request-Id", "Server-Timing":
		return true
	}
	return strings.HasPrefix(name, "Ratelimit")
}

// copied is an answer of which a copy is kept.
type copied struct {
	from io.ReadCloser
	e    *entry
	copy []byte
	long bool // too long to keep, or a stream
	done bool
}

func (c *copied) Read(p []byte) (int, error) {
	n, err := c.from.Read(p)
	if !c.long && len(c.copy)+n > c.e.c.o.Max {
		c.long, c.copy = true, nil
	}
	if !c.long {
		c.copy = append(c.copy, p[:n]...)
	}
	if errors.Is(err, io.EOF) {
		c.done = true
		c.e.finish(c.copy, !c.long)
	} else if err != nil {
		c.done = true // broken off: nobody knows what was done
	}
	return n, err
}

// Close reads what a caller who left did not. The request's deadline bounds it.
func (c *copied) Close() error {
	switch {
	case c.done:
	case c.long:
		c.e.finish(nil, false)
	default:
		_, _ = io.Copy(io.Discard, c)
	}
	return c.from.Close()
}
