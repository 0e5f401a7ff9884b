package hygiene

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/stage"
)

// TestProvokesOnceForAllChecks: the checks of one row share what they provoked,
// and a second run does not read the first one's.
func TestProvokesOnceForAllChecks(t *testing.T) {
	t.Parallel()
	a := newApp()
	tr := trial(t, a)
	row := Row()
	ask := func(tr *lr.Trial) int {
		before := len(a.served)
		for _, c := range row.Checks {
			if c.Needs&lr.Repository != 0 {
				continue // it asks the source, and no application
			}
			if c.ID == "hygiene/stack-trace" || c.ID == "hygiene/file-path" || c.ID == "hygiene/html-error" {
				tr.Check, tr.Report = c, func(lr.Outcome) {}
				if err := c.Run(t.Context(), tr); err != nil {
					t.Fatal(err)
				}
			}
		}
		return len(a.served) - before
	}
	if n := ask(tr); n == 0 || n > 8*len(tr.Target.Routes)+20 {
		t.Errorf("%d requests for %d routes", n, len(tr.Target.Routes))
	}
	if n := ask(tr); n != 0 {
		t.Errorf("asked %d times again", n)
	}
	if n := ask(trial(t, a)); n == 0 {
		t.Error("a second run read the errors of the first")
	}
}

// TestSendsNothingDangerous: nothing is deleted or paid, nobody is signed out,
// and what was taken all the same is taken away again.
func TestSendsNothingDangerous(t *testing.T) {
	t.Parallel()
	a := newApp()
	for _, line := range []string{`POST /logout {"all":true}`, `POST /payments {"amount":1}`, `POST /notes/purge {"before":"x"}`, "GET /auth/logout", `DELETE /me {"sure":true}`} {
		a.on(line, func(w http.ResponseWriter, r *http.Request) { answer(w, 200, map[string]any{"done": true}) })
	}
	// It takes whatever comes.
	made := 0
	a.on("POST /notes", private(func(w http.ResponseWriter, r *http.Request) {
		a.mu.Lock()
		defer a.mu.Unlock()
		made++
		id := fmt.Sprintf("note_%08x", made*104729)
		a.rows[id] = map[string]any{"id": id, "title": "whatever"}
		answer(w, 201, a.rows[id])
	}))
	profile := map[string]any{"id": "usr_member", "tenant_id": "ten_acme", "name": "Mina"}
	a.on(`PATCH /me {"name":"x"}`, private(func(w http.ResponseWriter, r *http.Request) {
		a.mu.Lock()
		defer a.mu.Unlock()
		if json.NewDecoder(r.Body).Decode(&profile) != nil {
			refuse(w, 400, "the body is not what it should be")
			return
		}
		answer(w, 200, profile)
	}))
	tr := trial(t, a)
	before := len(a.served)
	put(t, "hygiene/server-error", tr)
	if profile["name"] != "Mina" || len(profile) != 3 {
		t.Errorf("the profile of a real account is now %v", profile)
	}
	for _, line := range a.served[before:] {
		for _, never := range []string{"logout", "payments", "purge", "DELETE"} {
			if strings.Contains(line, never) {
				t.Errorf("sent %s", line)
			}
		}
	}
	st, ok := tr.Stage.(*stage.Stage)
	if !ok {
		t.Fatal("the trial has no stage")
	}
	if made < 3 {
		t.Fatalf("only %d notes were made: nothing malformed was taken", made)
	}
	if orphans, err := st.Teardown(t.Context(), "unit"); err != nil || len(orphans) > 0 || len(a.rows) > 0 {
		t.Errorf("left %d notes, orphans %v, err %v", len(a.rows), orphans, err)
	}
}

// TestBigSurface: requests grow with the routes, and each gets fewer.
func TestBigSurface(t *testing.T) {
	t.Parallel()
	tr := trial(t, newApp())
	for i := range 900 {
		tr.Target.Routes = append(tr.Target.Routes, &lr.Route{Method: "GET", Path: fmt.Sprintf("/things%d/{id}", i), Declared: true, Kind: lr.Read, Source: "test"})
	}
	if n := len(provocations(t.Context(), tr)); n < 900 || n > 2*910+60 {
		t.Errorf("%d provocations of 900 routes, want about two of each", n)
	}
}

// lost answers nothing any more.
type lost struct{ lr.Client }

func (lost) Do(context.Context, *lr.Account, *lr.Request) (*lr.Exchange, error) {
	return nil, lr.ErrLost
}

// silent answers no request, but is there.
type silent struct{ lr.Client }

func (silent) Do(context.Context, *lr.Account, *lr.Request) (*lr.Exchange, error) {
	return nil, errors.New("no answer")
}

type unstaged struct{ lr.Stage }

func (unstaged) Control(context.Context, *lr.Route, *lr.Object, *lr.Account) (*lr.Exchange, error) {
	return nil, errors.New("no answer")
}

// TestTargetThatStopsAnswering: a lost target ends the check, one that does not
// answer leaves it open, and neither is a pass.
func TestTargetThatStopsAnswering(t *testing.T) {
	t.Parallel()
	tr := trial(t, newApp())
	for _, c := range Row().Checks {
		if c.Needs&lr.Repository != 0 {
			continue // it asks the source, and no application
		}
		var mu sync.Mutex
		verdicts := map[lr.Verdict]int{}
		g := *tr
		g.Check, g.HTTP, g.Stage = c, lost{}, unstaged{tr.Stage}
		g.Report = func(o lr.Outcome) {
			mu.Lock()
			defer mu.Unlock()
			verdicts[o.Verdict]++
		}
		if err := c.Run(t.Context(), &g); !errors.Is(err, lr.ErrLost) && verdicts[lr.Skipped] == 0 {
			t.Errorf("%s: a lost target gives %v, %v", c.ID, err, verdicts)
		}
		g.HTTP = silent{}
		fresh := Row()
		for _, other := range fresh.Checks {
			if other.Needs&lr.Repository != 0 {
				continue // it asks the source, and no application
			}
			if other.ID == c.ID {
				c = other
			}
		}
		clear(verdicts)
		if err := c.Run(t.Context(), &g); err != nil || verdicts[lr.Passed]+verdicts[lr.Failed] > 0 || verdicts[lr.Unknown]+verdicts[lr.Skipped] == 0 {
			t.Errorf("%s: a silent target gives %v, %v", c.ID, err, verdicts)
		}
	}
}

func TestSibling(t *testing.T) {
	t.Parallel()
	tr := trial(t, newApp())
	for _, c := range []struct{ at, begins, ends string }{
		{"/.env", "/.lr-", ""}, {"/dump.sql", "/lr-", ".sql"}, {"/.git/HEAD", "/.git/lr-", ""}, {"/static/", "/lr-", "/"}, {"/", "/lr-", ""}, {"/a/.index.php.swp", "/a/.lr-", ".swp"},
	} {
		got := sibling(tr, c.at)
		if !strings.HasPrefix(got, c.begins) || !strings.HasSuffix(got, c.ends) || got == sibling(tr, c.at) {
			t.Errorf("beside %s lies %s", c.at, got)
		}
	}
}
