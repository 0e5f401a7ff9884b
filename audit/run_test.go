package audit_test

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/audit"
)

func TestRunOfARightApplication(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	rep := run(t, d.audit(t))
	noFindings(t, rep)
	for _, id := range []string{"auth/no-credential", "auth/garbage-credential", "isolation/foreign-read", "isolation/foreign-update", "isolation/foreign-delete", "isolation/list-leak"} {
		if c := check(t, rep, id); c.Verdict != lr.Passed || c.Passed == 0 {
			t.Errorf("%s: got %s (%s), want passed", id, c.Verdict, c.Reason)
		}
	}
	if check(t, rep, "isolation/foreign-read").Mutates || !check(t, rep, "isolation/foreign-delete").Mutates {
		t.Error("the report does not tell what reads from what deletes")
	}
	if rep.Coverage.Routes != len(d.routes) || rep.Coverage.Conclusive < 5 || rep.Coverage.Probed < rep.Coverage.Conclusive {
		t.Errorf("coverage: got %+v of %d routes", rep.Coverage, len(d.routes))
	}
	if !rep.Partial || rep.Interrupted {
		t.Errorf("got partial %t and interrupted %t, want a partial run that came to its end", rep.Partial, rep.Interrupted)
	}
	if len(d.notes) != 0 || len(rep.Orphans) != 0 {
		t.Errorf("%d notes are left, orphans %q", len(d.notes), rep.Orphans)
	}
}

func TestRunFindsAMissingTenantFilter(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.instead("GET /notes/{id}", d.signedIn(func(w http.ResponseWriter, r *http.Request, _ *user) {
		if n := d.note(r.PathValue("id")); n != nil {
			say(w, 200, n)
			return
		}
		refuse(w, http.StatusNotFound)
	}))
	rep := run(t, d.audit(t))
	c := check(t, rep, "isolation/foreign-read")
	if c.Verdict != lr.Failed || len(c.Findings) != 1 || c.Findings[0].Subject != "GET /notes/{id}" {
		t.Fatalf("got %s with findings %+v, want one at GET /notes/{id}", c.Verdict, c.Findings)
	}
	f := c.Findings[0]
	if want := lr.Fingerprint(c.ID, f.Subject); f.ID != want {
		t.Errorf("id: got %s, want the stable %s", f.ID, want)
	}
	if rep.Readiness != lr.NotReady || audit.ExitCode(rep) != audit.ExitNotReady {
		t.Errorf("got %s and exit %d, want not ready and 1", rep.Readiness, audit.ExitCode(rep))
	}
	if len(rep.Plan) == 0 {
		t.Error("the plan has no item for the finding")
	}
	for _, e := range f.Evidence {
		if strings.Contains(e.Request+e.Response+e.Curl, "tok-") {
			t.Errorf("the evidence holds a token: %s", e.Request)
		}
	}
	if len(d.notes) != 0 {
		t.Errorf("%d notes are left", len(d.notes))
	}
}

// A target that dies stops the run: what was not asked is Unknown and names the
// last request, and a proxy's 502 is no finding.
func TestTargetDies(t *testing.T) {
	t.Parallel()
	for name, dead := range map[string]func(http.ResponseWriter){
		"connections break": func(http.ResponseWriter) { panic(http.ErrAbortHandler) },
		"proxy says 502": func(w http.ResponseWriter) {
			w.WriteHeader(http.StatusBadGateway)
			fmt.Fprint(w, "<html>Bad Gateway</html>")
		},
	} {
		for _, at := range []int{20, 90, 200} {
			t.Run(fmt.Sprintf("%s at %d", name, at), func(t *testing.T) {
				t.Parallel()
				d := newDesk(t)
				d.before = func(w http.ResponseWriter, _ *http.Request, n int) bool {
					if n > at {
						dead(w)
						return true
					}
					return false
				}
				rep := run(t, d.audit(t))
				noFindings(t, rep)
				if rep.Readiness != lr.NotEnoughTested || audit.ExitCode(rep) != audit.ExitNotTested {
					t.Errorf("got %s and exit %d, want not-enough-tested and 3", rep.Readiness, audit.ExitCode(rep))
				}
				if c := check(t, rep, "isolation/foreign-delete"); c.Verdict != lr.Unknown || !strings.Contains(c.Reason, "the last request before that was ") {
					t.Errorf("the last check: got %s because %q, want unknown and the last request named", c.Verdict, c.Reason)
				}
				if after := d.requests() - at; after > 150 {
					t.Errorf("%d requests were sent to a dead target", after)
				}
				if !strings.Contains(strings.Join(rep.Orphans, " "), "audit cleanup --run r1") {
					t.Errorf("orphans: got %q, want how to clean up", rep.Orphans)
				}
			})
		}
	}
}

func TestBudgetSpent(t *testing.T) {
	t.Parallel()
	for _, most := range []int{12, 60, 200} {
		t.Run(fmt.Sprint(most), func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			rep := run(t, d.audit(t, func(s *setup) { s.probe.Budget.Requests = most }))
			noFindings(t, rep)
			if d.requests() > most {
				t.Errorf("%d requests were sent, want at most %d", d.requests(), most)
			}
			if rep.Readiness != lr.NotEnoughTested {
				t.Errorf("got %s, want not-enough-tested", rep.Readiness)
			}
			if c := check(t, rep, "isolation/foreign-delete"); !strings.Contains(c.Reason, "budget") {
				t.Errorf("the last check: got %q, want the budget as the reason", c.Reason)
			}
		})
	}
}

func TestBusyTarget(t *testing.T) {
	t.Parallel()
	want := verdicts(run(t, newDesk(t).audit(t)))
	d := newDesk(t)
	refused := 0
	d.before = func(w http.ResponseWriter, r *http.Request, n int) bool {
		if r.URL.Path == "/login" || n < 15 || n%5 != 0 {
			return false
		}
		d.mu.Lock()
		refused++
		d.mu.Unlock()
		w.Header().Set("Retry-After", "1")
		refuse(w, http.StatusTooManyRequests)
		return true
	}
	rep := run(t, d.audit(t))
	noFindings(t, rep)
	if refused < 20 {
		t.Errorf("only %d requests met a 429", refused)
	}
	if got := verdicts(rep); !maps.Equal(got, want) {
		t.Errorf("the busy target got other verdicts than the idle one:\n%v\n%v", got, want)
	}
}

func TestTokenExpiresInTheRun(t *testing.T) {
	t.Parallel()
	want := verdicts(run(t, newDesk(t).audit(t)))
	d := newDesk(t)
	d.life = 25
	rep := run(t, d.audit(t))
	noFindings(t, rep)
	for id, v := range verdicts(rep) {
		if want[id] == lr.Passed && v != lr.Passed {
			c := check(t, rep, id)
			t.Errorf("%s: got %s with tokens that expire, want passed: %s", id, v, c.Reason)
		}
	}
	if len(d.notes) != 0 {
		t.Errorf("%d notes are left", len(d.notes))
	}
}

func TestInterrupt(t *testing.T) {
	t.Parallel()
	for _, at := range []int{30, 100, 250} {
		t.Run(fmt.Sprint(at), func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			d := newDesk(t)
			d.before = func(_ http.ResponseWriter, _ *http.Request, n int) bool {
				if n == at {
					cancel()
				}
				return false
			}
			rep, err := audit.Run(ctx, d.audit(t))
			if err != nil {
				t.Fatalf("an interrupt after the preflight: got error %v, want a report", err)
			}
			noFindings(t, rep)
			if !rep.Interrupted || audit.ExitCode(rep) != audit.ExitInterrupted || rep.Readiness != lr.NotEnoughTested {
				t.Errorf("got interrupted %t, exit %d, %s", rep.Interrupted, audit.ExitCode(rep), rep.Readiness)
			}
			if len(d.of("ten_acme_5c02"))+len(d.of("ten_globex_5c02")) != 0 || len(rep.Orphans) != 0 {
				t.Errorf("%d notes are left, orphans %q", len(d.notes), rep.Orphans)
			}
		})
	}
}

func TestInterruptInThePreflight(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	d := newDesk(t)
	d.before = func(http.ResponseWriter, *http.Request, int) bool { cancel(); return false }
	if rep, err := audit.Run(ctx, d.audit(t)); err == nil {
		t.Errorf("got a report of %d rows, want an error", len(rep.Rows))
	}
}

func TestCheckThatBreaks(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	right := func(_ context.Context, t *lr.Trial) error {
		t.Pass(lr.Evidence{}, "GET /me", "right")
		return nil
	}
	rows := []lr.Row{{ID: "auth", Checks: []*lr.Check{
		{ID: "auth/first", Severity: lr.High, Run: right},
		{ID: "auth/broken", Severity: lr.High, Run: func(_ context.Context, t *lr.Trial) error {
			t.Pass(lr.Evidence{}, "GET /me", "right so far")
			var checks []*lr.Check
			_ = checks[len(t.Target.Routes)] // a check may be wrong about anything
			return nil
		}},
		{ID: "auth/failing", Severity: lr.High, Run: func(_ context.Context, t *lr.Trial) error {
			t.Fail(lr.Evidence{}, "GET /me", "wrong")
			panic("after a finding")
		}},
		{ID: "auth/cannot", Severity: lr.High, Run: func(context.Context, *lr.Trial) error { return lr.ErrNoSpare }},
		{ID: "auth/last", Severity: lr.High, Run: right},
	}}}
	rep := run(t, d.audit(t, func(s *setup) { s.audit.Rows = rows }))
	for id, want := range map[string]lr.Verdict{
		"auth/first": lr.Passed, "auth/broken": lr.Unknown, "auth/failing": lr.Failed, "auth/cannot": lr.Unknown, "auth/last": lr.Passed,
	} {
		if got := check(t, rep, id); got.Verdict != want {
			t.Errorf("%s: got %s (%s), want %s", id, got.Verdict, got.Reason, want)
		}
	}
	if c := check(t, rep, "auth/broken"); !strings.Contains(c.Reason, "the check itself broke") || strings.Contains(c.Reason, "goroutine") {
		t.Errorf("reason: got %q, want that it broke, and no stack", c.Reason)
	}
	if c := check(t, rep, "auth/cannot"); c.Reason != lr.ErrNoSpare.Error() {
		t.Errorf("reason: got %q, want %q", c.Reason, lr.ErrNoSpare)
	}
}
