package main

import (
	"strings"
	"testing"
	"time"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/audit"
)

func twoRows() []lr.Row {
	return []lr.Row{
		{ID: "auth", Title: "Auth on all API routes", Checks: []*lr.Check{{ID: "auth/a"}, {ID: "auth/b"}}},
		{ID: "isolation", Title: "Tenant isolation", Checks: []*lr.Check{{ID: "isolation/a"}}},
	}
}

func steps() []audit.Event {
	return []audit.Event{
		{Phase: "preflight"},
		{Phase: "seed", Requests: 12},
		{Phase: "check", Row: "auth", Check: "auth/a", Total: 3, Requests: 40},
		{Phase: "checked", Row: "auth", Check: "auth/a", Verdict: lr.Passed, Done: 1, Total: 3, Requests: 50},
		{Phase: "checked", Row: "auth", Check: "auth/b", Verdict: lr.Failed, Findings: 2, Done: 2, Total: 3, Requests: 60},
		{Phase: "check", Row: "isolation", Check: "isolation/a", Total: 3, Requests: 61},
		{Phase: "checked", Row: "isolation", Check: "isolation/a", Verdict: lr.Unknown, Done: 3, Total: 3, Requests: 70},
		{Phase: "teardown", Requests: 80},
	}
}

func watcher(color string) (*program, *strings.Builder) {
	var b strings.Builder
	noon := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	return &program{err: &b, color: color, now: func() time.Time { return noon }}, &b
}

// TestProgressElsewhere: plain lines with a time, nothing that moves a cursor.
func TestProgressElsewhere(t *testing.T) {
	p, b := watcher("auto")
	g := p.newProgress(twoRows(), nil)
	for _, e := range steps() {
		g.event(e)
	}
	g.end()
	want := "12:00:00 sign in\n12:00:00 create objects\n12:00:00 1/3 passed   auth/a\n12:00:00 2/3 failed   auth/b (2 findings)\n" +
		"12:00:00 3/3 unknown  isolation/a\n12:00:00 remove what was created\n"
	if b.String() != want {
		t.Errorf("got\n%s\nwant\n%s", b.String(), want)
	}
}

// TestProgressOnTerminal: one line a row, drawn anew in the same place.
func TestProgressOnTerminal(t *testing.T) {
	p, b := watcher("never")
	g := p.newProgress(twoRows(), nil)
	g.live = true
	for _, e := range steps() {
		g.event(e)
	}
	g.end()
	frames := strings.Split(b.String(), "\x1b[3A") // two rows and the line of the run
	if len(frames) != len(steps()) {
		t.Fatalf("got %d frames, want %d", len(frames), len(steps()))
	}
	last := strings.ReplaceAll(frames[len(frames)-1], "\x1b[2K", "")
	want := "✗ Auth on all API routes      2/2  2 findings\n? Tenant isolation            1/1\n  remove what was created, 80 requests\n\n"
	if last != want {
		t.Errorf("got\n%q\nwant\n%q", last, want)
	}
	if !strings.Contains(frames[2], "auth/a") {
		t.Errorf("a running check is not named: %q", frames[2])
	}
	if strings.Contains(b.String(), "\x1b[3") && strings.Contains(b.String(), "\x1b[31m") {
		t.Error("colour without being asked for")
	}
}

// TestProgressOnNarrowTerminal: a line that wraps would be drawn over itself.
func TestProgressOnNarrowTerminal(t *testing.T) {
	p, b := watcher("always")
	p.environ = []string{"COLUMNS=32"}
	g := p.newProgress(twoRows(), nil)
	g.live = true
	for _, e := range steps() {
		g.event(e)
	}
	if !strings.Contains(b.String(), "✗\x1b[0m Auth on all API routes      …\n") {
		t.Errorf("a long line is not cut: %q", b.String())
	}
	if strings.Contains(b.String(), "finding") {
		t.Errorf("a line is wider than the terminal: %q", b.String())
	}
}

func TestProgressQuiet(t *testing.T) {
	p, b := watcher("auto")
	p.quiet = true
	g := p.newProgress(twoRows(), nil)
	for _, e := range steps() {
		g.event(e)
	}
	g.end()
	p.progress("anything")
	if b.Len() > 0 {
		t.Errorf("got %q, want silence", b.String())
	}
}

// TestProgressShowsOnlyWhatWasAskedFor: rows that --only leaves out have no line.
func TestProgressShowsOnlyWhatWasAskedFor(t *testing.T) {
	p, _ := watcher("auto")
	g := p.newProgress(twoRows(), []string{"isolation"})
	if len(g.rows) != 1 || g.rows[0].id != "isolation" || g.rows[0].total != 1 {
		t.Errorf("got %d rows, want isolation alone", len(g.rows))
	}
}
