// Package term draws a report for a terminal.
//
// Its manners: the verdict comes first and the next command last; blockers come
// before everything else that was found; every verdict is a symbol and a word,
// colour only repeats them and is there when asked for; text that came from a
// target is inert; nothing is wider than the width but commands, which are
// there to be copied, and what is left out is counted.
package term

import (
	"fmt"
	"io"
	"strings"
	"time"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/report"
)

// Options say how to draw. The zero value is plain text, 80 columns wide.
type Options struct {
	Color   bool
	Width   int  // 0 is 80; 48 to 120 are kept to
	Verbose bool // everything that was found, with its evidence
}

const (
	mostBlockers = 10 // drawn in full unless verbose
	mostOthers   = 12
	mostGaps     = 12
	mostOpen     = 3 // subjects of one check

	mostText = 16 << 10 // of one piece of evidence
)

// Write draws the report.
func Write(w io.Writer, r *lr.Report, o Options) error {
	r = report.Tidy(r)
	s := report.Summarise(r)
	p := newPaper(o)
	p.verdictFirst(r, s)
	p.scorecard(r)
	p.since(r)
	p.blockers(s.Blockers, o.Verbose)
	p.others("Other findings", "", s.Others, o.Verbose)
	p.others("Suspected", "by shape only: they decide nothing", s.Suspects, o.Verbose)
	p.others("Accepted risks", "", s.Accepted, o.Verbose)
	p.redFlags(r.RedFlags)
	p.plan(r, s)
	p.unknown(s.Unknown, o.Verbose)
	p.assistant(r)
	p.coverage(r)
	why, command := report.Next(r, s)
	p.section("Next", "")
	p.line("  ", why)
	p.line("  ", p.in(cyan, command))
	if _, err := io.WriteString(w, p.b.String()); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	return nil
}

func (p *paper) verdictFirst(r *lr.Report, s report.Summary) {
	title := "Launch Ready"
	for _, part := range []string{r.Product, r.Target, r.Environment} {
		if part != "" {
			title += " · " + report.Line(part)
		}
	}
	p.text("", "", title)
	p.line()
	style, symbol := bold+red, "✗"
	switch report.Standing(r) {
	case lr.Passed:
		style, symbol = bold+green, "✓"
	case lr.Unknown:
		style, symbol = bold+yellow, "?"
	}
	p.line("  ", p.in(style, symbol+" "+strings.ToUpper(report.Word(r))))
	p.text("    ", "    ", report.Headline(r, s))
	reasons, more := report.Reasons(r)
	for _, reason := range reasons {
		p.text("    • ", "      ", reason)
	}
	if more > 0 {
		p.line("    ", p.in(dim, fmt.Sprintf("… and %d more", more)))
	}
}

func (p *paper) scorecard(r *lr.Report) {
	p.section("Scorecard", "")
	name := min(28, max(p.width/3, p.width-52)) // what is said of a row has 36 cells, or more than half of a narrow page
	for _, row := range r.Rows {
		note := row.Reason
		if note == "" {
			note = tally(row)
		}
		lead := "  " + p.verdict(row.Verdict) + "  " + p.in(bold, fit(row.Title, name)) + "  "
		hang := strings.Repeat(" ", 2+9+2+name+2)
		p.text(lead, hang, report.Line(note))
	}
}

func tally(row lr.RowReport) string {
	n := map[lr.Verdict]int{}
	for _, c := range row.Checks {
		n[c.Verdict]++
	}
	var parts []string
	for _, v := range []lr.Verdict{lr.Failed, lr.Unknown, lr.Passed, lr.Skipped} {
		if n[v] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n[v], v))
		}
	}
	if len(parts) == 0 {
		return "no check"
	}
	return strings.Join(parts, ", ")
}

func (p *paper) blockers(list []report.Entry, verbose bool) {
	if len(list) == 0 {
		return
	}
	p.section("Blockers", "")
	for i := range list {
		if !verbose && i == mostBlockers {
			p.line("  ", p.in(dim, fmt.Sprintf("… and %s more: --verbose, or the HTML report, shows them.", report.Count(len(list)-i, "blocker"))))
			return
		}
		if i > 0 {
			p.line()
		}
		p.finding(i, list, verbose)
	}
}

// indent is where the lines of a finding begin.
const indent = 6

// finding draws the i-th of the list. What it shares with the one above it, the
// reason and the fix of their check, is said once.
func (p *paper) finding(i int, list []report.Entry, verbose bool) {
	e := list[i]
	f := e.Finding
	pad := strings.Repeat(" ", indent)
	head := fmt.Sprintf("  %2d  %s  %s", i+1, strings.ToUpper(f.Severity.String()), report.Line(e.Check.ID))
	aside := f.Confidence.String() + "  " + report.Line(f.ID)
	if f.State == lr.StateNew {
		aside = "NEW  " + aside
	}
	painted := fmt.Sprintf("  %2d  %s  %s", i+1, p.severity(f.Severity), report.Line(e.Check.ID))
	if cells(head)+2+cells(aside) <= p.width {
		p.line(painted, p.in(dim, "  "+aside))
	} else {
		p.line(painted)
		p.line(pad, p.in(dim, aside))
	}
	for _, l := range wrap(report.Line(f.Subject), p.width-indent) {
		p.line(pad, p.in(bold, l))
	}
	p.text(pad, pad, report.Line(f.Message))
	if c := report.Chance(f); c != "" {
		p.field(indent, "rate", report.Line(c))
	}
	for _, w := range witnesses(f) {
		p.field(indent, "witness", report.Line(w))
	}
	if e.Check.Why != "" && (i == 0 || list[i-1].Check != e.Check) {
		p.field(indent, "why", prose(e.Check.Why))
	}
	if f.Fix != "" {
		p.field(indent, "fix", prose(fix(i, list)))
	}
	if f.Guard != "" {
		p.field(indent, "guard", report.Line(lr.Directive(f.Guard)))
	}
	if f.Replay != "" {
		p.command(indent, "replay", f.Replay)
	}
	if !verbose {
		return
	}
	for _, item := range f.Evidence {
		p.evidence(item)
	}
}

// fix is what to do about the i-th of the list. What all of its check are told is said
// once, and so are the steps that follow it, which are the same for all keys of one
// provider.
func fix(i int, list []report.Entry) string {
	e := list[i]
	if last(i, list) == e.Finding.Fix && e.Finding.Fix != "" {
		return "as above"
	}
	own, steps, ok := strings.Cut(e.Finding.Fix, "\n\n")
	if !ok {
		return own
	}
	if before, _, ok := strings.Cut(last(i, list), "\n\n"); ok && before == own {
		own = "as above"
	}
	for j := range i {
		if _, told, ok := strings.Cut(list[j].Finding.Fix, "\n\n"); ok && told == steps {
			title, _, _ := strings.Cut(steps, "\n")
			return fmt.Sprintf("%s\n%s as under %d", own, title, j+1)
		}
	}
	return own + "\n\n" + steps
}

// last is the fix of the finding before the i-th, where it is of the same check.
func last(i int, list []report.Entry) string {
	if i == 0 || list[i-1].Check != list[i].Check {
		return ""
	}
	return list[i-1].Finding.Fix
}

// prose is Markdown as it reads without its marks: no fences, no blank lines.
func prose(s string) string {
	var out []string
	for _, l := range strings.Split(s, "\n") {
		if t := strings.TrimSpace(l); t != "" && !strings.HasPrefix(t, "```") {
			out = append(out, strings.ReplaceAll(l, "**", ""))
		}
	}
	return strings.Join(out, "\n")
}

func (p *paper) evidence(e lr.EvidenceItem) {
	head := report.Line(e.Note)
	if e.As != "" {
		head = report.Line(e.As) + ": " + head
	}
	if e.Status != 0 {
		head += fmt.Sprintf(" → %d", e.Status)
	}
	p.field(indent, report.Line(e.Kind), head)
	pad := strings.Repeat(" ", indent+9)
	for _, text := range []string{e.Request, e.Response, e.Text} {
		if text == "" {
			continue
		}
		for _, l := range strings.Split(report.Inert(report.Bound(text, mostText)), "\n") {
			for _, part := range chop(strings.ReplaceAll(l, "\t", "    "), p.width-indent-11) {
				p.line(pad, p.in(dim, "│ "+part))
			}
		}
	}
	if e.Curl != "" {
		// A command with line breaks in a quoted body stays whole.
		for i, l := range strings.Split(report.Inert(e.Curl), "\n") {
			if i == 0 {
				p.command(indent, "curl", l)
			} else {
				p.line(p.in(cyan, l))
			}
		}
	}
}

func witnesses(f *lr.Finding) []string {
	var out []string
	for _, e := range f.Evidence {
		for _, w := range e.Witness {
			if w != "" && len(out) < 2 && (len(out) == 0 || out[0] != w) {
				out = append(out, w)
			}
		}
	}
	return out
}

func (p *paper) others(title, aside string, list []report.Entry, verbose bool) {
	if len(list) == 0 {
		return
	}
	if aside != "" {
		aside = "  " + aside
	}
	p.section(title, aside)
	for i, e := range list {
		if verbose {
			p.finding(i, list, true)
			continue
		}
		if i == mostOthers {
			p.line("  ", p.in(dim, fmt.Sprintf("… and %s more: --verbose shows them.", report.Count(len(list)-i, "finding"))))
			return
		}
		lead := "  " + p.severity(e.Finding.Severity) + strings.Repeat(" ", 10-len(e.Finding.Severity.String()))
		text := e.Check.ID + "  " + report.Line(e.Finding.Subject) + ": " + report.Line(e.Finding.Message)
		if report.Flaky(e.Finding) {
			text = "FLAKY  " + text
		}
		if e.Finding.State == lr.StateNew {
			text = "NEW  " + text
		}
		if w := e.Waiver(); w != nil {
			text = strings.TrimSuffix(text, ".") + fmt.Sprintf(". Accepted by %s until %s: %s", report.Line(w.Owner), report.Line(w.Until), report.Line(w.Reason))
		}
		p.text(lead, strings.Repeat(" ", 12), text)
	}
}

func (p *paper) unknown(list []report.Gap, verbose bool) {
	if len(list) == 0 {
		return
	}
	p.section("Unknown", "  what could not be asked is not a pass")
	for i, g := range list {
		if !verbose && i == mostGaps {
			p.line("  ", p.in(dim, fmt.Sprintf("… and %s more: --verbose shows them.", report.Count(len(list)-i, "check"))))
			return
		}
		id := g.Row.ID
		if g.Check != nil {
			id = g.Check.ID
		}
		why := g.Why
		if open := g.Open; len(open) > 0 {
			rest := ""
			if n := len(open) - mostOpen; n > 1 && !verbose {
				open, rest = open[:mostOpen], fmt.Sprintf("; and %d more", n)
			}
			why = strings.TrimPrefix(why+"; "+strings.Join(open, "; ")+rest, "; ")
		}
		p.text("  "+p.in(yellow, "? "), "    ", report.Line(id+": "+why))
	}
}

func (p *paper) assistant(r *lr.Report) {
	for i, text := range report.Talked(r) {
		if i == 0 {
			p.section("Assistant", "")
		}
		p.text("  ", "  ", report.Line(text))
	}
}

func (p *paper) coverage(r *lr.Report) {
	p.section("Coverage", "")
	c := r.Coverage
	p.text("  ", "  ", fmt.Sprintf("%d of %s decided, %d probed; %s in %s, $%.2f spent; seed %d.",
		c.Conclusive, report.Count(c.Routes, "route"), c.Probed, report.Count(r.Requests, "request"), took(r.Seconds), r.SpentUSD, r.Seed))
	for _, w := range r.Warnings {
		p.text("  ! ", "    ", report.Line(w))
	}
	for _, o := range r.Orphans {
		p.text("  ! ", "    ", "left behind: "+report.Line(o))
	}
}

func took(seconds float64) string {
	if seconds < 60 {
		return fmt.Sprintf("%.1f s", seconds)
	}
	return (time.Duration(seconds) * time.Second).String()
}
