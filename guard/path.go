package guard

import (
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"
)

// Canonical is the one spelling of a request's path, by which the route is
// matched, the policy decided and the upstream asked. A spelling that servers
// read in different ways (encoded slashes and dots, dot segments, empty segments,
// matrix parameters, backslashes, control characters, a second layer of
// encoding) has none: it is refused, never repaired, because a repair is a
// guess at what the upstream does.
func Canonical(u *url.URL) (string, bool) {
	p := u.Path
	if u.Opaque != "" || !strings.HasPrefix(p, "/") || !utf8.ValidString(p) {
		return "", false
	}
	// Most paths hold nothing that needs an escape, and then the one form is the other.
	if raw := u.EscapedPath(); raw != p {
		raw = strings.ToLower(raw)
		for _, bad := range []string{"%2f", "%5c", "%2e", "%3b", "%25"} {
			if strings.Contains(raw, bad) {
				return "", false
			}
		}
	}
	for _, r := range p {
		if r < ' ' || r == 0x7f || r == '\\' || r == ';' || r == '%' || r == '?' || r == '#' {
			return "", false
		}
	}
	for rest, more := p[1:], true; more; {
		var s string
		s, rest, more = strings.Cut(rest, "/")
		if s == "" && more || s != "" && strings.TrimRight(s, ". ") != s {
			return "", false // empty, ".", "..", or a tail that file systems drop
		}
	}
	return p, true
}

// passable reports a method that an application may be asked with. Methods are told
// apart by case (RFC 9110 section 9.1), and some frameworks make "delete" the same as
// DELETE: it would come by every rule that names the latter. CONNECT is no request for
// a path, and TRACE gives the caller what guard tells the application about it
// (section 9.3.8).
func passable(method string) bool {
	for i := range len(method) {
		if c := method[i]; c >= 'a' && c <= 'z' {
			return false
		}
	}
	return method != http.MethodConnect && method != http.MethodTrace && method != "TRACK"
}
