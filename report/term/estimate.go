package term

import (
	"fmt"
	"io"
	"strings"

	"github.com/launchready/launchready/plan"
	"github.com/launchready/launchready/report"
)

// Estimate draws a priced plan.
func Estimate(w io.Writer, e *plan.Estimate, o Options) error {
	p := newPaper(o)
	title := "Estimate"
	for _, part := range []string{e.Product, e.Target} {
		if part != "" {
			title += " · " + report.Line(part)
		}
	}
	p.text("", "", title)
	if len(e.Items) == 0 {
		p.line()
		p.text("  ", "  ", report.NothingToFix(e))
	} else {
		p.line()
		p.line("  ", p.in(bold, total(e.Total, e.Rates)))
		p.text("  ", "  ", report.Scale(e))
		p.packages(e)
		p.lines(e)
		if e.Now.Covered+e.Now.Edge.Items+e.Senior.Items > 0 {
			p.section("In what order", "")
			p.outlook(e)
		}
	}
	p.redFlags(e.RedFlags)
	p.notPriced(e)
	if e.Rates == nil && len(e.Items) > 0 {
		p.section("Next", "")
		p.line("  What it costs, at what an hour costs you:")
		p.line("  ", p.in(cyan, "launchready estimate --rate 120 --currency USD"))
	}
	if _, err := io.WriteString(w, p.b.String()); err != nil {
		return fmt.Errorf("write the estimate: %w", err)
	}
	return nil
}

func (p *paper) packages(e *plan.Estimate) {
	p.section("Packages of work", "")
	name := min(40, p.width/2)
	for _, s := range e.Packages {
		p.text("  "+fit(s.Title, name)+"  ", strings.Repeat(" ", name+4), joined([]string{report.Hours(s.Hours), report.Money(s.Price, e.Rates)}))
	}
}

func (p *paper) lines(e *plan.Estimate) {
	p.section("Work items", "  what the launch waits for first")
	hang := strings.Repeat(" ", 16)
	for i, l := range e.Items {
		lead := fmt.Sprintf("  %2d  ", i+1) + p.severity(l.Worst) + strings.Repeat(" ", max(1, 10-len(l.Worst.String())))
		p.text(lead, hang, report.Line(l.Title))
		parts := []string{report.Hours(l.Hours), report.Money(l.Price, e.Rates), report.How(l.How), report.Line(l.Owner), report.Count(l.Findings, "finding")}
		if l.Blocks {
			parts = append(parts, "the launch waits for it")
		}
		p.text(hang, hang, joined(parts))
	}
}

// notPriced says what the sum does not hold, which is as much a part of it.
func (p *paper) notPriced(e *plan.Estimate) {
	list := report.NotPriced(e)
	if len(list) == 0 {
		return
	}
	p.section("Not priced", "")
	for _, l := range list {
		p.text("  • ", "    ", l)
	}
}

// Method draws how hours are estimated, with the whole table.
func Method(w io.Writer, o Options) error {
	p := newPaper(o)
	p.section("How hours are estimated", "")
	for _, l := range plan.Method() {
		p.text("  • ", "    ", l)
	}
	p.section("Hours by check", "  first finding, each further, the application")
	id := 32
	job := ""
	for _, e := range plan.Efforts() {
		if e.Job != job {
			job = e.Job
			p.line()
			for _, l := range wrap(report.JobTitle(job), p.width-2) {
				p.line("  ", p.in(bold, l))
			}
		}
		p.line("    ", fit(e.Check, id), fmt.Sprintf("%6g %6g %6g", e.First, e.Further, e.Wide))
	}
	p.section("Hours in front, by directive", fmt.Sprintf("  and %g for each finding asked again", plan.AgainHours))
	for _, d := range plan.Directives() {
		p.line("    ", fit(d.Name, id), fmt.Sprintf("%6g", d.Hours))
	}
	text := strings.TrimPrefix(p.b.String(), "\n")
	if _, err := io.WriteString(w, text); err != nil {
		return fmt.Errorf("write the method: %w", err)
	}
	return nil
}
