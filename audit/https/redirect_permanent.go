package https

import (
	"fmt"

	lr "github.com/launchready/launchready"
)

var redirectPermanent = &lr.Check{
	ID:       "https/redirect-permanent",
	Title:    "The way to TLS is a permanent redirect",
	Why:      "A temporary redirect is asked for in clear at each visit, and search engines keep the address without TLS.",
	Fix:      "Answer with 301, or 308.",
	Severity: lr.Low,
	Refs:     []lr.Ref{refPlain, {Source: "RFC", ID: "9110 section 15.4"}},
	Needs:    lr.Domain,
	Extra:    true,
	Run:      eachPlain("redirects for good, or not at all", judgeRedirectPermanent),
}

func judgeRedirectPermanent(_ *lr.Trial, p *place) (lr.Severity, string) {
	x := p.plain.hops[0]
	if to := location(x); redirects(x) && to != nil && to.Scheme == "https" && x.Status != 301 && x.Status != 308 {
		return 0, fmt.Sprintf("redirects to https by %d, which is for the moment alone", x.Status)
	}
	return 0, ""
}
