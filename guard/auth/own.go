package auth

import (
	"net/http"

	"github.com/launchready/launchready/guard"
)

// Own lets requests through that carry a credential of the application's own
// where the route accepts those: a key or a cookie that guard cannot verify, and
// that the application judges as it did before. A request with neither, or with
// a bearer token, is for Next to judge.
type Own struct {
	Next             guard.Check
	Headers, Cookies []string
	Tokens           string // another header than Authorization whose tokens Next judges
	Keys             string // the header of keys that guard issued, which Next judges, too
}

// Name is the protection's.
func (o Own) Name() string { return o.Next.Name() }

// Needs what the next one does.
func (o Own) Needs() guard.Need { return o.Next.Needs() }

// Gives what the next one does.
func (o Own) Gives() guard.Need { return o.Next.Gives() }

// Check never lets a token pass unverified because something lies beside it.
func (o Own) Check(x *guard.Exchange) *guard.Denial {
	h := x.Request.Header
	if x.Route.Own && len(h[authorization]) == 0 && len(h[o.Tokens]) == 0 && !(&APIKeys{Header: o.Keys}).there(h) && o.carried(x.Request) {
		return nil
	}
	return o.Next.Check(x)
}

func (o Own) carried(r *http.Request) bool {
	for _, h := range o.Headers {
		if r.Header.Get(h) != "" {
			return true
		}
	}
	for _, n := range o.Cookies {
		if c, err := r.Cookie(n); err == nil && c.Value != "" {
			return true
		}
	}
	return false
}
