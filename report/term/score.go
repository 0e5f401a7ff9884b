package term

import (
	"fmt"
	"io"
	"strings"

	"github.com/launchready/launchready/plan"
	"github.com/launchready/launchready/report"
)

// Score draws the result of a self-assessment.
func Score(w io.Writer, s *plan.Score, o Options) error {
	p := newPaper(o)
	p.line("Launch Ready · self-check")
	p.line()
	style := bold + red
	switch s.Grade {
	case "A", "B":
		style = bold + green
	case "C", "D":
		style = bold + yellow
	}
	p.line("  ", p.in(style, fmt.Sprintf("RISK %d of 100 · GRADE %s", s.Risk, s.Grade)))
	if s.Capped != "" {
		p.text("    • ", "      ", s.Capped)
	}
	p.text("    ", "    ", "You said so yourself: nothing was sent, nothing was tested, and it proves nothing to a buyer.")
	p.answers(s)
	p.redFlags(s.RedFlags)
	if len(s.Unclear) > 0 {
		p.section("Red flags that nobody can rule out", "")
		for _, f := range plan.Flags() {
			for _, id := range s.Unclear {
				if f.ID == id {
					p.text("  "+p.in(yellow, "? "), "    ", f.Title)
				}
			}
		}
	}
	p.todo(s)
	p.section("Method", "")
	for _, m := range s.Method {
		p.text("  • ", "    ", m)
	}
	p.section("Next", "")
	why, command := report.AfterScore(s)
	p.text("  ", "  ", why)
	p.line("  ", p.in(cyan, command))
	if _, err := io.WriteString(w, p.b.String()); err != nil {
		return fmt.Errorf("write the score: %w", err)
	}
	return nil
}

func (p *paper) answers(s *plan.Score) {
	p.section("Answers", fmt.Sprintf("  %g of %g points of risk", s.Points, s.Most))
	for _, a := range s.Answers {
		style, symbol := yellow, "?"
		switch a.Answer {
		case plan.Yes:
			style, symbol = green, "✓"
		case plan.No:
			style, symbol = bold+red, "✗"
		}
		weight := ""
		if a.Critical {
			weight = "critical"
		}
		p.line("  ", p.in(style, symbol+" "+fit(a.Answer.String(), 8)), " ", fit(a.ID, 20), fmt.Sprintf("%4g of %2d  ", a.Points, a.Weight), p.in(dim, weight))
	}
}

// todo draws what to do about each answer that is no or unknown. What this
// version has no verb for is done by hand.
func (p *paper) todo(s *plan.Score) {
	todo := s.Todo()
	if len(todo) == 0 {
		return
	}
	p.section("What to do first", "")
	pad := strings.Repeat(" ", indent)
	for i, a := range todo {
		if i > 0 {
			p.line()
		}
		p.line(fmt.Sprintf("  %2d  ", i+1), p.in(bold, a.ID), p.in(dim, "  "+a.Answer.String()))
		p.text(pad, pad, a.Text)
		if a.Answer == plan.NotKnown {
			p.field(indent, "find out", a.How)
		}
		p.field(indent, "why", a.Why)
		p.field(indent, "by hand", a.Hand)
		for _, u := range a.Use {
			if u.Command == "" {
				p.field(indent, u.Verb, u.Does+" (not in this version)")
				continue
			}
			p.field(indent, u.Verb, u.Does+":")
			p.command(indent, "", u.Command)
		}
	}
}
