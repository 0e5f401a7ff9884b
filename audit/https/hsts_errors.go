package https

import (
	"fmt"

	lr "github.com/launchready/launchready"
)

var hstsErrors = &lr.Check{
	ID:       "https/hsts-errors",
	Title:    "Errors and redirects carry the policy of TLS too",
	Why:      "Who comes by a link that is wrong, or by one that redirects, does not get the policy, and their next visit begins in clear.",
	Fix:      "In nginx give `add_header` the word `always`; at the edge set it for every answer.",
	Severity: lr.Low,
	Refs:     []lr.Ref{refHSTS, {Source: "RFC", ID: "6797 section 7.1"}},
	Needs:    lr.Domain,
	Extra:    true,
	Run:      eachStrict("carries it on errors too", judgeHSTSErrors),
}

func judgeHSTSErrors(_ *lr.Trial, s strict) (lr.Severity, string) {
	if x := s.place.lost; s.valid && x != nil && !busy(x) && x.Status >= 300 && x.Header.Get("Strict-Transport-Security") == "" {
		return 0, fmt.Sprintf("says it on its root and not on an answer of %d", x.Status)
	}
	return 0, ""
}
