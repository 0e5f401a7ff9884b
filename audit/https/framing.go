package https

import (
	"strings"

	lr "github.com/launchready/launchready"
)

var framing = &lr.Check{
	ID:       "https/framing",
	Title:    "Pages of others cannot put the product into a frame",
	Why:      "An invisible frame over a page of the attacker's makes the user click in the product without knowing (clickjacking).",
	Fix:      "Send `Content-Security-Policy: frame-ancestors 'none'`, or `'self'` and the customers' hosts for a widget; `X-Frame-Options: DENY` for old browsers.",
	Severity: lr.Medium,
	Refs:     []lr.Ref{refHeaders, {Source: "CWE", ID: "1021"}},
	Needs:    lr.Domain,
	Run:      eachPage("says who may frame it", judgeFraming),
}

func judgeFraming(_ *lr.Trial, p page) (lr.Severity, string) {
	who, has := policies(p.x)["frame-ancestors"]
	switch option := strings.ToUpper(strings.TrimSpace(p.x.Header.Get("X-Frame-Options"))); {
	case has && len(who) == 1 && who[0] == "*":
		return 0, "lets every site frame it: frame-ancestors *"
	case !has && option != "DENY" && option != "SAMEORIGIN":
		return 0, "does not say who may put it into a frame"
	}
	return 0, ""
}
