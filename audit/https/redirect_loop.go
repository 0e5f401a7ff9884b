package https

import (
	lr "github.com/launchready/launchready"
)

var redirectLoop = &lr.Check{
	ID:    "https/redirect-loop",
	Title: "No redirect goes in circles",
	Why:   "A browser gives up: the name is down for everyone. It is the usual sign of an edge that speaks http to a server which redirects to https.",
	Fix: "Let the edge speak TLS to the server (Full (strict) in Cloudflare), or have the server trust `X-Forwarded-Proto` of the edge; and give canonical host " +
		"and path one owner.",
	Severity: lr.High,
	Refs:     []lr.Ref{refPlain},
	Needs:    lr.Domain,
	Run:      eachTrail("comes to an end", judgeRedirectLoop),
}

func judgeRedirectLoop(_ *lr.Trial, r *trail) string {
	if r.loop {
		return "redirects in circles"
	}
	return ""
}
