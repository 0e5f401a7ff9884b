package report

import (
	"slices"
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
				retried, asked := checks[c.ID]
				switch why := open[f.ID]; {
				case f.Guard == "":
					g.Behind, g.Why = NotGuards, "no proxy can stop it"
				case why != "":
					g.Behind, g.Why = NotGuards, why
				case !asked:
					g.Behind, g.Why = Undecided, "not asked again"
				default:
					g.Behind, g.Why = became(f, retried)
				}
				out = append(out, g)
			}
		}
	}
	return out
}

// became judges one finding by the same check, asked behind guard.
func became(f lr.Finding, c lr.CheckReport) (what, why string) {
	for _, a := range c.Findings {
		if a.ID == f.ID || f.Subject == "application" || a.Subject == "application" {
			return Through, Line(a.Message)
		}
	}
	for _, o := range c.Open {
		if strings.HasPrefix(o, f.Subject+":") || strings.HasPrefix(o, f.Subject+" ") {
			return Undecided, Line(o)
		}
	}
	if c.Verdict == lr.Passed || c.Verdict == lr.Failed { // failed elsewhere: another subject
		return Blocked, ""
	}
	return Undecided, Line(c.Reason)
}

// again says how a finding was settled by a second audit behind guard.
const again = "asked again, by itself"

// Settled puts what a second audit of OpenChecks decided in place of what the first left
// undecided, and says so.
func Settled(first, second []Guarded) []Guarded {
	out := slices.Clone(first)
	for i, g := range out {
		if g.Behind != Undecided {
			continue
		}
		for _, s := range second {
			if s.ID != g.ID || s.Subject != g.Subject || s.Behind == Undecided {
				continue
			}
			if out[i] = s; s.Why == "" {
				out[i].Why = again
			}
		}
	}
	return out
}

// OpenChecks are those whose findings are undecided.
func OpenChecks(list []Guarded) []string {
	var out []string
	for _, g := range list {
		if g.Behind == Undecided && !slices.Contains(out, g.Check) {
			out = append(out, g.Check)
		}
	}
	return out
}
