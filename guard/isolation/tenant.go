// Package isolation binds the tenant that a request names to the one of the
// caller's verified claims.
package isolation

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/launchready/launchready/guard"
)

// Tenant says where a request may name a tenant. Wherever it does, it must be the
// caller's.
type Tenant struct {
	Path, Query, Header, Body []string
	BodyOf                    []string // patterns of the routes whose bodies are read; none: all
}

// Name is the protection's.
func (Tenant) Name() string { return "isolation" }

// Needs the claims.
func (Tenant) Needs() guard.Need { return guard.NeedRoute | guard.NeedClaims | guard.NeedBody }

// Gives nothing.
func (Tenant) Gives() guard.Need { return 0 }

// Check answers 404, as for what does not exist: a refusal of its own would tell
// which tenants there are.
func (t Tenant) Check(x *guard.Exchange) *guard.Denial {
	if x.Who == nil { // a public route, or authentication that only observes
		return nil
	}
	own := func(v string) bool { return v == x.Who.Tenant && v != "" }
	for _, n := range t.Path {
		if v, ok := x.Params[n]; ok && !own(v) {
			return foreign()
		}
	}
	for _, n := range t.Header {
		for _, v := range x.Request.Header.Values(n) {
			if !own(v) {
				return foreign()
			}
		}
	}
	if len(t.Query) > 0 && x.Request.URL.RawQuery != "" && !pairs(x.Request.URL.RawQuery, t.Query, own) {
		return foreign()
	}
	if len(t.BodyOf) > 0 && (x.Route == nil || !slices.Contains(t.BodyOf, x.Route.Pattern)) {
		return nil
	}
	if len(t.Body) > 0 && x.Request.URL.RawQuery != "" && !pairs(x.Request.URL.RawQuery, t.Body, own) { // many frameworks read both alike
		return foreign()
	}
	if len(t.Body) == 0 || x.Request.Body == nil || x.Request.Body == http.NoBody || x.Request.ContentLength == 0 {
		return nil
	}
	kind, _, ok := guard.BodyType(x.Request.Header)
	if !ok {
		return unread()
	}
	switch {
	case kind == "application/json" || strings.HasSuffix(kind, "+json"):
		b, d := x.Body()
		if d != nil || len(b) == 0 {
			return d
		}
		err := guard.Strict(b, guard.MaxDepth, func(name string, v any) {
			if s, is := v.(string); v != nil && (!is || !own(s)) && slices.ContainsFunc(t.Body, func(n string) bool { return strings.EqualFold(n, name) }) {
				ok = false
			}
		})
		if err != nil {
			return &guard.Denial{Status: http.StatusBadRequest, Reason: err.Error()}
		}
		if !ok {
			return foreign()
		}
		return nil
	case kind == "application/x-www-form-urlencoded":
		b, d := x.Body()
		if d != nil {
			return d
		}
		if !pairs(string(b), t.Body, own) {
			return foreign()
		}
		return nil
	}
	return unread()
}

func unread() *guard.Denial {
	return &guard.Denial{Status: http.StatusUnsupportedMediaType, Reason: "the tenant cannot be read of a body of this type"}
}

func foreign() *guard.Denial {
	return &guard.Denial{Status: http.StatusNotFound, Reason: "the request names another tenant"}
}

// pairs reports whether every pair of that name is the caller's own; a text that
// cannot be read is not.
func pairs(raw string, names []string, own func(string) bool) bool {
	q, err := url.ParseQuery(raw)
	if err != nil {
		return false
	}
	for k, vs := range q {
		for _, n := range names {
			is, whole := guard.Member(k, n)
			if is && (!whole || slices.ContainsFunc(vs, func(v string) bool { return !own(v) })) {
				return false
			}
		}
	}
	return true
}
