package audit_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/audit"
)

// leaks makes the desk show any note to anybody who is signed in.
func leaks(d *desk) {
	d.instead("GET /notes/{id}", d.signedIn(func(w http.ResponseWriter, r *http.Request, _ *user) {
		if n := d.note(r.PathValue("id")); n != nil {
			say(w, 200, n)
			return
		}
		refuse(w, http.StatusNotFound)
	}))
}

func TestReplay(t *testing.T) {
	t.Parallel()
	const check, subject = "isolation/foreign-read", "GET /notes/{id}"
	for name, c := range map[string]struct {
		change  func(*desk)
		subject string
		want    audit.Answer
	}{
		"open":  {leaks, subject, audit.Open},
		"fixed": {func(*desk) {}, subject, audit.Fixed},
		// Refused to everybody is no proof that it is refused to strangers.
		"the owner gets nothing": {func(d *desk) {
			d.instead("GET /notes/{id}", func(w http.ResponseWriter, _ *http.Request) { refuse(w, http.StatusNotFound) })
		}, subject, audit.Inconclusive},
		"the route is gone": {func(d *desk) {
			d.instead("GET /notes/{id}", func(w http.ResponseWriter, _ *http.Request) { refuse(w, http.StatusNotFound) })
			d.routes = []string{"POST /login", "GET /me", "GET /notes", "POST /notes", "DELETE /notes/{id}"}
		}, subject, audit.Inconclusive},
		"it is busy": {func(d *desk) {
			d.instead("GET /notes/{id}", func(w http.ResponseWriter, _ *http.Request) { refuse(w, http.StatusTooManyRequests) })
		}, subject, audit.Inconclusive},
		"there is no such subject": {leaks, "GET /nots/{id}", audit.Inconclusive},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			c.change(d)
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			a, err := audit.Replay(ctx, d.audit(t), check, c.subject)
			if err != nil {
				t.Fatal(err)
			}
			if a.Answer != c.want || a.Reason == "" {
				t.Errorf("got %s because %q, want %s", a.Answer, a.Reason, c.want)
			}
			for id := range verdicts(a.Report) {
				if id != check {
					t.Errorf("%s was run as well", id)
				}
			}
			if len(d.notes) != 0 {
				t.Errorf("%d notes are left", len(d.notes))
			}
			if a.Answer == audit.Open && (a.Finding == nil || len(a.Finding.Evidence) == 0 || a.Finding.ID != lr.Fingerprint(check, subject)) {
				t.Errorf("finding: got %+v", a.Finding)
			}
		})
	}
}

func TestReplayRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		check  string
		change func(*setup)
		says   string
	}{
		"no such check":   {"isolation/foreign-reed", func(*setup) {}, `did you mean "isolation/foreign-read"?`},
		"without consent": {"isolation/foreign-delete", func(s *setup) { s.audit.Target.Mutate = false }, "give --mutate"},
		"a wrong password": {"isolation/foreign-read", func(s *setup) {
			s.signin.Identities[0].Password = lr.NewSecret("wr0ng-one")
		}, "acme_member"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			_, err := audit.Replay(t.Context(), d.audit(t, c.change), c.check, "GET /notes/{id}")
			var s *audit.SetupError
			if !errors.As(err, &s) || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "wr0ng") {
				t.Errorf("got %v, want a set-up error that says %q", err, c.says)
			}
			if len(d.notes) != 0 {
				t.Errorf("%d notes were made", len(d.notes))
			}
		})
	}
}
