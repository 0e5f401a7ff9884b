package sample

import (
	"time"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/report"
)

// Compared is a run beside the one of the day before: one finding is new, one is
// fixed, one was not asked again, and the rest stand as they stood.
func Compared() *lr.Report {
	before, now := Flawed(), Flawed()
	before.Run, before.Started = "20261122-140000-1b20", before.Started.Add(-24*time.Hour)
	drop(before, "auth/no-credential")
	drop(now, "auth/alg-none", "email/dmarc-present")
	report.Against(before, now, func(check, _ string) bool { return check == "auth/alg-none" })
	return now
}

// drop takes the findings of the checks out of a report.
func drop(r *lr.Report, checks ...string) {
	for i := range r.Rows {
		for j := range r.Rows[i].Checks {
			c := &r.Rows[i].Checks[j]
			for _, id := range checks {
				if c.ID == id {
					c.Verdict, c.Findings = lr.Passed, nil
				}
			}
		}
	}
}
