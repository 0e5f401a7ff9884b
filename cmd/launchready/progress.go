package main

import (
	"fmt"
	"strings"
	"sync"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/audit"
	"github.com/launchready/launchready/report"
)

// progress shows on stderr what a run does: a line for each row that is drawn
// anew on a terminal, and timestamped lines elsewhere.
type progress struct {
	p       *program
	live    bool
	colored bool

	mu    sync.Mutex
	rows  []*rowProgress
	drawn int // lines that are on the screen
	phase string
	asked int // requests
}

type rowProgress struct {
	id, title      string
	total, done    int
	findings       int
	failed, opened bool // a check failed; a check could not be asked
	current        string
}

func (p *program) newProgress(rows []lr.Row, only []string) *progress {
	g := &progress{p: p, live: terminal(p.err) && !p.verbose, colored: p.colored(p.err)}
	chosen, _, err := audit.Select(rows, only)
	if err != nil {
		chosen = rows
	}
	for _, r := range chosen {
		g.rows = append(g.rows, &rowProgress{id: r.ID, title: r.Title, total: len(r.Checks)})
	}
	return g
}

// event takes one step of the run; it is called from many goroutines.
func (g *progress) event(e audit.Event) {
	if g.p.quiet {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if e.Requests > 0 {
		g.asked = e.Requests
	}
	g.phase = phaseWord(e.Phase)
	for _, r := range g.rows {
		if r.id != e.Row {
			continue
		}
		if e.Phase != "checked" {
			r.current = e.Check
			continue
		}
		r.current, r.done, r.findings = "", r.done+1, r.findings+e.Findings
		r.failed = r.failed || e.Verdict == lr.Failed
		r.opened = r.opened || e.Verdict == lr.Unknown
	}
	switch {
	case g.live:
		g.draw()
	case e.Phase == "checked":
		line := fmt.Sprintf("%s %d/%d %-8s %s", g.clock(), e.Done, e.Total, e.Verdict, e.Check)
		if e.Findings > 0 {
			line += fmt.Sprintf(" (%s)", report.Count(e.Findings, "finding"))
		}
		fmt.Fprintln(g.p.err, line)
	case e.Phase != "check":
		fmt.Fprintf(g.p.err, "%s %s\n", g.clock(), g.phase)
	}
}

func (g *progress) clock() string { return g.p.now().Format("15:04:05") }

func phaseWord(phase string) string {
	switch phase {
	case "preflight":
		return "sign in"
	case "seed":
		return "create objects"
	case "check", "checked":
		return "ask"
	case "teardown":
		return "remove what was created"
	}
	return phase
}

// draw replaces what is on the screen: one line a row, one for the run.
func (g *progress) draw() {
	var b strings.Builder
	room := g.p.width(g.p.err) - 1
	if g.drawn > 0 {
		fmt.Fprintf(&b, "\x1b[%dA", g.drawn)
	}
	for _, r := range g.rows {
		fmt.Fprintf(&b, "\x1b[2K%s\n", r.line(g, room))
	}
	fmt.Fprintf(&b, "\x1b[2K  %s, %d requests\n", g.phase, g.asked)
	g.drawn = len(g.rows) + 1
	fmt.Fprint(g.p.err, b.String())
}

// line is no wider than the room: a line that wraps would be drawn over itself.
func (r *rowProgress) line(g *progress, room int) string {
	mark, color := "·", ""
	switch {
	case r.failed:
		mark, color = "✗", "\x1b[31m"
	case r.done == r.total && r.opened:
		mark, color = "?", "\x1b[33m"
	case r.done == r.total && r.total > 0:
		mark, color = "✓", "\x1b[32m"
	}
	s := fmt.Sprintf(" %-26s %2d/%d", r.title, r.done, r.total)
	if r.findings > 0 {
		s += "  " + report.Count(r.findings, "finding")
	}
	if r.current != "" {
		s += "  " + r.current
	}
	if text := []rune(s); len(text) > room-1 {
		s = string(text[:max(0, room-2)]) + "…"
	}
	if g.colored && color != "" {
		mark = color + mark + "\x1b[0m"
	}
	return mark + s
}

// end leaves a blank line between the progress and what follows.
func (g *progress) end() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.drawn > 0 {
		fmt.Fprintln(g.p.err)
	}
}
