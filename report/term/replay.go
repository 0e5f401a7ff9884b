package term

import (
	"fmt"
	"io"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/report"
)

// Answer is a finding that was asked again, and what came of it.
type Answer struct {
	Word    string // open, fixed, inconclusive
	ID      string
	Check   string
	Title   string // of the check: what must be true
	Subject string
	Reason  string
	Finding *lr.Finding // as it is now, when it is open
	Report  *lr.Report  // of the one check
	Again   string      // the command that asks it again
}

// Replay draws the answer: it first, the evidence of an open finding below it,
// and the next command last.
func Replay(w io.Writer, a Answer, o Options) error {
	p := newPaper(o)
	title := "Launch Ready"
	for _, part := range []string{a.Report.Product, a.Report.Target, a.Report.Environment} {
		if part != "" {
			title += " · " + report.Line(part)
		}
	}
	p.text("", "", title)
	p.line()
	style, symbol := bold+yellow, "?"
	why, next := "Clear that away, then ask again:", a.Again
	switch a.Word {
	case "open":
		style, symbol = bold+red, "✗"
		why = "Fix it, then ask again:"
	case "fixed":
		style, symbol = bold+green, "✓"
		why, next = "Ask for all there is:", "launchready audit --mutate"
	}
	p.line("  ", p.in(style, symbol+" "+strings.ToUpper(a.Word)), p.in(dim, "  "+report.Line(a.ID)))
	p.text("    ", "    ", report.Line(a.Check)+": "+report.Line(a.Title))
	p.text("    ", "    ", report.Line(a.Subject))
	p.text("    ", "    ", report.Line(a.Reason))
	if f := a.Finding; f != nil {
		p.section("Finding", "")
		list := []report.Entry{}
		for i := range a.Report.Rows {
			for j := range a.Report.Rows[i].Checks {
				if c := &a.Report.Rows[i].Checks[j]; c.ID == a.Check {
					list = append(list, report.Entry{Row: &a.Report.Rows[i], Check: c, Finding: f})
				}
			}
		}
		if len(list) > 0 {
			p.finding(0, list, true)
		}
	}
	p.section("Run", "")
	p.text("  ", "  ", fmt.Sprintf("%s in %s; seed %d.", report.Count(a.Report.Requests, "request"), took(a.Report.Seconds), a.Report.Seed))
	for _, orphan := range a.Report.Orphans {
		p.text("  ! ", "    ", "left behind: "+report.Line(orphan))
	}
	p.section("Next", "")
	p.line("  ", why)
	p.line("  ", p.in(cyan, report.Line(next)))
	if _, err := io.WriteString(w, p.b.String()); err != nil {
		return fmt.Errorf("write the answer: %w", err)
	}
	return nil
}
