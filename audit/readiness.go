package audit

import (
	"cmp"
	"fmt"
	"slices"

	lr "github.com/launchready/launchready"
)

// readiness decides the run's verdict and says why, worst first. A confirmed
// finding at or above fail_on blocks, and so does a confirmed bypass of auth or
// isolation of high severity whatever fail_on says.
func readiness(rep *lr.Report) (lr.Readiness, []string) {
	type blocker struct {
		worst lr.Severity
		why   string
	}
	var standing []blocker
	var unknown, accepted []string
	for _, row := range rep.Rows {
		for _, c := range row.Checks {
			worst := worstConfirmed(c)
			switch {
			case c.Waived != nil:
				accepted = append(accepted, fmt.Sprintf("%s is accepted by %s until %s: %s", c.ID, c.Waived.Owner, c.Waived.Until, c.Waived.Reason))
			case c.Verdict == lr.Failed && (worst >= rep.FailOn || bypass(row.ID) && worst >= lr.High):
				n := 0
				for _, f := range c.Findings {
					if f.Confidence == lr.Confirmed {
						n++
					}
				}
				standing = append(standing, blocker{worst, fmt.Sprintf("%s: %s (%s, %d %s)", c.ID, c.Title, worst, n, plural(n, "finding"))})
			}
		}
		switch {
		case row.Verdict == lr.Unknown:
			unknown = append(unknown, fmt.Sprintf("row %s is unknown: %s", row.ID, row.Reason))
		case row.Untested():
			unknown = append(unknown, fmt.Sprintf("row %s has checks that could not be asked, beside what failed", row.ID))
		}
	}
	slices.SortStableFunc(standing, func(a, b blocker) int { return cmp.Compare(b.worst, a.worst) })
	var blockers []string
	for _, b := range standing {
		blockers = append(blockers, b.why)
	}
	switch {
	case len(blockers) > 0:
		return lr.NotReady, append(blockers, unknown...)
	case len(unknown) > 0 || len(rep.Rows) == 0 || rep.Interrupted:
		if rep.Interrupted {
			unknown = append(unknown, "the run was interrupted")
		}
		return lr.NotEnoughTested, unknown
	case rep.Partial:
		return lr.NotEnoughTested, append([]string{}, accepted...)
	case len(accepted) > 0:
		return lr.ReadyWithRisks, accepted
	}
	return lr.Ready, []string{}
}

func bypass(row string) bool { return row == "auth" || row == "isolation" }

func worstConfirmed(c lr.CheckReport) lr.Severity {
	var worst lr.Severity
	for _, f := range c.Findings {
		if f.Confidence == lr.Confirmed {
			worst = max(worst, f.Severity)
		}
	}
	return worst
}

func plural(n int, word string) string {
	if n == 1 {
		return word
	}
	return word + "s"
}

// Exit codes of the audit; scripts depend on them.
const (
	ExitReady       = 0
	ExitNotReady    = 1
	ExitSetup       = 2
	ExitNotTested   = 3
	ExitInternal    = 4
	ExitInterrupted = 130
)

// ExitCode is the exit code that a report stands for.
func ExitCode(rep *lr.Report) int { return rep.ExitCode() }
