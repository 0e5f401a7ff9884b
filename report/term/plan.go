package term

import (
	"fmt"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/plan"
	"github.com/launchready/launchready/report"
)

// redFlags draws what calls for a senior engineer, with what raised it.
func (p *paper) redFlags(flags []lr.RedFlag) {
	if len(flags) == 0 {
		return
	}
	p.section("Red flags", "  when to bring in a senior engineer")
	for _, f := range flags {
		p.text("  "+p.in(bold+red, "!")+" ", "    ", report.Line(f.Title))
		for _, e := range f.Evidence {
			p.text("    • ", "      ", report.Line(e))
		}
		p.text("    ", "    ", report.Line(f.Advice))
	}
}

// plan draws the work items, what to do first at the top.
func (p *paper) plan(r *lr.Report, s report.Summary) {
	if len(r.Plan) == 0 {
		return
	}
	aside := "  " + report.Count(len(r.Plan), "work item")
	if e := s.Estimate; e != nil {
		aside += ", " + total(e.Total, e.Rates)
	}
	p.section("Plan", aside)
	for i, w := range r.Plan {
		p.item(i, w, r.Rates)
	}
	if e := s.Estimate; e != nil {
		p.line()
		p.outlook(e)
		if e.Rates == nil {
			p.text("  ", "    ", "What it costs: launchready estimate --rate HOUR")
		}
	}
}

func (p *paper) item(i int, w lr.WorkItem, rates *lr.Rates) {
	lead := fmt.Sprintf("  %2d  ", i+1) + p.severity(w.Worst) + strings.Repeat(" ", 10-len(w.Worst.String()))
	hang := strings.Repeat(" ", 16)
	p.text(lead, hang, report.Line(w.Title))
	parts := []string{report.Hours(plan.Hours(w)), report.Money(plan.PriceOf(w, rates), rates), report.How(w.How), report.Line(w.Owner), report.Count(len(w.Findings), "finding")}
	if w.Blocks {
		parts = append(parts, "the launch waits for it")
	}
	p.text(hang, hang, joined(parts))
	if f := report.Front(w); f != "" {
		p.text(hang, hang, report.InFront()+": "+f)
	}
}

// outlook says what can be done at once, and what needs a senior engineer.
func (p *paper) outlook(e *plan.Estimate) {
	if e.Now.Covered > 0 {
		p.text("  ", "    ", fmt.Sprintf("%s: %s. That stops %s until the cause is fixed.", report.AtOnce(), total(e.Now.Front, e.Rates), report.Count(e.Now.Covered, "finding")))
	}
	if e.Now.Edge.Items > 0 {
		p.text("  ", "    ", fmt.Sprintf("At once, at the edge, for good: %s, %s.", report.Count(e.Now.Edge.Items, "work item"), total(e.Now.Edge, e.Rates)))
	}
	if e.Senior.Items > 0 {
		p.text("  ", "    ", fmt.Sprintf("For a senior engineer: %s, %s.", report.Count(e.Senior.Items, "work item"), total(e.Senior, e.Rates)))
	}
}

// total is hours, and money where there is a rate.
func total(s plan.Sum, rates *lr.Rates) string {
	return joined([]string{report.Hours(s.Hours), report.Money(s.Price, rates)})
}

// joined sets what is not empty beside each other.
func joined(parts []string) string {
	kept := parts[:0]
	for _, part := range parts {
		if part != "" {
			kept = append(kept, part)
		}
	}
	return strings.Join(kept, " · ")
}
