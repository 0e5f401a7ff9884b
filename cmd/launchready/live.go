package main

import (
	"fmt"
	"strings"

	"github.com/launchready/launchready/report"
)

// draw replaces what is on the screen: one line a row, one for the run.
func (g *progress) draw() {
	var b strings.Builder
	now := g.p.now()
	room := g.p.width(g.p.err) - 1
	if g.drawn > 0 {
		fmt.Fprintf(&b, "\x1b[%dA", g.drawn)
	}
	for _, r := range g.rows {
		fmt.Fprintf(&b, "\x1b[2K%s\n", r.line(g, room))
	}
	fmt.Fprintf(&b, "\x1b[2K%s\n", cutTo(fmt.Sprintf("  %s, %d requests%s", phaseWord(g.at.Phase), g.at.Requests, g.comma(now)), room))
	g.drawn, g.last = len(g.rows)+1, now
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
	if g.colored && color != "" {
		mark = color + mark + "\x1b[0m"
	}
	return mark + cutTo(s, room-1)
}

// cutTo cuts a text to a number of columns, and shows that it did.
func cutTo(s string, columns int) string {
	if text := []rune(s); len(text) > columns {
		return string(text[:max(0, columns-1)]) + "…"
	}
	return s
}
