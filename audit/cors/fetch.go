package cors

import (
	"net/http"
	"strconv"
	"strings"

	lr "github.com/launchready/launchready"
)

// This file is the Fetch standard's protocol as a browser runs it, no more and
// no less: https://fetch.spec.whatwg.org/#http-cors-protocol.

// Names of the protocol's fields.
const (
	allowOrigin      = "Access-Control-Allow-Origin"
	allowCredentials = "Access-Control-Allow-Credentials"
	allowMethods     = "Access-Control-Allow-Methods"
	allowHeaders     = "Access-Control-Allow-Headers"
	allowNetwork     = "Access-Control-Allow-Private-Network"
)

// get reads a field as the standard does: several lines are one list, joined
// with a comma (Fetch, 2.2.2, "get a header").
func get(h http.Header, name string) (value string, ok bool) {
	vs := h.Values(name)
	for i, v := range vs {
		vs[i] = strings.Trim(v, " \t\r\n") // "normalize"
	}
	return strings.Join(vs, ", "), len(vs) > 0
}

// permits is the CORS check (Fetch, 4.10): whether a browser hands the reply to
// a script of the origin. credentials says that the script asked for the user's
// cookies to be sent, credentials mode "include".
func permits(h http.Header, origin string, credentials bool) bool {
	allowed, ok := get(h, allowOrigin) // step 1
	if !ok {                           // step 2
		return false
	}
	if !credentials && allowed == "*" { // step 3
		return true
	}
	if allowed != origin { // step 4: bytes, so no case is folded and no list is read
		return false
	}
	if !credentials { // step 5
		return true
	}
	c, _ := get(h, allowCredentials) // step 6
	return c == "true"               // steps 7 and 8, "true" in this case only
}

// clears is the rest of a CORS-preflight fetch (Fetch, 4.8, steps 7 to 11):
// whether the browser then sends the request with the method and with these
// header fields, which are taken to be no safelisted ones.
func clears(x *lr.Exchange, origin string, credentials bool, method string, fields ...string) bool {
	if x == nil || !x.OK() || !permits(x.Header, origin, credentials) {
		return false
	}
	methods, ok := list(x.Header, allowMethods)
	if !ok {
		return false
	}
	if !has(methods, method) && !safelisted(method) && (credentials || !has(methods, "*")) {
		return false
	}
	names, ok := list(x.Header, allowHeaders)
	if !ok {
		return false
	}
	for _, f := range fields {
		if hasFold(names, f) {
			continue
		}
		// A wildcard never stands for Authorization (Fetch, 2.2.2, "CORS
		// non-wildcard request-header name").
		if credentials || !has(names, "*") || strings.EqualFold(f, "Authorization") {
			return false
		}
	}
	return true
}

// safelisted is a CORS-safelisted method (Fetch, 2.2.1).
func safelisted(method string) bool {
	return method == "GET" || method == "HEAD" || method == "POST"
}

// list extracts the values of a field that is a list of tokens (RFC 9110,
// 5.6.1). ok is false where one of them is no token: the browser fails then.
func list(h http.Header, name string) (values []string, ok bool) {
	text, have := get(h, name)
	if !have {
		return nil, true
	}
	for v := range strings.SplitSeq(text, ",") {
		if v = strings.Trim(v, " \t"); v == "" {
			continue
		}
		if !token(v) {
			return nil, false
		}
		values = append(values, v)
	}
	return values, true
}

// token is RFC 9110, 5.6.2.
func token(s string) bool {
	for i := range len(s) {
		c := s[i]
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
		if !letter && !strings.ContainsRune("!#$%&'*+-.^_`|~", rune(c)) {
			return false
		}
	}
	return s != ""
}

func has(values []string, v string) bool {
	for _, w := range values {
		if w == v {
			return true
		}
	}
	return false
}

func hasFold(values []string, v string) bool {
	for _, w := range values {
		if strings.EqualFold(w, v) {
			return true
		}
	}
	return false
}

// varies reports whether the reply says that it depends on the request's Origin,
// so that a cache keeps it apart (Fetch, "CORS protocol and HTTP caches"; RFC
// 9110, 12.5.5).
func varies(h http.Header) bool {
	for _, line := range h.Values("Vary") {
		for v := range strings.SplitSeq(line, ",") {
			if v = strings.TrimSpace(v); v == "*" || strings.EqualFold(v, "Origin") {
				return true
			}
		}
	}
	return false
}

// stored reports whether a cache may give the reply to a later request without
// asking again (RFC 9111, 4.2): it has a lifetime, or a date from which caches
// guess one (4.2.2). What must be asked for again each time reaches nobody by
// mistake.
func stored(x *lr.Exchange) bool {
	if !x.OK() {
		return false
	}
	lives := x.Header.Get("Last-Modified") != ""
	if e := strings.TrimSpace(x.Header.Get("Expires")); len(e) > 2 { // 0 and -1 are usual ways to say: never
		lives = true
	}
	for _, line := range x.Header.Values("Cache-Control") {
		for d := range strings.SplitSeq(strings.ToLower(line), ",") {
			name, value, _ := strings.Cut(strings.TrimSpace(d), "=")
			switch name {
			case "no-store", "no-cache":
				return false
			case "max-age", "s-maxage":
				n, err := strconv.Atoi(strings.Trim(value, `"`))
				lives = err == nil && n > 0
			case "immutable":
				lives = true
			}
		}
	}
	return lives
}
