package main

import (
	"strings"
	"testing"
	"time"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/audit"
)

func TestWords(t *testing.T) {
	for left, want := range map[time.Duration]string{
		0: "", 900 * time.Millisecond: "", time.Second: "about 5 s left", 16 * time.Second: "about 20 s left", 20 * time.Second: "about 20 s left",
		56 * time.Second: "about 1 min left", 61 * time.Second: "about 2 min left", 10 * time.Minute: "about 10 min left",
	} {
		if got := words(left); got != want {
			t.Errorf("%s: got %q, want %q", left, got, want)
		}
	}
}

// TestLeft: each row's open checks count as much as its done ones took.
func TestLeft(t *testing.T) {
	row := func(total, done int, took time.Duration, current string) *rowProgress {
		return &rowProgress{total: total, done: done, took: took, current: current}
	}
	for _, c := range []struct {
		name string
		rows []*rowProgress
		at   time.Duration // since the check under way began
		want time.Duration
	}{
		{"nothing is done", []*rowProgress{row(10, 0, 0, "a")}, 5 * time.Second, 0},
		{"too few are done", []*rowProgress{row(10, 2, 4*time.Second, "a")}, time.Second, 0},
		{"half is done", []*rowProgress{row(10, 5, 10*time.Second, "")}, 0, 10 * time.Second},
		{"one is under way", []*rowProgress{row(10, 5, 10*time.Second, "a")}, time.Second, 9 * time.Second},
		{"one takes longer than most", []*rowProgress{row(10, 5, 10*time.Second, "a")}, time.Minute, 8 * time.Second},
		{"rows differ", []*rowProgress{row(10, 5, 50*time.Second, ""), row(10, 5, 5*time.Second, "")}, 0, 55 * time.Second},
		{"a row that is not begun", []*rowProgress{row(4, 4, 8*time.Second, ""), row(3, 0, 0, "")}, 0, 6 * time.Second},
		{"all is done", []*rowProgress{row(4, 4, 8*time.Second, "")}, 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
			p := pace{since: now.Add(-c.at), asked: now.Add(-time.Hour)}
			if got := p.left(now, c.rows); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
	now := time.Now()
	early := pace{since: now, asked: now.Add(-time.Second)}
	if got := early.left(now, []*rowProgress{row(10, 5, time.Second, "")}); got != 0 {
		t.Errorf("after a second: got %s, want nothing", got)
	}
}

// TestTimeLeftIsTold, on a line of its check, once it is known.
func TestTimeLeftIsTold(t *testing.T) {
	p, b := watcher("auto")
	c := timed(p)
	var checks []*lr.Check
	for _, id := range []string{"a", "b", "c", "d", "e"} {
		checks = append(checks, &lr.Check{ID: "auth/" + id})
	}
	g := p.newProgress([]lr.Row{{ID: "auth", Title: "Auth", Checks: checks}}, nil)
	for i, check := range checks {
		g.event(audit.Event{Phase: "check", Row: "auth", Check: check.ID, Total: 5})
		c.pass(8 * time.Second)
		g.event(audit.Event{Phase: "checked", Row: "auth", Check: check.ID, Verdict: lr.Passed, Done: i + 1, Total: 5})
	}
	want := "12:00:08 1/5 passed   auth/a\n12:00:16 2/5 passed   auth/b\n12:00:24 3/5 passed   auth/c, about 20 s left\n12:00:32 4/5 passed   auth/d, about 10 s left\n12:00:40 5/5 passed   auth/e\n"
	if b.String() != want {
		t.Errorf("got\n%s\nwant\n%s", b.String(), want)
	}
	g.live = true
	g.event(audit.Event{Phase: "teardown"})
	g.rows[0].done = 4
	g.draw()
	if got := b.String()[len(want):]; !strings.Contains(got, "  remove what was created, 0 requests, about 10 s left\n") {
		t.Errorf("on a terminal: %q", got)
	}
}
