package https

import (
	"fmt"

	lr "github.com/launchready/launchready"
)

var hstsAge = &lr.Check{
	ID:       "https/hsts-age",
	Title:    "Browsers keep the policy of TLS for a year at least",
	Why:      "A policy of a day has gone for whoever comes back after the weekend.",
	Fix:      "Raise it in steps, an hour, a week, and then `max-age=63072000`, two years.",
	Severity: lr.Low,
	Refs:     []lr.Ref{refHSTS, {Source: "RFC", ID: "6797"}},
	Needs:    lr.Domain,
	Extra:    true,
	Run:      eachStrict("is kept for a year and more", judgeHSTSAge),
}

func judgeHSTSAge(_ *lr.Trial, s strict) (lr.Severity, string) {
	if s.valid && s.age > 0 && s.age < year {
		return 0, fmt.Sprintf("says max-age=%d, and a year has %d seconds", s.age, year)
	}
	return 0, ""
}

const year = 31536000
