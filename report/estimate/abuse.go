package estimate

import (
	"fmt"
	"io"

	"github.com/launchready/launchready/plan"
	"github.com/launchready/launchready/report"
)

// AbuseJSON writes the contract of what abuse costs, launchready.abuse/v1.
func AbuseJSON(w io.Writer, a *plan.Abuse) error {
	if err := encode(w, a); err != nil {
		return fmt.Errorf("write what abuse costs: %w", err)
	}
	return nil
}

// AbuseMarkdown writes it as a table.
func AbuseMarkdown(w io.Writer, a *plan.Abuse) error {
	p := &page{priced: true}
	title := "What abuse costs"
	if a.Product != "" {
		title += ": " + text(a.Product)
	}
	p.add("# %s\n", title)
	p.add("%s.", text(report.PriceOfTokens(a.Price)))
	if len(a.Cases) == 0 {
		p.add("\nNothing to work it out from: the report holds no burst.")
	} else {
		p.add("")
		p.row("who asks without a pause", "questions", "tokens of one", "tokens", "money")
		p.row("---", "---", "---", "---", "---")
		for _, c := range a.Cases {
			p.row(text(report.Caller(c)), text(report.PerHour(c.PerHour, "")), text(report.TokensOf(c)), text(report.PerHour(c.Tokens, "")), "**"+text(report.Dollars(c.USD))+" an hour**")
		}
		p.add("")
		for _, c := range a.Cases {
			p.add("- %s: %s.", text(report.Caller(c)), text(c.How))
		}
	}
	for i, u := range a.Unknown {
		if i == 0 {
			p.add("\n## What it does not hold\n")
		}
		p.add("- %s", text(u))
	}
	if _, err := io.WriteString(w, p.b.String()); err != nil {
		return fmt.Errorf("write what abuse costs: %w", err)
	}
	return nil
}
