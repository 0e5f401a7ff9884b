package https

import (
	"net/http"

	lr "github.com/launchready/launchready"
)

var cookieHttponly = &lr.Check{
	ID:       "https/cookie-httponly",
	Title:    "Session cookies are out of the reach of scripts",
	Why:      "A script that gets into the page reads the cookie and sends the session away; with `HttpOnly` it cannot.",
	Fix:      "Set `HttpOnly` on every cookie that signs somebody in. What scripts need goes into another one.",
	Severity: lr.Medium,
	Refs:     []lr.Ref{refCookie, {Source: "RFC", ID: "6265 section 4.1.2"}, {Source: "CWE", ID: "1004"}},
	Needs:    lr.Domain,
	Run:      eachCookie("scripts cannot read it, or it signs nobody in", judgeCookieHttponly),
}

func judgeCookieHttponly(c *http.Cookie) string {
	if c.HttpOnly || !signsIn(c.Name) {
		return ""
	}
	return "can be read by scripts: it has no HttpOnly"
}
