// Package plan turns a run's findings into work items: what to fix together, in
// how many hours, by whom, and whether the guard, the edge, code or a senior
// engineer does it.
package plan

import (
	"cmp"
	"fmt"
	"slices"

	lr "github.com/launchready/launchready"
)

// Items groups the findings by what fixes them, the worst first. A guard
// directive is one item however many findings it repairs.
func Items(rows []lr.RowReport, owner string) []lr.WorkItem {
	byID := map[string]*lr.WorkItem{}
	var order []string
	for _, row := range rows {
		for _, c := range row.Checks {
			if c.Verdict != lr.Failed {
				continue
			}
			for _, f := range c.Findings {
				if f.Confidence != lr.Confirmed || f.Waived != nil {
					continue
				}
				id, title, how := group(row, c, f)
				it := byID[id]
				if it == nil {
					it = &lr.WorkItem{ID: id, Title: title, How: how, Owner: owner}
					byID[id] = it
					order = append(order, id)
				}
				it.Findings = append(it.Findings, f.ID)
				it.Worst = max(it.Worst, f.Severity)
				if !slices.Contains(it.Steps, f.Fix) {
					it.Steps = append(it.Steps, f.Fix)
				}
				it.Hours += hours(len(it.Findings), f)
			}
		}
	}
	out := make([]lr.WorkItem, 0, len(order))
	for _, id := range order {
		out = append(out, *byID[id])
	}
	slices.SortStableFunc(out, func(a, b lr.WorkItem) int {
		return cmp.Or(cmp.Compare(b.Worst, a.Worst), cmp.Compare(len(b.Findings), len(a.Findings)))
	})
	return out
}

func group(row lr.RowReport, c lr.CheckReport, f lr.Finding) (id, title, how string) {
	if f.Guard != "" {
		return "guard-" + f.Guard, fmt.Sprintf("%s: apply %s", row.Title, f.Guard), "guard"
	}
	how = "code"
	if f.Severity >= lr.Critical && f.Subject == "application" {
		how = "senior engineer"
	}
	return c.ID, c.Title, how
}

// hours is what one more finding adds to its item: the first carries the reading
// and the test, the others are the same change elsewhere.
func hours(n int, f lr.Finding) float64 {
	switch {
	case n > 1:
		return 0.5
	case f.Subject == "application":
		return 6
	case f.Severity >= lr.High:
		return 3
	}
	return 1.5
}
