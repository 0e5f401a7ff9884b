package report

import (
	"strings"

	lr "github.com/launchready/launchready"
)

// What became of a finding behind guard.
const (
	Blocked   = "blocked"   // the same check passes, whose controls are the owner's calls
	Through   = "through"   // found again
	Undecided = "undecided" // the check could not be asked behind guard
	NotGuards = "not guard's"
)

// Guarded is one finding of a direct audit, with what became of it behind guard.
type Guarded struct {
	ID        string `json:"id"`
	Check     string `json:"check"`
	Subject   string `json:"subject"`
	Directive string `json:"directive,omitempty"`
	Behind    string `json:"behind"`
	Why       string `json:"why,omitempty"`
}

// Behind tells for each confirmed finding what became of it. open are those, by
// id, that the policy was known not to stop.
func Behind(direct, behind *lr.Report, open map[string]string) []Guarded {
	checks := map[string]lr.CheckReport{}
	for _, row := range behind.Rows {
		for _, c := range row.Checks {
			checks[c.ID] = c
		}
	}
	var out []Guarded
	for _, row := range direct.Rows {
		for _, c := range row.Checks {
			for _, f := range c.Findings {
				if f.Confidence != lr.Confirmed {
					continue
				}
				g := Guarded{ID: f.ID, Check: c.ID, Subject: f.Subject, Directive: f.Guard}
				again, asked := checks[c.ID]
				switch why := open[f.ID]; {
				case f.Guard == "":
					g.Behind, g.Why = NotGuards, "no proxy can stop it"
				case why != "":
					g.Behind, g.Why = NotGuards, why
				case !asked:
					g.Behind, g.Why = Undecided, "not asked again"
				default:
					g.Behind, g.Why = became(f, again)
				}
				out = append(out, g)
			}
		}
	}
	return out
}

// became judges one finding by the same check, asked behind guard.
func became(f lr.Finding, again lr.CheckReport) (what, why string) {
	for _, a := range again.Findings {
		if a.ID == f.ID || f.Subject == "application" || a.Subject == "application" {
			return Through, Line(a.Message)
		}
	}
	for _, o := range again.Open {
		if strings.HasPrefix(o, f.Subject+":") || strings.HasPrefix(o, f.Subject+" ") {
			return Undecided, Line(o)
		}
	}
	if again.Verdict == lr.Passed || again.Verdict == lr.Failed { // failed elsewhere: another subject
		return Blocked, ""
	}
	return Undecided, Line(again.Reason)
}
