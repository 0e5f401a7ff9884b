package main

import (
	"fmt"
	"maps"
	"net/url"
	"strings"
	"testing"
	"time"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/audit"
	"github.com/launchready/launchready/config"
	"github.com/launchready/launchready/report/sample"
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

// secs are durations by id, written in seconds.
func secs(m map[string]float64) map[string]time.Duration {
	out := map[string]time.Duration{}
	for id, s := range m {
		out[id] = time.Duration(s * float64(time.Second))
	}
	return out
}

// TestLeft: what is open takes what it took before, as fast as this run goes;
// where nothing is known of before, nothing is told until half is done.
func TestLeft(t *testing.T) {
	type times = map[string]float64
	ids := []string{"a", "b", "c", "d"}
	for _, c := range []struct {
		name        string
		costs, took times
		current     string
		at          time.Duration // since the check under way began
		asked       time.Duration // since the first one did
		want        time.Duration
	}{
		{"nothing is known at the start", nil, nil, "a", 5 * time.Second, 5 * time.Second, 0},
		{"a first check that is heavy tells nothing", nil, times{"a": 100}, "b", 0, time.Hour, 0},
		{"half is done", nil, times{"a": 8, "b": 2}, "", 0, time.Hour, 10 * time.Second},
		{"half is done at once", nil, times{"a": 8, "b": 2}, "", 0, time.Second, 0},
		{"one is under way", nil, times{"a": 8, "b": 2}, "c", time.Second, time.Hour, 9 * time.Second},
		{"it takes longer than most", nil, times{"a": 8, "b": 2}, "c", time.Minute, time.Hour, 5 * time.Second},
		{"what will not be asked takes no time", times{"d": 0}, times{"a": 8, "b": 2}, "c", 0, time.Hour, 5 * time.Second},
		{"known from before, at the start", times{"a": 8, "b": 1, "c": 1, "d": 2}, nil, "a", 0, 0, 12 * time.Second},
		{"and a part of it has passed", times{"a": 8, "b": 1, "c": 1, "d": 2}, nil, "a", 3 * time.Second, 3 * time.Second, 9 * time.Second},
		{"each check by its own", times{"a": 8, "b": 1, "c": 1, "d": 20}, times{"a": 8}, "", 0, 0, 22 * time.Second},
		{"twice as slow as before", times{"a": 27, "b": 1, "c": 1, "d": 1}, times{"a": 57}, "", 0, 0, 6 * time.Second},
		{"a check that is new takes the mean", times{"a": 4, "b": 2, "c": 3}, times{"a": 4}, "", 0, 0, 8 * time.Second},
		{"too little is known from before", times{"a": 4}, times{"a": 4}, "", 0, time.Hour, 0},
		{"all is done", times{"a": 4}, times{"a": 1, "b": 1, "c": 1, "d": 1}, "", 0, time.Hour, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
			p := pace{ids: ids, costs: secs(c.costs), took: secs(c.took), at: c.current, since: now.Add(-c.at), asked: now.Add(-c.asked)}
			if got := p.left(now); got.Round(time.Millisecond) != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
	if got := (&pace{ids: ids, costs: secs(times{"a": 1, "b": 1, "c": 1, "d": 1})}).left(time.Now()); got != 0 {
		t.Errorf("before the first check: got %s, want nothing", got)
	}
}

// TestCosts: what checks took is read from the last runs against the same target.
func TestCosts(t *testing.T) {
	p, _ := watcher("never")
	p.dir = t.TempDir()
	cfg := &config.Config{Dir: p.dir, Target: config.Target{URL: config.URL{URL: &url.URL{Scheme: "http", Host: "a.test"}}}}
	keep := func(day int, target string, checks ...lr.CheckReport) {
		rep := sample.Clean()
		rep.Run, rep.Target, rep.Started = fmt.Sprint(day), target, time.Date(2026, 11, day, 0, 0, 0, 0, time.UTC)
		rep.Rows = []lr.RowReport{{ID: "auth", Checks: checks}}
		if err := p.remember(cfg, rep); err != nil {
			t.Fatal(err)
		}
	}
	keep(1, "http://a.test", lr.CheckReport{ID: "auth/a", Seconds: 9}, lr.CheckReport{ID: "auth/b", Seconds: 3}, lr.CheckReport{ID: "auth/w", Seconds: 5})
	keep(2, "http://a.test", lr.CheckReport{ID: "auth/a", Seconds: 1}, lr.CheckReport{ID: "auth/b"})
	keep(3, "http://b.test", lr.CheckReport{ID: "auth/a", Seconds: 7}, lr.CheckReport{ID: "auth/c", Seconds: 7})
	rows := []lr.Row{{ID: "auth", Checks: []*lr.Check{{ID: "auth/a"}, {ID: "auth/w", Effect: lr.Writes}}}}
	if got, want := p.costs(cfg, false, rows), secs(map[string]float64{"auth/a": 1, "auth/b": 3, "auth/w": 0}); !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := p.costs(cfg, true, rows)["auth/w"]; got != 5*time.Second {
		t.Errorf("with --mutate: got %s for what writes", got)
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
	delete(g.pace.took, "auth/e")
	g.draw()
	if got := b.String()[len(want):]; !strings.Contains(got, "  remove what was created, 0 requests, about 10 s left\n") {
		t.Errorf("on a terminal: %q", got)
	}
}
