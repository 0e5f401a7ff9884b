package https

import (
	"strings"

	lr "github.com/launchready/launchready"
)

var redirectDowngrade = &lr.Check{
	ID:    "https/redirect-downgrade",
	Title: "No redirect leads from TLS to none",
	Why:   "The address with its query, and cookies without Secure, go over the network in clear, and who is there can lead the reader where they like.",
	Fix: "Write redirects relative, or with https. Behind an edge let the application know that it is spoken to by TLS: trust `X-Forwarded-Proto` of the edge " +
		"alone.",
	Severity: lr.High,
	Refs:     []lr.Ref{refPlain, {Source: "CWE", ID: "319"}},
	Needs:    lr.Domain,
	Run:      eachTrail("stays with TLS", judgeRedirectDowngrade),
}

func judgeRedirectDowngrade(_ *lr.Trial, r *trail) string {
	for _, x := range r.hops {
		to := location(x)
		if redirects(x) && to != nil && to.Scheme == "http" && strings.HasPrefix(x.URL, "https://") {
			return "redirects from " + x.URL + " to " + to.String()
		}
	}
	return ""
}
