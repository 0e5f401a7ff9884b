package auth

import (
	"net/http"
	"strings"
)

// Session is the application's own, in a cookie. Whose it is, guard asks the
// application, at an address that says who is signed in.
type Session struct {
	Cookie  string
	Origins *http.CrossOriginProtection
	WhoAmI
}

// cookie finds the session's value; ok is false when it comes twice: servers differ
// in which one counts.
func (s *Session) cookie(h http.Header) (value string, ok bool) {
	n := 0
	for _, line := range h["Cookie"] {
		for part := range strings.SplitSeq(line, ";") {
			name, v, _ := strings.Cut(strings.TrimSpace(part), "=")
			if strings.TrimSpace(name) == s.Cookie {
				value = v
				n++
			}
		}
	}
	return value, n < 2 && len(value) <= 8<<10
}

// remove takes the cookie out of a request that has another credential: the
// application must not take it for somebody else's.
func (s *Session) remove(h http.Header) {
	if s == nil {
		return
	}
	for i, line := range h["Cookie"] {
		if !strings.Contains(line, s.Cookie) {
			continue
		}
		var keep []string
		for part := range strings.SplitSeq(line, ";") {
			name, _, _ := strings.Cut(part, "=")
			if strings.TrimSpace(name) != s.Cookie {
				keep = append(keep, strings.TrimSpace(part))
			}
		}
		h["Cookie"][i] = strings.Join(keep, "; ")
	}
}

// ownPage reports whether a request that could change something comes of a page of
// the application or of a listed origin, or of no browser (as net/http judges
// Sec-Fetch-Site and Origin). What opens a WebSocket could change everything.
func (s *Session) ownPage(r *http.Request) bool {
	if r.Method == http.MethodGet && strings.EqualFold(r.Header.Get("Upgrade"), "websocket") {
		as := *r
		as.Method = http.MethodPost
		r = &as
	}
	return s.Origins.Check(r) == nil
}
