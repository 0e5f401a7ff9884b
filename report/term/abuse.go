package term

import (
	"fmt"
	"io"

	"github.com/launchready/launchready/plan"
	"github.com/launchready/launchready/report"
)

// Abuse writes what abuse would cost, and how that comes about.
func Abuse(w io.Writer, a *plan.Abuse, o Options) error {
	p := newPaper(o)
	title := "What abuse costs"
	for _, part := range []string{a.Product, a.Target} {
		if part != "" {
			title += " · " + report.Line(part)
		}
	}
	p.text("", "", title)
	p.line()
	p.text("  ", "  ", report.PriceOfTokens(a.Price))
	if len(a.Cases) == 0 {
		p.line()
		p.text("  ", "  ", "Nothing to work it out from: the report holds no burst.")
	}
	for _, c := range a.Cases {
		p.section(report.Caller(c), "")
		p.line("  ", p.in(bold, report.Dollars(c.USD)+" an hour"))
		p.field(2, "tokens", report.PerHour(c.Tokens, ""))
		p.field(2, "asks", report.PerHour(c.PerHour, "")+", "+report.TokensOf(c))
		p.field(2, "because", report.Line(c.How))
	}
	for i, u := range a.Unknown {
		if i == 0 {
			p.section("What it does not hold", "")
		}
		p.text("  - ", "    ", report.Line(u))
	}
	if _, err := io.WriteString(w, p.b.String()); err != nil {
		return fmt.Errorf("write the estimate: %w", err)
	}
	return nil
}
