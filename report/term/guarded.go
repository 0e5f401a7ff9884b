package term

import (
	"fmt"
	"io"
	"strings"

	"github.com/launchready/launchready/report"
)

// Guarded draws what became of the findings behind guard, a line for each check;
// a check whose findings fared differently has one for each way.
func Guarded(w io.Writer, list []report.Guarded, o Options) error {
	p := newPaper(o)
	count := map[string]int{}
	for _, g := range list {
		count[g.Behind]++
	}
	p.section("Behind guard", fmt.Sprintf("  %s stopped of the %d that it is for", report.Count(count[report.Blocked], "finding"), len(list)-count[report.NotGuards]))
	for _, k := range []struct{ what, style, symbol, say string }{
		{report.Blocked, green, "✓", "fails direct, blocked by guard, the owner still works"},
		{report.Through, bold + red, "✗", "fails direct, and behind guard"},
		{report.Undecided, yellow, "?", "fails direct, not decided behind guard"},
		{report.NotGuards, dim, "–", "not guard's, or to be written by hand"},
	} {
		lines := together(list, k.what)
		if len(lines) == 0 {
			continue
		}
		p.line()
		p.line("  ", p.in(k.style, k.symbol), " ", p.in(bold, fmt.Sprintf("%s: %s", report.Count(count[k.what], "finding"), k.say)))
		for _, l := range lines {
			p.text("    ", strings.Repeat(" ", 6), l)
		}
	}
	if _, err := io.WriteString(w, p.b.String()); err != nil {
		return fmt.Errorf("write what became of the findings: %w", err)
	}
	return nil
}

// together says a check once, with its subjects, the directive and the reason.
// What no directive is for is said in one line.
func together(list []report.Guarded, what string) []string {
	type line struct {
		first    report.Guarded
		subjects []string
	}
	var order []string
	of := map[string]*line{}
	var bare []string
	for _, g := range list {
		switch {
		case g.Behind != what:
			continue
		case g.Directive == "":
			if len(bare) == 0 || bare[len(bare)-1] != g.Check {
				bare = append(bare, g.Check)
			}
			continue
		}
		key := g.Check + " " + g.Why
		if of[key] == nil {
			of[key] = &line{first: g}
			order = append(order, key)
		}
		of[key].subjects = append(of[key].subjects, report.Line(g.Subject))
	}
	var out []string
	for _, key := range order {
		l := of[key]
		s := l.first.Check + " " + strings.Join(l.subjects[:min(3, len(l.subjects))], ", ")
		if n := len(l.subjects) - 3; n > 0 {
			s += fmt.Sprintf(" and %d more", n)
		}
		s += " (" + l.first.Directive
		if l.first.Why != "" {
			s += ": " + l.first.Why
		}
		out = append(out, s+")")
	}
	if len(bare) > 0 {
		out = append(out, "To be fixed in code, at the edge or by whoever is on duty: "+strings.Join(bare, ", "))
	}
	return out
}
