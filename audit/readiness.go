package audit

import (
	"cmp"
	"fmt"
	"slices"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/plan"
)

// readiness decides the run's verdict and says why, worst first. A confirmed
// finding at or above fail_on blocks, and so does a confirmed bypass of auth or
// isolation, or a secret, of high severity whatever fail_on says.
func readiness(rep *lr.Report) (lr.Readiness, []string) {
	type blocker struct {
		worst lr.Severity
		why   string
	}
	var standing []blocker
	var unknown, accepted []string
	seen := map[lr.Waiver]bool{}
	accept := func(w *lr.Waiver) {
		if w != nil && !seen[*w] {
			seen[*w] = true
			accepted = append(accepted, fmt.Sprintf("%s is accepted by %s until %s: %s", w, w.Owner, w.Until, w.Reason))
		}
	}
	for _, row := range rep.Rows {
		for _, c := range row.Checks {
			accept(c.Waived)
			worst, n, late := lr.Severity(0), 0, ""
			for i := range c.Findings {
				f := &c.Findings[i]
				if f.Confidence != lr.Confirmed {
					continue
				}
				accept(f.Waived)
				if f.Waived != nil || c.Waived != nil {
					continue
				}
				n++
				worst = max(worst, f.Severity)
				if w := ended(rep, c.ID, f); w != nil {
					late = "; its waiver ended on " + w.Until
				}
			}
			if c.Verdict == lr.Failed && blocks(rep, row.ID, worst) {
				standing = append(standing, blocker{worst, fmt.Sprintf("%s: %s (%s, %d %s%s)", c.ID, c.Title, worst, n, plural(n, "finding"), late)})
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

// blocks reports whether a confirmed finding of that severity in the row makes
// the product not ready.
func blocks(rep *lr.Report, row string, s lr.Severity) bool {
	return s > 0 && plan.Blocks(row, s, rep.FailOn)
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

// ExitCodeOfNew is the exit code for a team that lets nothing new in while it
// works off what was there: findings that the baseline had do not count. What
// could not be asked counts as ever.
func ExitCodeOfNew(rep *lr.Report) int {
	if rep.Interrupted {
		return ExitInterrupted
	}
	unknown := len(rep.Rows) == 0
	for _, row := range rep.Rows {
		for _, c := range row.Checks {
			for _, f := range c.Findings {
				if c.Verdict == lr.Failed && f.Confidence == lr.Confirmed && f.Waived == nil && f.State != lr.StateUnchanged && blocks(rep, row.ID, f.Severity) {
					return ExitNotReady
				}
			}
		}
		unknown = unknown || row.Verdict == lr.Unknown || row.Untested()
	}
	if unknown {
		return ExitNotTested
	}
	return ExitReady
}
