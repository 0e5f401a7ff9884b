package hygiene

import (
	"net/http"
	"strings"

	"github.com/launchready/launchready/guard"
)

// Cache keeps answers to a credential out of caches (RFC 9111 section 3.5): of routes
// that are not public, of requests with a credential, and those that set a cookie.
type Cache struct{}

// Name is the protection's.
func (Cache) Name() string { return "hygiene" }

// Tap replaces what the application says, except where it says no-store itself.
func (Cache) Tap(x *guard.Exchange, r *http.Response) error {
	h := x.Request.Header
	if (x.Route == nil || x.Route.Public) && x.Who == nil && len(h["Authorization"]) == 0 && len(h["Cookie"]) == 0 && len(r.Header["Set-Cookie"]) == 0 {
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

// clearShared takes away what caches of many obey instead of Cache-Control (RFC 9213).
func clearShared(h http.Header) {
	for _, k := range []string{"Expires", "Surrogate-Control", "Cdn-Cache-Control", "Cloudflare-Cdn-Cache-Control", "Vercel-Cdn-Cache-Control"} {
		delete(h, k)
	}
	if all := h["Cache-Control"]; len(all) > 1 {
		h["Cache-Control"] = []string{"private, no-store"} // of two, caches differ in which counts
	} else if len(all) == 1 && (strings.Contains(strings.ToLower(all[0]), "public") || strings.Contains(strings.ToLower(all[0]), "s-maxage")) {
		h["Cache-Control"] = []string{"private, no-store"}
	}
}
