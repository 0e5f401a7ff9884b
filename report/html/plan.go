package html

import (
	"fmt"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/plan"
	"github.com/launchready/launchready/report"
)

// mostSteps of a work item are shown; the others unfold.
const mostSteps = 3

// askAgain starts the step that the plan ends each work item with.
const askAgain = "Ask again: `"

func newPlanView(w lr.WorkItem, rates *lr.Rates) planView {
	v := planView{WorkItem: w, Package: plan.PackageTitle(w.Package), Hours: report.Hours(plan.Hours(w)), Price: report.Money(plan.PriceOf(w, rates), rates), Front: report.Front(w)}
	if n := len(v.Steps); n > 0 && strings.HasPrefix(v.Steps[n-1], askAgain) {
		v.Ask = strings.TrimSuffix(strings.TrimPrefix(v.Steps[n-1], askAgain), "`")
		v.Steps = v.Steps[:n-1]
	}
	if len(v.Steps) > mostSteps+1 {
		v.Steps, v.More = v.Steps[:mostSteps], v.Steps[mostSteps:]
	}
	return v
}

// sumView is a line of the table of effort.
type sumView struct {
	Title, Note, Class string
	Items              int
	Hours, Days, Price string
}

// sums are the packages of work, their total, and what of it is done otherwise.
func sums(e *plan.Estimate) []sumView {
	if e == nil {
		return nil
	}
	view := func(title, note, class string, s plan.Sum) sumView {
		return sumView{title, note, class, s.Items, report.Hours(s.Hours), report.Days(s.Days), report.Money(s.Price, e.Rates)}
	}
	var out []sumView
	for _, p := range e.Packages {
		out = append(out, view(p.Title, "", "", p.Sum))
	}
	out = append(out, view("Together", "", "total", e.Total))
	if e.Senior.Items > 0 {
		out = append(out, view("of it for a senior engineer", "", "", e.Senior))
	}
	if e.Now.Edge.Items > 0 {
		out = append(out, view("of it at the edge, at once and for good", "", "", e.Now.Edge))
	}
	if e.Now.Covered > 0 {
		out = append(out, view("before it, "+report.InFront(), fmt.Sprintf("stops %s until the cause is fixed: %s", report.Count(e.Now.Covered, "finding"), strings.Join(e.Now.Directives, ", ")), "", e.Now.Front))
	}
	return out
}
