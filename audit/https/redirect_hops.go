package https

import (
	"fmt"

	lr "github.com/launchready/launchready"
)

var redirectHops = &lr.Check{
	ID:       "https/redirect-hops",
	Title:    "A reader is redirected twice at the most",
	Why:      "Each redirect is a round trip or two before anything shows, on a phone some hundred milliseconds, and one more thing that breaks.",
	Fix:      "Redirect from http to https of the same name, and from there to the last address at once.",
	Severity: lr.Low,
	Refs:     []lr.Ref{refPlain},
	Needs:    lr.Domain,
	Extra:    true,
	Run:      eachTrail("leads there in two redirects or less", judgeRedirectHops),
}

func judgeRedirectHops(_ *lr.Trial, r *trail) string {
	n := 0
	for _, x := range r.hops {
		if redirects(x) {
			n++
		}
	}
	if n > 2 && !r.loop {
		return fmt.Sprintf("leads there over %d redirects", n)
	}
	return ""
}
