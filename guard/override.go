package guard

import (
	"net/http"
	"net/url"
	"strings"
)

// override is the parameter by which Rails, Laravel, Symfony and others take a POST for
// another method.
const override = "_method"

// Overrides reports that a name of a query or a body, with its value, makes the request
// one of another method to frameworks, and that the policy has another route for that, or
// none: its own was not applied then.
func (x *Exchange) Overrides(name, value string) bool {
	if x.Request.Method != http.MethodPost {
		return false
	}
	method := strings.ToUpper(strings.TrimSpace(value))
	if is, _ := Member(name, override); !is || method == "" || method == http.MethodPost {
		return false
	}
	route, _ := x.table.Find(method, x.Path)
	return route != x.Route
}

func (x *Exchange) overriddenInQuery() bool {
	raw := x.Request.URL.RawQuery
	if raw == "" || x.Request.Method != http.MethodPost || !strings.Contains(strings.ToLower(raw), "method") && !strings.Contains(raw, "%") {
		return false
	}
	for pair := range strings.FieldsFuncSeq(raw, func(c rune) bool { return c == '&' || c == ';' }) { // which some split at as well
		name, value, _ := strings.Cut(pair, "=")
		if x.Overrides(unescaped(name), unescaped(value)) {
			return true
		}
	}
	return false
}

// unescaped reads a part of a query; one that cannot be read stays as it is.
func unescaped(s string) string {
	if u, err := url.QueryUnescape(s); err == nil {
		return u
	}
	return s
}
