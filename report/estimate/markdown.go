// Package estimate writes a priced plan for others than its reader: as Markdown,
// for a ticket or a proposal, and as JSON, for a script. What a report says of
// itself is inert in both.
package estimate

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/launchready/launchready/plan"
	"github.com/launchready/launchready/report"
)

// JSON writes the estimate's contract, launchready.estimate/v1.
func JSON(w io.Writer, e *plan.Estimate) error {
	if err := encode(w, e); err != nil {
		return fmt.Errorf("write the estimate: %w", err)
	}
	return nil
}

func encode(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false) // the reader is a script, not a page
	return enc.Encode(v)
}

// Markdown writes the estimate as tables.
func Markdown(w io.Writer, e *plan.Estimate) error {
	p := &page{priced: e.Rates != nil}
	title := "Estimate"
	if e.Product != "" {
		title += ": " + text(e.Product)
	}
	p.add("# %s\n", title)
	if len(e.Items) == 0 {
		p.add("%s", report.NothingToFix(e))
	} else {
		p.add("**%s**  ", p.amount(e.Total, e))
		p.add("%s.", text(report.Scale(e)))
		p.packages(e)
		p.items(e)
		p.order(e)
	}
	for i, f := range e.RedFlags {
		if i == 0 {
			p.add("\n## When to bring in a senior engineer")
		}
		p.add("\n**%s**\n", text(f.Title))
		for _, line := range f.Evidence {
			p.add("- %s", text(line))
		}
		p.add("\n%s", text(f.Advice))
	}
	for i, l := range report.NotPriced(e) {
		if i == 0 {
			p.add("\n## Not priced\n")
		}
		p.add("- %s", text(l))
	}
	if len(e.Items) > 0 {
		p.add("\nA range, because nobody has read the code: `launchready estimate --method` prints how it comes about.")
	}
	if _, err := io.WriteString(w, p.b.String()); err != nil {
		return fmt.Errorf("write the estimate: %w", err)
	}
	return nil
}

// page is a page under way.
type page struct {
	b      strings.Builder
	priced bool
}

func (p *page) add(format string, args ...any) { fmt.Fprintf(&p.b, format+"\n", args...) }

// row is a row of a table; the last cell is the price, and there only when
// something is priced.
func (p *page) row(cells ...string) {
	if !p.priced {
		cells = cells[:len(cells)-1]
	}
	p.add("| %s |", strings.Join(cells, " | "))
}

func (p *page) amount(s plan.Sum, e *plan.Estimate) string {
	if m := report.Money(s.Price, e.Rates); m != "" {
		return report.Hours(s.Hours) + ", " + text(m)
	}
	return report.Hours(s.Hours)
}

func (p *page) packages(e *plan.Estimate) {
	p.add("\n## Packages of work\n")
	p.row("package", "items", "hours", "price")
	p.row("---", "---:", "---:", "---:")
	for _, s := range slices.Concat(e.Packages, []plan.PackageSum{{Title: "together", Sum: e.Total}}) {
		p.row(text(s.Title), fmt.Sprint(s.Items), strings.TrimSuffix(report.Hours(s.Hours), " hours"), text(report.Money(s.Price, e.Rates)))
	}
}

func (p *page) items(e *plan.Estimate) {
	p.add("\n## Work items\n")
	p.row("", "what", "worst", "by", "owner", "findings", "hours", "price")
	p.row("---:", "---", "---", "---", "---", "---:", "---:", "---:")
	for i, l := range e.Items {
		what := text(l.Title)
		if l.Blocks {
			what += " (the launch waits for it)"
		}
		p.row(fmt.Sprint(i+1), what, l.Worst.String(), text(report.How(l.How)), text(l.Owner), fmt.Sprint(l.Findings),
			strings.TrimSuffix(report.Hours(l.Hours), " hours"), text(report.Money(l.Price, e.Rates)))
	}
}

func (p *page) order(e *plan.Estimate) {
	if e.Now.Covered+e.Now.Edge.Items+e.Senior.Items == 0 {
		return
	}
	p.add("\n## In what order\n")
	if n := e.Now.Covered; n > 0 {
		p.add("- %s: %s, %s. That stops %s until the cause is fixed.", text(report.AtOnce()), text(strings.Join(e.Now.Directives, ", ")), p.amount(e.Now.Front, e), report.Count(n, "finding"))
	}
	if e.Now.Edge.Items > 0 {
		p.add("- At once, at the edge, for good: %s, %s.", report.Count(e.Now.Edge.Items, "work item"), p.amount(e.Now.Edge, e))
	}
	if e.Senior.Items > 0 {
		p.add("- For a senior engineer: %s, %s.", report.Count(e.Senior.Items, "work item"), p.amount(e.Senior, e))
	}
}

// text is a line of somebody else's words, with nothing in it that Markdown acts on.
func text(s string) string {
	return strings.NewReplacer(
		`\`, `\\`, "`", "\\`", "*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`, "<", "&lt;", ">", "&gt;", "|", `\|`, "#", `\#`, "!", `\!`, "~", `\~`, "&", "&amp;",
	).Replace(report.Line(s))
}
