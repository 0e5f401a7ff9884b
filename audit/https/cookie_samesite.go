package https

import (
	"net/http"

	lr "github.com/launchready/launchready"
)

var cookieSamesite = &lr.Check{
	ID:       "https/cookie-samesite",
	Title:    "Session cookies say which pages they go along with",
	Why:      "Without `SameSite` the browser decides, and some still send the cookie with requests of any page: cross-site request forgery.",
	Fix:      "Set `SameSite=Lax`, or `Strict` where nobody comes by links. `None` needs `Secure` and a token against forgery.",
	Severity: lr.Low,
	Refs:     []lr.Ref{refCookie, {Source: "RFC", ID: "6265 section 4.1.2"}, {Source: "CWE", ID: "1275"}},
	Needs:    lr.Domain,
	Extra:    true,
	Run:      eachCookie("says SameSite, or it signs nobody in", judgeCookieSamesite),
}

func judgeCookieSamesite(c *http.Cookie) string {
	if c.SameSite != 0 || !signsIn(c.Name) {
		return ""
	}
	return "does not say SameSite"
}
