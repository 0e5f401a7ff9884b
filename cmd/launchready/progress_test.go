package main

import (
	"encoding/json"
	"maps"
	"slices"
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

// TestProgressQuiet: not a word, whatever happens.
func TestProgressQuiet(t *testing.T) {
	p, b := watcher("auto")
	p.quiet = true
	p.tick = func(time.Duration) (<-chan time.Time, func()) {
		t.Error("a quiet run has a heartbeat")
		return nil, func() {}
	}
	g := p.newProgress(twoRows(), nil)
	g.mask = func(s string) string { return s }
	for _, e := range steps() {
		g.event(e)
		g.exchange(&lr.Exchange{Method: "GET", URL: "http://x/"})
	}
	g.end()
	p.progress("anything")
	p.warn("mind this")
	if b.Len() > 0 {
		t.Errorf("got %q, want silence", b.String())
	}
}

// clock is a program whose time goes on when the test says so, and whose
// heartbeat is one that the test beats.
type clock struct {
	at    time.Time
	beats chan time.Time
}

func (c *clock) pass(d time.Duration) { c.at = c.at.Add(d) }

func timed(p *program) *clock {
	c := &clock{at: p.now(), beats: make(chan time.Time)}
	p.now = func() time.Time { return c.at }
	return c
}

// TestProgressBeats: a check that takes long says so every ten seconds, and
// nothing in between.
func TestProgressBeats(t *testing.T) {
	p, b := watcher("auto")
	c := timed(p)
	g := p.newProgress(twoRows(), nil)
	g.beat() // before the first step there is nothing to tell
	g.event(audit.Event{Phase: "preflight"})
	g.event(audit.Event{Phase: "check", Row: "auth", Check: "auth/a", Total: 3})
	for range 25 {
		c.pass(time.Second)
		g.beat()
	}
	g.event(audit.Event{Phase: "checked", Row: "auth", Check: "auth/a", Verdict: lr.Passed, Done: 1, Total: 3})
	want := "12:00:00 sign in\n12:00:10 still at auth/a, for 10 s\n12:00:20 still at auth/a, for 20 s\n12:00:25 1/3 passed   auth/a\n"
	if b.String() != want {
		t.Errorf("got\n%s\nwant\n%s", b.String(), want)
	}
}

// TestHeartbeat: the ticker of the program drives it, and ends with it.
func TestHeartbeat(t *testing.T) {
	p, b := watcher("auto")
	c := timed(p)
	stopped := false
	p.tick = func(every time.Duration) (<-chan time.Time, func()) {
		if every > patience {
			t.Errorf("it beats every %s, which is too seldom", every)
		}
		return c.beats, func() { stopped = true }
	}
	g := p.newProgress(twoRows(), nil)
	g.event(audit.Event{Phase: "seed"})
	c.pass(11 * time.Second)
	c.beats <- c.at
	c.beats <- c.at // the first was taken whole once the second is
	g.end()
	if want := "12:00:00 create objects\n12:00:11 still at create objects, for 11 s\n"; b.String() != want {
		t.Errorf("got %q, want %q", b.String(), want)
	}
	if !stopped {
		t.Error("the ticker goes on")
	}
}

// TestProgressVerbose tells each request of each check, without secrets.
func TestProgressVerbose(t *testing.T) {
	p, b := watcher("auto")
	p.verbose = true
	g := p.newProgress(twoRows(), nil)
	g.exchange(&lr.Exchange{Method: "GET", URL: "http://x/before"}) // before anything can be masked
	g.mask = func(s string) string { return strings.ReplaceAll(s, "hunter2", "[secret]") }
	g.event(audit.Event{Phase: "check", Row: "auth", Check: "auth/a", Total: 3})
	g.exchange(&lr.Exchange{Method: "GET", URL: "http://x/v1?token=hunter2&a=\x1b[2J", As: "acme_member", Status: 404, Took: 3 * time.Millisecond, Note: "missing object"})
	if want := "12:00:00 auth/a\n12:00:00     GET http://x/v1?token=[secret]&a=\\x1b[2J as acme_member: 404 in 3 ms (missing object)\n"; b.String() != want {
		t.Errorf("got %q, want %q", b.String(), want)
	}
}

// TestProgressJSON: every line is an object, and every step has the same keys.
func TestProgressJSON(t *testing.T) {
	p, b := watcher("always")
	p.logFormat, p.verbose = "json", true
	c := timed(p)
	g := p.newProgress(twoRows(), nil)
	g.mask = func(s string) string { return s }
	for _, e := range steps() {
		g.event(e)
		c.pass(11 * time.Second)
		g.beat()
	}
	g.exchange(&lr.Exchange{Method: "GET", URL: "http://x/", As: "anonymous", Status: 200})
	g.end()
	p.progress("wrote %s", "x")
	p.warn("mind %s", "this")
	p.fault("it broke")
	lines := strings.Split(strings.TrimSpace(b.String()), "\n")
	keys := []string{"check", "done", "elapsed_s", "findings", "left_s", "level", "msg", "phase", "requests", "row", "time", "total", "verdict"}
	seen := map[string]int{}
	for _, l := range lines {
		var o map[string]any
		if err := json.Unmarshal([]byte(l), &o); err != nil {
			t.Fatalf("no object: %q", l)
		}
		msg := o["msg"].(string)
		seen[msg]++
		if msg == "progress" && !slices.Equal(slices.Sorted(maps.Keys(o)), keys) {
			t.Errorf("keys: got %v, want %v", slices.Sorted(maps.Keys(o)), keys)
		}
		if at, err := time.Parse(time.RFC3339, o["time"].(string)); err != nil || at.Before(time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)) || at.After(c.at) {
			t.Errorf("time %v is not the program's", o["time"])
		}
	}
	if seen["progress"] != 2*len(steps()) || seen["request"] != 1 || seen["note"] != 1 || seen["warning"] != 1 || seen["failed"] != 1 {
		t.Errorf("got %v", seen)
	}
	if !strings.Contains(lines[8], `"verdict":"failed","findings":2,"done":2,"total":3,"requests":60`) {
		t.Errorf("line 9: %s", lines[8])
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
