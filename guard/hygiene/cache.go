package hygiene

import (
	"net/http"
	"slices"
	"strings"

	"github.com/launchready/launchready/guard"
)

// Cache keeps answers to a credential out of caches (RFC 9111 section 3.5): of routes
// that are not public, of requests with a credential, and those that set a cookie.
type Cache struct {
	Credentials []string // fields of requests that carry one as Authorization does, canonical
}

// Name is the protection's.
func (Cache) Name() string { return "hygiene" }

// Tap replaces what the application says, except where it says no-store itself.
func (c Cache) Tap(x *guard.Exchange, r *http.Response) error {
	h := x.Request.Header
	if (x.Route == nil || x.Route.Public) && x.Who == nil && len(h["Authorization"]) == 0 && len(h["Cookie"]) == 0 && !slices.ContainsFunc(c.Credentials, func(k string) bool { return len(h[k]) > 0 }) && len(r.Header["Set-Cookie"]) == 0 {
		return nil
	}
	for _, v := range r.Header["Cache-Control"] {
		if strings.Contains(strings.ToLower(v), "no-store") {
			clearShared(r.Header)
			return nil
		}
	}
	clearShared(r.Header)
	r.Header["Cache-Control"] = []string{"private, no-store"}
	return nil
}

// clearShared takes away what caches of many obey instead of Cache-Control: fields for one
// kind of them (RFC 9213), and what nginx and Akamai read.
func clearShared(h http.Header) {
	for _, k := range []string{"Expires", "Surrogate-Control", "X-Accel-Expires", "Edge-Control"} {
		delete(h, k)
	}
	for k := range h {
		if strings.HasSuffix(k, "-Cache-Control") {
			delete(h, k)
		}
	}
	if all := h["Cache-Control"]; len(all) > 1 {
		h["Cache-Control"] = []string{"private, no-store"} // of two, caches differ in which counts
	} else if len(all) == 1 && (strings.Contains(strings.ToLower(all[0]), "public") || strings.Contains(strings.ToLower(all[0]), "s-maxage")) {
		h["Cache-Control"] = []string{"private, no-store"}
	}
}
