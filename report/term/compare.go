package term

import (
	"fmt"
	"io"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/report"
)

// Compare draws two reports of one product side by side.
func Compare(w io.Writer, before, after *lr.Report, o Options) error {
	before, after = report.Tidy(before), report.Tidy(after)
	d := report.Compare(before, after)
	p := newPaper(o)
	p.line(p.in(bold, "BEFORE AND AFTER"), p.in(dim, "  "+report.Line(after.Product)))
	p.line()
	name := min(30, p.width-2-26)
	p.line("  ", p.in(dim, fit("", name)+"  "+fit("before", 12)+fit("after", 12)))
	p.line("  ", p.in(bold, fit("Verdict", name)), "  ", p.readiness(before), p.readiness(after))
	for _, r := range d.Rows {
		p.line("  ", fit(r.Title, name), "  ", p.cell(r.Before), p.cell(r.After))
	}
	b, a := report.Summarise(before), report.Summarise(after)
	for _, n := range []struct {
		what          string
		before, after int
	}{
		{"Blockers", len(b.Blockers), len(a.Blockers)},
		{"Other findings", len(b.Others) + len(b.Suspects), len(a.Others) + len(a.Suspects)},
		{"Requests", before.Requests, after.Requests},
	} {
		p.line("  ", fit(n.what, name), "  ", fit(fmt.Sprint(n.before), 12), fit(fmt.Sprint(n.after), 12))
	}
	p.changes("Fixed", green, "✓", d.Fixed)
	p.changes("New", bold+red, "✗", d.New)
	p.changes("Still open", red, "✗", d.Open)
	p.changes("Gone, but not decided again", yellow, "?", d.Unproven)
	if _, err := io.WriteString(w, p.b.String()); err != nil {
		return fmt.Errorf("write the comparison: %w", err)
	}
	return nil
}

func (p *paper) readiness(r *lr.Report) string {
	if r.Readiness == lr.NotEnoughTested && report.Standing(r) == lr.Passed {
		return p.in(bold+green, fit(fmt.Sprintf("✓ %d/%d ROWS", len(r.Rows), len(lr.RowIDs())), 12))
	}
	switch r.Readiness {
	case lr.Ready:
		return p.in(bold+green, fit("✓ READY", 12))
	case lr.ReadyWithRisks:
		return p.in(bold+green, fit("✓ WITH RISKS", 12))
	case lr.NotReady:
		return p.in(bold+red, fit("✗ NOT READY", 12))
	}
	return p.in(bold+yellow, fit("? UNTESTED", 12))
}

func (p *paper) cell(r *lr.RowReport) string {
	if r == nil {
		return p.in(dim, fit("not asked", 12))
	}
	return p.verdict(r.Verdict) + "   "
}

func (p *paper) changes(title, style, symbol string, list []report.Entry) {
	if len(list) == 0 {
		return
	}
	p.section(title, "  "+report.Count(len(list), "finding"))
	for i, e := range list {
		if i == 40 {
			p.line("  ", p.in(dim, fmt.Sprintf("… and %d more.", len(list)-i)))
			return
		}
		p.text("  "+p.in(style, symbol)+" ", strings.Repeat(" ", 4), e.Check.ID+"  "+report.Line(e.Finding.Subject))
	}
}
