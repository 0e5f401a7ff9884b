package audit_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	lr "github.com/launchready/launchready"
)

// floor sees which checks are under way together.
type floor struct {
	mu    sync.Mutex
	now   map[string]bool
	ended []string
	with  map[string][]string // who was under way beside whom
	moved chan struct{}       // closed and made anew when somebody begins
}

func newFloor() *floor {
	return &floor{now: map[string]bool{}, with: map[string][]string{}, moved: make(chan struct{})}
}

// check stays under way until another one is, or for a moment: long enough for one
// that may begin to do so.
func (f *floor) check(id string, effect lr.Effect, change ...func(*lr.Check)) *lr.Check {
	c := &lr.Check{ID: id, Severity: lr.High, Effect: effect, Run: func(ctx context.Context, t *lr.Trial) error {
		f.mu.Lock()
		f.now[id] = true
		close(f.moved)
		f.moved = make(chan struct{})
		f.meet()
		moved := f.moved
		f.mu.Unlock()
		select {
		case <-moved:
		case <-time.After(100 * time.Millisecond):
		}
		if _, err := t.HTTP.Do(ctx, t.Target.Accounts[0], &lr.Request{Method: "GET", Path: "/me", Note: "of " + id}); err != nil {
			return err
		}
		f.mu.Lock()
		defer f.mu.Unlock()
		delete(f.now, id)
		f.ended = append(f.ended, id)
		t.Pass(lr.Evidence{}, "GET /me", "right")
		return nil
	}}
	for _, change := range change {
		change(c)
	}
	return c
}

// meet notes everybody who is under way together.
func (f *floor) meet() {
	for a := range f.now {
		for b := range f.now {
			if a != b && !slices.Contains(f.with[a], b) {
				f.with[a] = append(f.with[a], b)
			}
		}
	}
}

// TestRowsAbreast: rows that read or ask run side by side; what changes things,
// sends bursts or wants to be alone does not; and all keep the order of effects.
func TestRowsAbreast(t *testing.T) {
	t.Parallel()
	f := newFloor()
	alone := func(c *lr.Check) { c.Alone = true }
	var rows []lr.Row
	for _, row := range []string{"auth", "isolation"} {
		rows = append(rows, lr.Row{ID: row, Checks: []*lr.Check{
			f.check(row+"/alone", lr.Reads, alone), f.check(row+"/loads", lr.Loads), f.check(row+"/destroys", lr.Destroys),
			f.check(row+"/writes", lr.Writes), f.check(row+"/spends", lr.Spends), f.check(row+"/reads", lr.Reads),
		}})
	}
	var mu sync.Mutex
	askedBy := map[string][]string{}
	d := newDesk(t)
	run(t, d.audit(t, func(s *setup) {
		s.audit.Rows, s.audit.Target.Load, s.audit.Target.Spend = rows, true, true
		s.probe.OnExchange = func(x *lr.Exchange) {
			mu.Lock()
			defer mu.Unlock()
			askedBy[x.Note] = append(askedBy[x.Note], x.Check)
		}
	}))
	for _, kind := range []string{"reads", "spends"} {
		if a, b := "auth/"+kind, "isolation/"+kind; !slices.Contains(f.with[a], b) {
			t.Errorf("%s and %s were not under way together", a, b)
		}
	}
	for _, id := range []string{"alone", "writes", "destroys", "loads"} {
		for _, row := range []string{"auth/", "isolation/"} {
			if beside := f.with[row+id]; len(beside) > 0 {
				t.Errorf("%s ran beside %s", row+id, beside)
			}
		}
	}
	order := []string{"reads", "reads", "alone", "alone", "writes", "writes", "destroys", "destroys", "spends", "spends", "loads", "loads"}
	for i, id := range f.ended {
		if _, kind, _ := strings.Cut(id, "/"); kind != order[i] {
			t.Errorf("%d: %s ended, want one that %s; all: %s", i, id, order[i], f.ended)
		}
	}
	for _, row := range rows {
		for _, c := range row.Checks {
			if got := askedBy["of "+c.ID]; len(got) != 1 || got[0] != c.ID {
				t.Errorf("the request of %s says that %q asked", c.ID, got)
			}
		}
	}
	if got := askedBy["seed"]; len(got) == 0 || got[0] != "" {
		t.Errorf("seeding says that %q asked, want no check", got)
	}
}

// TestBesideItsRow: what waits for a browser or a log does not hold its row up, and
// what changes things is beside nothing even so.
func TestBesideItsRow(t *testing.T) {
	t.Parallel()
	f := newFloor()
	beside := func(c *lr.Check) { c.Beside = true }
	rows := []lr.Row{{ID: "auth", Checks: []*lr.Check{
		f.check("auth/waits", lr.Reads, beside), f.check("auth/reads", lr.Reads), f.check("auth/reads-too", lr.Reads),
		f.check("auth/writes", lr.Writes, beside), f.check("auth/writes-too", lr.Writes),
	}}}
	run(t, newDesk(t).audit(t, func(s *setup) { s.audit.Rows = rows }))
	if !slices.Contains(f.with["auth/waits"], "auth/reads") {
		t.Errorf("the row waited: %v", f.with)
	}
	if slices.Contains(f.with["auth/reads"], "auth/reads-too") || len(f.with["auth/writes"])+len(f.with["auth/writes-too"]) > 0 {
		t.Errorf("what goes one after the other ran side by side: %v", f.with)
	}
	if len(f.ended) != 5 {
		t.Errorf("got %v, want all five asked", f.ended)
	}
}

// TestHaltedAbreast: the budget that one row spends ends the others, each with the
// reason.
func TestHaltedAbreast(t *testing.T) {
	t.Parallel()
	spend := func(ctx context.Context, t *lr.Trial) error {
		for {
			if _, err := t.HTTP.Do(ctx, nil, &lr.Request{Method: "GET", Path: "/healthz"}); err != nil {
				return err
			}
		}
	}
	var rows []lr.Row
	for _, row := range []string{"auth", "isolation", "cors"} {
		rows = append(rows, lr.Row{ID: row, Checks: []*lr.Check{{ID: row + "/first", Severity: lr.High, Run: spend}, {ID: row + "/second", Severity: lr.High, Run: spend}}})
	}
	d := newDesk(t)
	rep := run(t, d.audit(t, func(s *setup) { s.audit.Rows, s.probe.Budget.Requests = rows, 120 }))
	for _, row := range rows {
		for _, c := range row.Checks {
			if got := check(t, rep, c.ID); got.Verdict != lr.Unknown || !strings.Contains(got.Reason, "the budget is spent") {
				t.Errorf("%s: got %s because %q, want unknown with the budget", c.ID, got.Verdict, got.Reason)
			}
		}
	}
}

// TestBrief: a first look leaves out bursts beyond the scorecard, says so, and asks them
// where they are named.
func TestBrief(t *testing.T) {
	t.Parallel()
	extra := func(c *lr.Check) { c.Extra = true }
	for name, c := range map[string]struct {
		brief bool
		only  []string
		want  []string
	}{
		"a whole run":   {false, nil, []string{"auth/extra-loads", "auth/extra-reads", "auth/loads"}},
		"a first look":  {true, nil, []string{"auth/extra-reads", "auth/loads"}},
		"its row named": {true, []string{"auth"}, []string{"auth/extra-reads", "auth/loads"}},
		"itself named":  {true, []string{"auth/extra-loads"}, []string{"auth/extra-loads"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFloor()
			rows := []lr.Row{{ID: "auth", Checks: []*lr.Check{f.check("auth/loads", lr.Loads), f.check("auth/extra-loads", lr.Loads, extra), f.check("auth/extra-reads", lr.Reads, extra)}}}
			rep := run(t, newDesk(t).audit(t, func(s *setup) {
				s.audit.Rows, s.audit.Target.Load, s.audit.Brief, s.audit.Only = rows, true, c.brief, c.only
			}))
			if slices.Sort(f.ended); !slices.Equal(f.ended, c.want) {
				t.Errorf("asked %v, want %v", f.ended, c.want)
			}
			for _, got := range rep.Rows[0].Checks {
				if !slices.Contains(c.want, got.ID) && (got.Verdict != lr.Unknown || !strings.Contains(got.Reason, "--profile standard")) {
					t.Errorf("%s: %s, %q", got.ID, got.Verdict, got.Reason)
				}
			}
		})
	}
}
