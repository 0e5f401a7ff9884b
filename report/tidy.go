package report

import (
	"cmp"
	"slices"

	lr "github.com/launchready/launchready"
)

// Tidy returns a copy of the report in the form that every renderer and script
// may rely on: rows, checks and plan in their own order, findings worst first,
// no null arrays, no unset severity. The report itself is not changed.
func Tidy(in *lr.Report) *lr.Report {
	r := *in
	if r.Schema == "" {
		r.Schema = lr.ReportSchema
	}
	if r.FailOn == 0 {
		r.FailOn = lr.High
	}
	r.Reasons, r.Waivers, r.Plan, r.Rows = array(r.Reasons), array(r.Waivers), array(r.Plan), array(r.Rows)
	slices.SortStableFunc(r.Waivers, func(a, b lr.Waiver) int { return cmp.Compare(a.Check, b.Check) })
	if r.Baseline != nil {
		b := *r.Baseline
		b.Fixed, b.Unproven = array(b.Fixed), array(b.Unproven)
		r.Baseline = &b
	}
	for i := range r.Plan {
		r.Plan[i].Findings = array(r.Plan[i].Findings)
		r.Plan[i].Worst = max(r.Plan[i].Worst, lr.Info)
	}
	for i := range r.Rows {
		r.Rows[i].Checks = array(r.Rows[i].Checks)
		for j := range r.Rows[i].Checks {
			c := &r.Rows[i].Checks[j]
			c.Severity = max(c.Severity, lr.Info)
			c.Open = slices.Clone(c.Open)
			slices.Sort(c.Open)
			c.Findings = array(c.Findings)
			for k := range c.Findings {
				f := &c.Findings[k]
				if f.Severity == 0 {
					f.Severity = c.Severity
				}
				f.Evidence = array(f.Evidence)
			}
			slices.SortStableFunc(c.Findings, byUrgency)
		}
	}
	return &r
}

func byUrgency(a, b lr.Finding) int {
	return cmp.Or(
		cmp.Compare(b.Confidence, a.Confidence),
		cmp.Compare(b.Severity, a.Severity),
		cmp.Compare(a.Subject, b.Subject),
		cmp.Compare(a.ID, b.ID),
	)
}

// array is a copy that is never nil: the contract has arrays, not null.
func array[T any](in []T) []T { return append(make([]T, 0, len(in)), in...) }
