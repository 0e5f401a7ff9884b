package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/plan"
)

// Entry is a finding with the row and the check that it belongs to.
type Entry struct {
	Row     *lr.RowReport
	Check   *lr.CheckReport
	Finding *lr.Finding
}

// Waived reports that the owner accepted the risk.
func (e Entry) Waived() bool { return e.Waiver() != nil }

// Waiver is the waiver that accepts the finding, nil without one.
func (e Entry) Waiver() *lr.Waiver {
	if e.Finding.Waived != nil {
		return e.Finding.Waived
	}
	return e.Check.Waived
}

// Summary sorts what a report holds by what its reader must do.
type Summary struct {
	Blockers []Entry // confirmed, not waived, at or above the gate: worst first
	Others   []Entry // the other confirmed ones
	Suspects []Entry // by shape only: they fail no gate
	Accepted []Entry // waived
	Unknown  []Gap   // what could not be asked, and why
	Rows     map[lr.Verdict]int
	Checks   map[lr.Verdict]int
	Hours    float64        // of the whole plan
	Estimate *plan.Estimate // of the plan, priced when the report has rates; nil where there is none
}

// Gap is a check, or some subjects of it, that could not be asked.
type Gap struct {
	Row   *lr.RowReport
	Check *lr.CheckReport
	Why   string
	Open  []string // the subjects, when others of the check were asked
}

// Summarise sorts a report. It points into the report.
func Summarise(r *lr.Report) Summary {
	s := Summary{Rows: map[lr.Verdict]int{}, Checks: map[lr.Verdict]int{}}
	for i := range r.Rows {
		row := &r.Rows[i]
		s.Rows[row.Verdict]++
		for j := range row.Checks {
			c := &row.Checks[j]
			s.Checks[c.Verdict]++
			if c.Verdict == lr.Unknown || len(c.Open) > 0 {
				g := Gap{Row: row, Check: c, Why: c.Reason, Open: c.Open}
				if len(c.Open) > 0 && strings.Contains(c.Reason, c.Open[0]) {
					g.Why = "" // it quotes the first of them, and all follow
				}
				s.Unknown = append(s.Unknown, g)
			}
			for k := range c.Findings {
				s.add(Entry{row, c, &c.Findings[k]}, r.FailOn)
			}
		}
		if row.Verdict == lr.Unknown && len(row.Checks) == 0 {
			s.Unknown = append(s.Unknown, Gap{Row: row, Why: row.Reason})
		}
	}
	for _, w := range r.Plan {
		s.Hours += w.Hours
	}
	if len(r.Plan) > 0 {
		// A plan whose hours are none is drawn without a sum.
		s.Estimate, _ = plan.Price(r, r.Rates)
	}
	if len(s.Blockers) == 0 && r.Readiness == lr.NotReady {
		// Some failures decide whatever the gate says: a bypass, a missing
		// mail record. The worst confirmed ones are what stands in the way.
		s.Blockers, s.Others = s.Others, nil
	}
	for _, list := range [][]Entry{s.Blockers, s.Others, s.Suspects, s.Accepted} {
		slices.SortStableFunc(list, func(a, b Entry) int { return cmp.Compare(b.Finding.Severity, a.Finding.Severity) })
	}
	return s
}

func (s *Summary) add(e Entry, gate lr.Severity) {
	switch {
	case e.Waived():
		s.Accepted = append(s.Accepted, e)
	case e.Finding.Confidence != lr.Confirmed:
		s.Suspects = append(s.Suspects, e)
	case e.Finding.Severity >= gate:
		s.Blockers = append(s.Blockers, e)
	default:
		s.Others = append(s.Others, e)
	}
}

// Standing is how the verdict looks: passed, failed or unknown. A run of some
// rows that all passed has passed what it asked, and says so in its words.
func Standing(r *lr.Report) lr.Verdict {
	switch {
	case r.Readiness == lr.NotReady:
		return lr.Failed
	case r.Readiness == lr.Ready, r.Readiness == lr.ReadyWithRisks, r.Partial && r.AllPassed():
		return lr.Passed
	}
	return lr.Unknown
}

// Word is the readiness as a reader sees it.
func Word(r *lr.Report) string {
	switch r.Readiness {
	case lr.Ready:
		return "Ready"
	case lr.ReadyWithRisks:
		return "Ready with accepted risks"
	case lr.NotReady:
		return "Not ready"
	}
	if r.Partial && r.AllPassed() {
		for _, row := range r.Rows {
			if row.Verdict == lr.Failed { // below the gate, and no less failed
				return fmt.Sprintf("No blocker in %d of %d rows", len(r.Rows), len(lr.RowIDs()))
			}
		}
		return fmt.Sprintf("%d of %d rows passed", len(r.Rows), len(lr.RowIDs()))
	}
	return "Not enough tested"
}

// Headline is one sentence under the verdict.
func Headline(r *lr.Report, s Summary) string {
	switch {
	case r.Readiness == lr.NotReady:
		rows := map[string]bool{}
		for _, e := range s.Blockers {
			rows[e.Row.ID] = true
		}
		if len(s.Blockers) == 0 {
			return "A row of the scorecard failed."
		}
		verb := "stand"
		if len(s.Blockers) == 1 {
			verb = "stands"
		}
		return fmt.Sprintf("%s in %s of the scorecard %s in the way.", Count(len(s.Blockers), "blocker"), Count(len(rows), "row"), verb)
	case r.Interrupted:
		return "The run was interrupted: what it did not reach is unknown."
	case r.Partial:
		return fmt.Sprintf("%d of the scorecard's %s were asked for, and %d passed.", len(r.Rows), Count(len(lr.RowIDs()), "row"), s.Rows[lr.Passed])
	case r.Readiness == lr.ReadyWithRisks:
		return fmt.Sprintf("Every row passed; %s accepted by a named owner.", Count(risks(r, s), "risk"))
	case r.Readiness == lr.Ready:
		return "Every row of the scorecard passed."
	}
	return fmt.Sprintf("%s could not be decided; nothing was found that stands in the way.", Count(s.Rows[lr.Unknown], "row"))
}

// risks counts the waivers that something rests on. A report without a finding
// that is waived is told by its list.
func risks(r *lr.Report, s Summary) int {
	used := map[lr.Waiver]bool{}
	for _, e := range s.Accepted {
		used[*e.Waiver()] = true
	}
	if len(used) == 0 {
		return len(r.Waivers)
	}
	return len(used)
}

// mostReasons are shown with the verdict; the sections below have them all.
const mostReasons = 5

// Reasons are what decided, for the place beside the verdict: the first ones,
// and how many more there are. A row that is unknown is said by the scorecard,
// which is the next thing to read, unless nothing else was decisive.
func Reasons(r *lr.Report) (shown []string, more int) {
	for _, reason := range r.Reasons {
		if r.Readiness == lr.NotReady && strings.HasPrefix(reason, "row ") {
			continue
		}
		shown = append(shown, Line(reason))
	}
	if n := len(shown) - mostReasons; n > 1 {
		return shown[:mostReasons], n
	}
	return shown, 0
}

// wantsConsent reports that something is open for want of --mutate.
func (s *Summary) wantsConsent() bool {
	return slices.ContainsFunc(s.Unknown, func(g Gap) bool { return strings.Contains(g.Why, "--mutate") })
}

// lacks reports that a required check is open because the configuration names
// too little for it.
func (s *Summary) lacks() bool {
	return slices.ContainsFunc(s.Unknown, func(g Gap) bool { return g.Check != nil && g.Check.Required && strings.HasPrefix(g.Why, "it needs ") })
}

// Next is the command that moves the reader on, and what it does.
func Next(r *lr.Report, s Summary) (why, command string) {
	switch {
	case len(s.Blockers) > 0 && s.Blockers[0].Finding.Replay != "":
		return "Fix the first blocker, then ask again:", Line(s.Blockers[0].Finding.Replay)
	case len(s.Blockers) > 0:
		return "What the first blocker means:", "launchready explain " + Line(s.Blockers[0].Check.ID)
	case r.Interrupted:
		return "Ask again, from the start:", "launchready audit"
	case s.wantsConsent():
		return "Let it try to change and delete what it creates itself:", "launchready audit --mutate"
	case s.lacks():
		return "See what the open checks need:", "launchready audit plan --mutate"
	case len(r.Only) > 0 && r.AllPassed():
		return "Ask for all there is, and write the report that the buyer gets:", "launchready audit --mutate -o html=report.html"
	case r.Readiness == lr.NotEnoughTested && !r.AllPassed():
		return "See what is missing to ask the rest:", "launchready audit doctor"
	case len(s.Others) > 0 && s.Others[0].Finding.Replay != "":
		return "The next thing worth fixing:", Line(s.Others[0].Finding.Replay)
	}
	if b := r.Baseline; b != nil && len(b.Fixed) > 0 {
		return "Keep what was fixed from coming back, by tests of the report that had it:", "launchready export --regression --report OLD.json -o tests/regression"
	}
	return "Keep it so: in a pipeline, let what is new fail, beside this run's JSON report:", "launchready audit --mutate --baseline report.json --fail-on-new"
}

// How is the place where a work item is done, in words.
func How(s string) string {
	switch s {
	case "guard": // what a guard in front can do, the code can as well
		return "in code or at the edge"
	case "edge":
		return "at the edge"
	case "code":
		return "in code"
	}
	return Line(s)
}

// Count is a number with its noun: "1 blocker", "2 blockers".
func Count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// Home is where the product is described.
const Home = "https://github.com/launchready/launchready"

// Page is the address of what is said of a check in docs/checks.
func Page(row, check string) string {
	slug := func(s string) string {
		return strings.Map(func(r rune) rune {
			if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' {
				return r
			}
			return -1
		}, Bound(s, 80))
	}
	return Home + "/blob/main/docs/checks/" + slug(row) + ".md#" + slug(check)
}
