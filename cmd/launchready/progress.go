package main

import (
	"fmt"
	"sync"
	"time"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/audit"
	"github.com/launchready/launchready/report"
)

// progress shows on stderr what a run does: a line for each row that is drawn
// anew on a terminal, timestamped lines elsewhere, JSON objects for machines.
type progress struct {
	p       *program
	live    bool
	colored bool
	mask    func(string) string // takes secrets out of addresses

	mu    sync.Mutex
	rows  []*rowProgress
	drawn int // lines that are on the screen
	at    audit.Event
	pace  pace
	last  time.Time // when a line was written
	stop  func()    // ends the heartbeat
}

type rowProgress struct {
	id, title      string
	total, done    int
	findings       int
	failed, opened bool // a check failed; a check could not be asked
	current        string
}

// patience is the longest that a log may be silent: CI systems, and people,
// take silence for a hang.
const patience = 10 * time.Second

func (p *program) newProgress(rows []lr.Row, only []string) *progress {
	g := &progress{p: p, live: terminal(p.err) && !p.verbose && p.logFormat != "json", colored: p.colored(p.err), last: p.now()}
	chosen, _, err := audit.Select(rows, only)
	if err != nil {
		chosen = rows
	}
	for _, r := range chosen {
		g.rows = append(g.rows, &rowProgress{id: r.ID, title: r.Title, total: len(r.Checks)})
		for _, c := range r.Checks {
			g.pace.ids = append(g.pace.ids, c.ID)
		}
	}
	if p.tick != nil && !p.quiet {
		g.heartbeat(p.tick(time.Second))
	}
	return g
}

// weigh tells what checks took before.
func (g *progress) weigh(costs map[string]time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.pace.costs = costs
}

// heartbeat lets the display go on while a check takes its time.
func (g *progress) heartbeat(beats <-chan time.Time, stop func()) {
	quit, gone := make(chan struct{}), make(chan struct{})
	g.stop = func() {
		stop()
		close(quit)
		<-gone
	}
	go func() {
		defer close(gone)
		for {
			select {
			case <-beats:
				g.beat()
			case <-quit:
				return
			}
		}
	}()
}

// beat draws a terminal anew, and says elsewhere what a long check is at.
func (g *progress) beat() {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.p.now()
	switch {
	case g.at.Phase == "":
	case g.live:
		g.draw()
	case now.Sub(g.last) < patience:
	case g.p.logFormat == "json":
		g.object(now)
	default:
		what := phaseWord(g.at.Phase)
		if g.at.Phase == "check" {
			what = g.at.Check
		}
		g.line(now, fmt.Sprintf("still at %s, for %d s%s", what, int(now.Sub(g.pace.since).Seconds()), g.comma(now)))
	}
}

// event takes one step of the run; it is called from many goroutines.
func (g *progress) event(e audit.Event) {
	if g.p.quiet {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.p.now()
	e.Requests = max(e.Requests, g.at.Requests)
	g.pace.step(now, e)
	g.at = e
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
	case g.p.logFormat == "json":
		g.object(now)
	case g.live:
		g.draw()
	case e.Phase == "checked":
		text := fmt.Sprintf("%d/%d %-8s %s", e.Done, e.Total, e.Verdict, e.Check)
		if e.Findings > 0 {
			text += fmt.Sprintf(" (%s)", report.Count(e.Findings, "finding"))
		}
		g.line(now, text+g.comma(now))
	case e.Phase != "check":
		g.line(now, phaseWord(e.Phase))
	case g.p.verbose:
		g.line(now, e.Check)
	}
}

// exchange tells a request of the check under way, for --verbose.
func (g *progress) exchange(x *lr.Exchange) {
	if !g.p.verbose || g.p.quiet || g.mask == nil {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	url, note := report.Line(report.Bound(g.mask(x.URL), 300)), report.Line(g.mask(x.Note))
	now := g.p.now()
	if g.p.logFormat == "json" {
		g.last = now
		g.p.events().Info("request", "check", x.Check, "as", x.As, "method", x.Method, "url", url, "status", x.Status, "took_ms", x.Took.Milliseconds(), "note", note)
		return
	}
	text := fmt.Sprintf("    %s %s as %s: %d in %d ms", report.Line(x.Method), url, report.Line(x.As), x.Status, x.Took.Milliseconds())
	switch {
	case note != "" && x.Check != "":
		text += " (" + x.Check + ": " + note + ")"
	case note != "" || x.Check != "":
		text += " (" + x.Check + note + ")"
	}
	g.line(now, text)
}

func (g *progress) line(now time.Time, text string) {
	g.last = now
	fmt.Fprintf(g.p.err, "%s %s\n", now.Format("15:04:05"), text)
}

// comma is the time that is left, after a comma, or nothing.
func (g *progress) comma(now time.Time) string {
	if left := words(g.pace.left(now)); left != "" {
		return ", " + left
	}
	return ""
}

// object is a step as one JSON object; every one has the same keys.
func (g *progress) object(now time.Time) {
	g.last = now
	e := g.at
	verdict := ""
	if e.Phase == "checked" {
		verdict = e.Verdict.String()
	}
	g.p.events().Info("progress", "phase", e.Phase, "row", e.Row, "check", e.Check, "verdict", verdict,
		"findings", e.Findings, "done", e.Done, "total", e.Total, "requests", e.Requests,
		"elapsed_s", int(now.Sub(g.pace.since).Seconds()), "left_s", int(g.pace.left(now).Seconds()))
}

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

// end stops the heartbeat, and leaves a blank line between the progress and what
// follows.
func (g *progress) end() {
	if g.stop != nil {
		g.stop()
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.drawn > 0 {
		fmt.Fprintln(g.p.err)
	}
}
