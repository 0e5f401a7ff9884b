package https

import (
	"net/http"

	lr "github.com/launchready/launchready"
)

var cookieSecure = &lr.Check{
	ID:       "https/cookie-secure",
	Title:    "Cookies travel by TLS alone",
	Why:      "A cookie without `Secure` is sent with the first request that goes out in clear, to whoever answers it.",
	Fix:      "Set `Secure` on every cookie; behind an edge let the application know that it is spoken to by TLS.",
	Severity: lr.High,
	Refs:     []lr.Ref{refCookie, {Source: "RFC", ID: "6265 section 4.1.2"}, {Source: "CWE", ID: "614"}},
	Needs:    lr.Domain,
	Run:      eachCookie("travels by TLS alone", judgeCookieSecure),
}

func judgeCookieSecure(c *http.Cookie) string {
	if c.Secure {
		return ""
	}
	return "may be sent without TLS: it has no Secure"
}
