package probe

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	lr "github.com/launchready/launchready"
)

// maxHops is how many redirects Follow goes along.
const maxHops = 5

// Errors by which Follow stops.
var (
	ErrLoop = errors.New("probe: redirects go in a loop")
	ErrHops = errors.New("probe: more than 5 redirects")
)

// Follow sends r and goes along redirects, each judged by the scope. It returns
// all exchanges in order, those before an error too. Beyond the origin of the
// first request it is anonymous, as RFC 9110, 15.4 asks.
func (c *Client) Follow(ctx context.Context, as *lr.Account, r *lr.Request) ([]*lr.Exchange, error) {
	at, err := resolve(c.o.Base, r.Path)
	if err != nil {
		return nil, err
	}
	home := at.origin()
	var chain []*lr.Exchange
	seen := map[string]bool{}
	for hop := 0; ; hop++ {
		key := r.Method + " " + at.String()
		if seen[key] {
			return chain, fmt.Errorf("%w: back at %s", ErrLoop, c.masks.hide(at.String()))
		}
		seen[key] = true
		x, err := c.Do(ctx, as, r)
		if err != nil {
			return chain, err
		}
		chain = append(chain, x)
		to := x.Header.Get("Location")
		if x.Status < 300 || x.Status > 399 || x.Status == http.StatusNotModified || to == "" {
			return chain, nil
		}
		if hop == maxHops {
			return chain, ErrHops
		}
		if at, err = onward(at, to); err != nil {
			return chain, fmt.Errorf("redirect of %s: %w", x.URL, err)
		}
		if err := c.scope.allows(at); err != nil {
			return chain, fmt.Errorf("redirect of %s: %w", x.URL, err)
		}
		r = r.Clone()
		r.Path = at.String()
		if at.origin() != home {
			as, r.Credential, r.Host = nil, nil, ""
			drop(r.Header, "Authorization")
			drop(r.Header, "Cookie")
		}
		if x.Status == http.StatusSeeOther || (x.Status <= http.StatusFound && r.Method == http.MethodPost) {
			if r.Method != http.MethodHead {
				r.Method = http.MethodGet
			}
			r.Body = nil
			drop(r.Header, "Content-Type")
		}
	}
}

// onward resolves a Location against the address it was given for.
func onward(at address, location string) (address, error) {
	from, err := url.Parse(at.String())
	if err != nil {
		return address{}, err
	}
	to, err := from.Parse(location)
	if err != nil {
		return address{}, fmt.Errorf("location is no URL: %w", err)
	}
	if to.Scheme != "http" && to.Scheme != "https" {
		return address{}, fmt.Errorf("%w: scheme %q", lr.ErrScope, to.Scheme)
	}
	to.Fragment, to.User = "", nil
	return resolve(to, to.String())
}
