package hygiene

import (
	"net/http"
	"slices"
	"strings"

	"github.com/launchready/launchready/guard"
)

// Cookies gives the application's cookies the attributes that they lack. What it says
// itself stays, unless it is weaker than the cookie's name or the policy allows.
type Cookies struct {
	Readable []string // names that scripts read, as those of CSRF tokens: no HttpOnly
	SameSite string   // "Lax" or "Strict", where the application says nothing
}

// Name is the protection's.
func (Cookies) Name() string { return "hygiene" }

// Tap rewrites each Set-Cookie by itself: nothing of the value is read.
func (c Cookies) Tap(x *guard.Exchange, r *http.Response) error {
	for i, line := range r.Header["Set-Cookie"] {
		r.Header["Set-Cookie"][i] = c.rewrite(line, x.Secure)
	}
	return nil
}

func (c Cookies) rewrite(line string, secured bool) string {
	name, _, _ := strings.Cut(line, "=")
	name = strings.TrimSpace(name)
	var secure, only, site, none bool
	for i, a := range strings.Split(line, ";") {
		if i == 0 {
			continue
		}
		k, v, _ := strings.Cut(strings.TrimSpace(a), "=")
		switch strings.ToLower(strings.TrimSpace(k)) {
		case "secure":
			secure = true
		case "httponly":
			only = true
		case "samesite":
			v = strings.TrimSpace(v)
			none = strings.EqualFold(v, "None")
			site = none || strings.EqualFold(v, "Lax") || strings.EqualFold(v, "Strict") // of two the last counts; another word is none (RFC 6265bis, 5.6.7)
		}
	}
	// Over plain HTTP browsers throw a Secure cookie away: on the machine of a
	// developer there would be no session.
	if !secure && (secured || none || strings.HasPrefix(name, "__Secure-") || strings.HasPrefix(name, "__Host-")) {
		line += "; Secure"
	}
	if !only && !slices.Contains(c.Readable, name) {
		line += "; HttpOnly"
	}
	if !site && c.SameSite != "" {
		line += "; SameSite=" + c.SameSite
	}
	return line
}
