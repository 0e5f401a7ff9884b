package term

import (
	"fmt"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/report"
)

// mostSince is how many findings of each kind the comparison with the baseline
// lists.
const mostSince = 20

// since tells what changed since the baseline.
func (p *paper) since(r *lr.Report) {
	b := r.Baseline
	if b == nil {
		return
	}
	p.section("Since the last run", "  "+report.Line(b.Run)+", "+b.Started.UTC().Format("2006-01-02 15:04 UTC"))
	fresh, same := report.States(r)
	p.text("  ", "  ", fmt.Sprintf("%d new, %d fixed, %d unchanged, %d not asked again.", fresh, len(b.Fixed), same, len(b.Unproven)))
	p.gone(green, "✓", "fixed", b.Fixed)
	p.gone(yellow, "?", "not proved fixed", b.Unproven)
}

func (p *paper) gone(style, symbol, word string, list []lr.FixedFinding) {
	for i, f := range list {
		if i == mostSince {
			p.line("  ", p.in(dim, fmt.Sprintf("… and %d more %s.", len(list)-i, word)))
			return
		}
		p.text("  "+p.in(style, symbol)+" ", strings.Repeat(" ", 4), word+"  "+report.Line(f.Check)+"  "+report.Line(f.Subject))
	}
}
