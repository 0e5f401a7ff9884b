package hygiene

import (
	"strings"

	"github.com/launchready/launchready/guard"
)

// Fresh asks caches behind guard for an answer that was made for this request (RFC
// 9111 section 5.2.1.4): one whose key lacks the caller would give another's.
type Fresh struct{}

// Name is the protection's.
func (Fresh) Name() string { return "hygiene" }

// Needs the route.
func (Fresh) Needs() guard.Need { return guard.NeedRoute }

// Gives nothing.
func (Fresh) Gives() guard.Need { return 0 }

// Check refuses nothing. What is for everybody may come from a cache.
func (Fresh) Check(x *guard.Exchange) *guard.Denial {
	h := x.Request.Header
	if x.Who == nil && (x.Route == nil || x.Route.Public) {
		return nil
	}
	for _, v := range h["Cache-Control"] {
		if low := strings.ToLower(v); strings.Contains(low, "no-cache") || strings.Contains(low, "no-store") {
			return nil
		}
	}
	h["Cache-Control"] = append(h["Cache-Control"], "no-cache")
	h["Pragma"] = []string{"no-cache"}
	return nil
}
