// Package markdown draws a report as a comment on a pull request: the verdict at
// a glance, the evidence folded away, what is new and what is fixed when there is
// a baseline, the next command.
//
// It is shown where text acts: nothing of the report's is a mention, a link, a
// picture or HTML, see report.Prose. It is at most 60,000 bytes, because GitHub
// takes 65,536 characters: what stands in the way comes first, and what is left
// out is counted.
package markdown

import (
	"fmt"
	"html"
	"io"
	"regexp"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/report"
)

// Mark is the first line of every comment: by it the next run finds the one to
// replace.
const Mark = "<!-- launchready -->"

const (
	most      = 60000 // bytes of a comment
	mostLine  = 300
	mostRows  = 40
	mostText  = 1200 // of one request or reply
	mostFix   = 4000
	mostItems = 3 // exchanges of one finding
)

// Write draws the report.
func Write(w io.Writer, r *lr.Report) error {
	r = report.Tidy(r)
	s := report.Summarise(r)
	p := &page{}
	head, tail := head(r, s), tail(r, s)
	p.room = most - len(head) - len(tail) - 400 // the last for what is counted
	p.b.WriteString(head)
	p.findings("Blockers", s.Blockers)
	p.baseline(r.Baseline)
	p.list("Other findings", s.Others)
	p.list("Suspected, by shape only: they decide nothing", s.Suspects)
	p.list("Accepted risks", s.Accepted)
	p.unknown(s.Unknown)
	p.assistant(r)
	if p.left > 0 {
		fmt.Fprintf(&p.b, "\nTo fit into a comment, %s left out. The JSON and the HTML report have everything.\n", plural(p.left, "entry is", "entries are"))
	}
	p.b.WriteString(tail)
	if _, err := io.WriteString(w, p.b.String()); err != nil {
		return fmt.Errorf("write the report as Markdown: %w", err)
	}
	return nil
}

// page is a comment of a bounded length.
type page struct {
	b    strings.Builder
	room int
	left int // entries that did not fit
}

// add writes an entry whole, or counts it as left out.
func (p *page) add(entry string) bool {
	if len(entry) > p.room {
		p.left++
		return false
	}
	p.room -= len(entry)
	p.b.WriteString(entry)
	return true
}

func head(r *lr.Report, s report.Summary) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n## %s %s", Mark, symbol(report.Standing(r)), report.Word(r))
	if r.Product != "" {
		fmt.Fprintf(&b, ": %s", prose(r.Product))
	}
	fmt.Fprintf(&b, "\n\n**%s**", prose(report.Headline(r, s)))
	if r.Target != "" {
		fmt.Fprintf(&b, " Target: %s", code(r.Target))
		if r.Environment != "" {
			fmt.Fprintf(&b, " (%s)", prose(r.Environment))
		}
	}
	b.WriteString("\n")
	reasons, more := report.Reasons(r)
	for i, reason := range reasons {
		if i == 0 {
			b.WriteString("\n")
		}
		fmt.Fprintf(&b, "- %s\n", prose(reason))
	}
	if more > 0 {
		fmt.Fprintf(&b, "- … and %d more\n", more)
	}
	if r.Baseline != nil {
		b.WriteString("\n" + since(r) + "\n")
	}
	if len(r.Rows) == 0 {
		return b.String()
	}
	b.WriteString("\n| | Scorecard | |\n|---|---|---|\n")
	for i, row := range r.Rows {
		if i == mostRows {
			fmt.Fprintf(&b, "| | … and %s more | |\n", report.Count(len(r.Rows)-i, "row"))
			break
		}
		why := row.Reason
		if why == "" {
			why = report.Count(len(row.Checks), "check")
		}
		fmt.Fprintf(&b, "| %s %s | %s | %s |\n", symbol(row.Verdict), row.Verdict, cell(row.Title), cell(why))
	}
	return b.String()
}

// since counts what changed since the baseline.
func since(r *lr.Report) string {
	fresh, same := 0, 0
	for _, row := range r.Rows {
		for _, c := range row.Checks {
			for _, f := range c.Findings {
				if f.State == lr.StateNew {
					fresh++
				} else {
					same++
				}
			}
		}
	}
	text := fmt.Sprintf("Since run %s", code(r.Baseline.Run))
	if !r.Baseline.Started.IsZero() {
		text += " of " + r.Baseline.Started.UTC().Format("2 January 2006")
	}
	text += fmt.Sprintf(": **%d new**, %d unchanged, %d fixed", fresh, same, len(r.Baseline.Fixed))
	if n := len(r.Baseline.Unproven); n > 0 {
		text += fmt.Sprintf(", %d gone but not asked again", n)
	}
	return text + "."
}

func tail(r *lr.Report, s report.Summary) string {
	var b strings.Builder
	why, command := report.Next(r, s)
	fmt.Fprintf(&b, "\n**Next.** %s\n\n%s", prose(why), report.Fence(report.Bound(command, mostLine), "sh"))
	fmt.Fprintf(&b, "\n<sub>%d of %s decided, %s in %.1f s, seed %d · run %s · [Launch Ready](%s) %s</sub>\n",
		r.Coverage.Conclusive, report.Count(r.Coverage.Routes, "route"), report.Count(r.Requests, "request"), r.Seconds, r.Seed,
		code(r.Run), report.Home, code(strings.TrimPrefix(r.Tool, "launchready ")))
	return b.String()
}

func (p *page) baseline(b *lr.Baseline) {
	if b == nil {
		return
	}
	for _, l := range []struct {
		title string
		list  []lr.FixedFinding
	}{{"Fixed", b.Fixed}, {"Gone, but not asked again", b.Unproven}} {
		for i, f := range l.list {
			if i == 0 && !p.add(fmt.Sprintf("\n### %s\n\n", l.title)) {
				p.left += len(l.list) - 1
				break
			}
			p.add(fmt.Sprintf("- %s %s: %s\n", code(f.Check), code(f.Subject), prose(f.Message)))
		}
	}
}

func (p *page) list(title string, list []report.Entry) {
	for i, e := range list {
		if i == 0 && !p.add(fmt.Sprintf("\n### %s\n\n", title)) {
			p.left += len(list) - 1
			return
		}
		text := fmt.Sprintf("- %s%s %s %s: %s", strings.ToUpper(e.Finding.Severity.String()), fresh(e.Finding), check(e), code(e.Finding.Subject), prose(e.Finding.Message))
		if w := e.Waiver(); w != nil {
			text += fmt.Sprintf(" Accepted by %s until %s: %s", prose(w.Owner), prose(w.Until), prose(w.Reason))
		}
		p.add(text + "\n")
	}
}

func (p *page) unknown(list []report.Gap) {
	if len(list) == 0 {
		return
	}
	if !p.add(fmt.Sprintf("\n<details><summary>What could not be asked: %s</summary>\n\n", plural(len(list), "check or row", "checks or rows"))) {
		p.left += len(list) - 1
		return
	}
	const end = "\n</details>\n"
	p.room -= len(end)
	for _, g := range list {
		id := g.Row.ID
		if g.Check != nil {
			id = g.Check.ID
		}
		entry := "- " + code(id) + ": " + prose(g.Why)
		for i, o := range g.Open {
			if i == 5 {
				entry += fmt.Sprintf("\n  - … and %d more", len(g.Open)-i)
				break
			}
			entry += "\n  - " + prose(o)
		}
		p.add(entry + "\n")
	}
	p.b.WriteString(end)
}

// check is the check's id, and leads to its page where the page is ours.
func check(e report.Entry) string {
	if !slug.MatchString(e.Check.ID) || !strings.HasPrefix(e.Check.ID, e.Row.ID+"/") {
		return code(e.Check.ID)
	}
	return fmt.Sprintf("[`%s`](%s)", e.Check.ID, report.Page(e.Row.ID, e.Check.ID))
}

var slug = regexp.MustCompile(`^[a-z]{1,40}/[a-z0-9-]{1,60}$`)

func fresh(f *lr.Finding) string {
	out := ""
	if f.State == lr.StateNew {
		out = " **new**"
	}
	if report.Flaky(f) {
		out += " **flaky**"
	}
	return out
}

// assistant tells how the assistant was spoken to and how useful it is.
func (p *page) assistant(r *lr.Report) {
	for i, text := range report.Talked(r) {
		if i == 0 && !p.add("\n**The assistant.**\n\n") {
			return
		}
		p.add("- " + prose(text) + "\n")
	}
}

func symbol(v lr.Verdict) string {
	switch v {
	case lr.Passed:
		return "✅"
	case lr.Failed:
		return "❌"
	case lr.Skipped:
		return "➖"
	}
	return "❔"
}

func prose(s string) string { return report.Prose(report.Bound(s, mostLine)) }

func code(s string) string { return report.Code(report.Bound(s, mostLine)) }

// cell is prose in a table, where a bar would begin the next cell, in code too.
func cell(s string) string { return prose(strings.ReplaceAll(s, "|", "¦")) }

// tagged is code in a block of HTML of ours, in which no Markdown is read; inside
// of a line of Markdown it would be.
func tagged(s string) string {
	if s == "" {
		return ""
	}
	return "<code>" + html.EscapeString(report.Line(report.Bound(s, mostLine))) + "</code>"
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
