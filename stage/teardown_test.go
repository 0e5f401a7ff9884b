package stage_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/stage"
)

func notes(s *shelf) {
	s.crud("/notes", "id", "id", object([]string{"title"}, "title"), func(w http.ResponseWriter, v item) { answer(w, 201, v) }, func(item) any { return s.id() })
}

func route(t *testing.T, w *world, name string) *lr.Route {
	t.Helper()
	for _, rt := range w.target.Routes {
		if rt.String() == name {
			return rt
		}
	}
	t.Fatalf("no route %s", name)
	return nil
}

// The ledger is written before the creation is sent, with what finds it again.
func TestLedgerComesFirst(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	var w *world
	s.on("POST /notes", object([]string{"title"}, "title"), func(rw http.ResponseWriter, r *http.Request, tenant string) {
		in := bodyOf(r)
		title, _ := in["title"].(string)
		known := false
		for _, e := range w.ledger.all() {
			known = known || title != "" && strings.Contains(e.Canary, title) && e.State == stage.Intended && e.Tenant == tenant && e.Path == "/notes"
		}
		if !known {
			t.Errorf("the ledger does not know of %q before it is made", title)
		}
		in["id"] = s.id()
		answer(rw, 201, s.add("notes", tenant, in))
	})
	s.item("/notes/{id}", "notes", "id")
	w = s.stage(t)
	if err := w.Seed(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, e := range w.ledger.all() {
		if e.State != stage.Created || !strings.HasPrefix(e.DeletePath, "DELETE /notes/it_") {
			t.Errorf("after the answer: got %+v", e)
		}
	}
}

func TestNothingIsMadeWithoutALedger(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	notes(s)
	w := s.stage(t)
	w.ledger.fail = errors.New("disk full")
	if err := w.Seed(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := s.asked("POST "); len(got) != 0 {
		t.Errorf("sent %q though the ledger could not be written", got)
	}
	if why := w.Why("/notes", "acme"); !strings.Contains(why, "disk full") {
		t.Errorf("the reason is %q", why)
	}
	x := &lr.Request{Method: "POST", Path: "/notes", Body: []byte(`{"title":"x"}`)}
	if _, err := w.Watched(w.client).Do(t.Context(), w.acme, x); err == nil || len(s.asked("POST ")) != 0 {
		t.Errorf("a check's creation: got error %v, sent %q", err, s.asked("POST "))
	}
}

// What a killed run intended is looked for by its canary: it may exist or not.
func TestIntendedIsLookedFor(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	notes(s)
	w := s.stage(t)
	const made, never = "lr1-r1-acme-1-0123456789abcdef01234567", "lr1-r1-acme-2-0123456789abcdef01234567"
	s.add("notes", "acme", item{"id": "theirs", "title": "a customer's own"})
	s.add("notes", "acme", item{"id": "lost", "title": made, "created_by": w.acme.UserID})
	for _, c := range []string{made, never} {
		e := stage.Entry{Run: "r1", Tenant: "acme", Account: "acme_member", Resource: "/notes", Create: "POST /notes", Path: "/notes", List: "/notes", Canary: c}
		if _, err := w.ledger.Intend(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	orphans, err := w.Teardown(t.Context(), "r1")
	if err != nil || len(orphans) != 0 {
		t.Errorf("got %v, orphans %q", err, orphans)
	}
	if got := s.asked("DELETE "); len(got) != 1 || !strings.HasPrefix(got[0], "DELETE /notes/lost") {
		t.Errorf("deleted %q, want the lost note alone", got)
	}
	if es := w.ledger.all(); es[0].State != stage.Removed || es[1].Reason != "never came to be" {
		t.Errorf("the ledger ends as %+v", es)
	}
}

// What the target makes by itself is expected, and all of it goes.
func TestExpectedIsRemoved(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	notes(s)
	w := s.stage(t)
	var list *lr.Route
	for _, rt := range w.target.Routes {
		if rt.String() == "GET /notes" {
			list = rt
		}
	}
	for _, mark := range []string{"mark-0123456789", "mark-of-nothing"} {
		if err := w.Expect(t.Context(), list, w.acme, mark); err != nil {
			t.Fatal(err)
		}
	}
	s.add("notes", "acme", item{"id": "theirs", "title": "a customer's own"})
	for i := range 5 {
		s.add("notes", "acme", item{"id": fmt.Sprint("loop", i), "title": "mark-0123456789", "created_by": w.acme.UserID})
	}
	orphans, err := w.Teardown(t.Context(), "r1")
	if err != nil || len(orphans) != 0 {
		t.Errorf("got %v, orphans %q", err, orphans)
	}
	if got := s.asked("DELETE /notes/loop"); len(got) != 5 {
		t.Errorf("deleted %q, want all five", got)
	}
	if got := s.asked("DELETE /notes/theirs"); len(got) != 0 {
		t.Error("a customer's own note was deleted")
	}
	w.ledger.fail = errors.New("disk full")
	if err := w.Expect(t.Context(), list, w.acme, "x"); err == nil {
		t.Error("expected something that no ledger knows of")
	}
}

// TestOrphans holds that what cannot be removed is listed with the reason.
func TestOrphans(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		make func(*shelf)
		says string
	}{
		"no route deletes": {func(s *shelf) {
			s.on("POST /notes", object([]string{"title"}, "title"), func(w http.ResponseWriter, r *http.Request, tenant string) {
				v := bodyOf(r)
				v["id"] = s.id()
				answer(w, 201, s.add("notes", tenant, v))
			})
			s.on("GET /notes/{id}", nil, func(w http.ResponseWriter, r *http.Request, tenant string) {
				answer(w, 200, s.find("notes", tenant, "id", r.PathValue("id")))
			})
		}, "no route deletes it"},
		"nobody may": {func(s *shelf) {
			s.on("POST /notes", object([]string{"title"}, "title"), func(w http.ResponseWriter, r *http.Request, tenant string) {
				v := bodyOf(r)
				v["id"] = s.id()
				answer(w, 201, s.add("notes", tenant, v))
			})
			s.on("DELETE /notes/{id}", nil, func(w http.ResponseWriter, _ *http.Request, _ string) { answer(w, 403, nil) })
		}, "answered 403"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newShelf(t)
			c.make(s)
			w := s.seeded(t)
			orphans, err := w.Teardown(t.Context(), "r1")
			if err != nil || len(orphans) != 2 {
				t.Fatalf("got %v, orphans %q, want one a tenant", err, orphans)
			}
			for _, o := range orphans {
				if !strings.Contains(o, c.says) || !strings.Contains(o, "/notes") || !strings.Contains(o, "lr1-r1-") {
					t.Errorf("orphan %q: want its path, its canary and %q", o, c.says)
				}
			}
			for _, e := range w.ledger.all() {
				if e.State != stage.Orphaned {
					t.Errorf("the ledger has %+v, want it orphaned", e)
				}
			}
		})
	}
}

// Who made an object may not be allowed to delete it; an administrator is.
func TestAdministratorRemoves(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	s.on("POST /notes", object([]string{"title"}, "title"), func(w http.ResponseWriter, r *http.Request, tenant string) {
		v := bodyOf(r)
		v["id"] = s.id()
		answer(w, 201, s.add("notes", tenant, v))
	})
	s.on("DELETE /notes/{id}", nil, func(w http.ResponseWriter, r *http.Request, tenant string) {
		if role, _ := whose(r); role != "admin" {
			answer(w, 403, nil)
			return
		}
		s.drop("notes", s.find("notes", tenant, "id", r.PathValue("id")))
		w.WriteHeader(204)
	})
	w := s.seeded(t)
	if orphans, err := w.Teardown(t.Context(), "r1"); err != nil || len(orphans) != 0 || s.left() != 0 {
		t.Errorf("got %v, orphans %q, %d left", err, orphans, s.left())
	}
}

// A user whom the run signed up has a tenant that no account of the configuration
// belongs to: what it made, only it can remove.
func TestSparesRemoveTheirOwn(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	notes(s)
	w := s.stage(t)
	spare := account("owner", "lr-1")
	spare.Spare = true
	x, err := w.Watched(w.client).Do(t.Context(), spare, &lr.Request{Method: "POST", Path: "/notes", Body: []byte(`{"title":"x"}`)})
	if err != nil || !x.OK() || s.left() != 1 {
		t.Fatalf("got %v, %d left, want the spare's note", err, s.left())
	}
	if orphans, err := w.Teardown(t.Context(), "r1"); err != nil || len(orphans) != 0 || s.left() != 0 {
		t.Errorf("got %v, orphans %q, %d left", err, orphans, s.left())
	}
	if es := w.ledger.all(); len(es) != 1 || es[0].State != stage.Removed {
		t.Errorf("the ledger ends as %+v", es)
	}
}

// What stands below a deleted object went with it.
func TestChildrenGoWithTheirParent(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	notes(s)
	s.on("POST /notes/{id}/marks", object([]string{"text"}, "text"), func(w http.ResponseWriter, _ *http.Request, _ string) { answer(w, 201, item{"id": s.id()}) })
	w := s.seeded(t)
	if w.Object("/notes/{}/marks", w.acme) == nil {
		t.Fatalf("no mark: %s", w.Why("/notes/{}/marks", "acme"))
	}
	orphans, err := w.Teardown(t.Context(), "r1")
	if err != nil || len(orphans) != 0 {
		t.Errorf("got %v, orphans %q", err, orphans)
	}
}

// TestWatched holds that what checks create through the client is removed: with
// or without a key in the answer, in another tenant, and by nobody's account.
func TestWatched(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	notes(s)
	w := s.stage(t)
	c := w.Watched(w.client)
	send := func(as *lr.Account, cred *lr.Account, body string) {
		t.Helper()
		r := &lr.Request{Method: "POST", Path: "/notes", Body: []byte(body), Header: http.Header{"Content-Type": {"application/json"}}}
		if cred != nil {
			r.Credential = &cred.Credential
		}
		x, err := c.Do(t.Context(), as, r)
		if err != nil || x.Status != 201 {
			t.Fatalf("create: %v, %+v", err, x)
		}
	}
	send(w.acme, nil, `{"title":"`+w.Canary("acme")+`"}`)
	send(w.acme, w.globex, `{"title":"`+w.Canary("acme")+`"}`)
	send(nil, w.acme, `{"title":"`+w.Canary("acme")+`"}`)
	if s.left() != 3 {
		t.Fatalf("%d notes were made, want 3", s.left())
	}
	if orphans, err := w.Teardown(t.Context(), "r1"); err != nil || len(orphans) != 0 || s.left() != 0 {
		t.Errorf("got %v, orphans %q, %d notes left", err, orphans, s.left())
	}
}

func TestWatchedLedgersWhatCreatesOnly(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	notes(s)
	s.on("PATCH /notes/{id}", object(nil, "title"), func(w http.ResponseWriter, _ *http.Request, _ string) {
		answer(w, 200, item{"id": "usr_member_acme_31cd"})
	})
	w := s.stage(t)
	c := w.Watched(w.client)
	for _, r := range []*lr.Request{
		{Method: "GET", Path: "/notes"}, {Method: "DELETE", Path: "/notes/1"},
		{Method: "PATCH", Path: "/notes/1", Route: route(t, w, "PATCH /notes/{id}")}, {Method: "POST", Path: "/elsewhere"},
	} {
		if _, err := c.Do(t.Context(), w.acme, r); err != nil {
			t.Fatal(err)
		}
	}
	if es := w.ledger.all(); len(es) != 0 {
		t.Errorf("the ledger has %+v", es)
	}
	if _, err := c.Do(t.Context(), nil, &lr.Request{Method: "POST", Path: "/notes"}); err != nil {
		t.Fatal(err)
	}
	if es := w.ledger.all(); len(es) != 1 || es[0].State != stage.Removed {
		t.Errorf("after a refused creation the ledger has %+v, want it settled", es)
	}
}

// A run may have written its canary into a configured account: it stays.
func TestAccountsAreNeverRemoved(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	s.crud("/members", "member_id", "id", object([]string{"name", "email"}, "name", "email"), func(w http.ResponseWriter, v item) { answer(w, 201, v) }, func(item) any { return s.id() })
	w := s.stage(t)
	const canary = "lr1-r1-acme-1-0123456789abcdef01234567"
	s.add("members", "acme", item{"id": w.acme.UserID, "email": w.acme.User, "name": canary})
	e := stage.Entry{Run: "r1", Tenant: "acme", Account: "acme_member", Resource: "/members", Create: "POST /members", Path: "/members", List: "/members", Canary: canary}
	if _, err := w.ledger.Intend(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Teardown(t.Context(), "r1"); err != nil {
		t.Fatal(err)
	}
	w.Adopt(t.Context(), route(t, w, "POST /members"), w.acme, &lr.Exchange{Status: 201, Method: "POST", URL: s.srv.URL + "/members", Body: []byte(`{"id":"` + w.acme.UserID + `"}`)})
	if _, err := w.Teardown(t.Context(), "r1"); err != nil {
		t.Fatal(err)
	}
	if got := s.asked("DELETE "); len(got) != 0 || s.left() != 1 {
		t.Errorf("sent %q", got)
	}
}

func TestTeardownOfALostTarget(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	notes(s)
	w := s.seeded(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := w.Teardown(ctx, "r1"); err == nil {
		t.Error("a teardown that could ask nothing ended well")
	}
	if open, err := w.ledger.Open(t.Context(), "r1"); err != nil || len(open) == 0 {
		t.Errorf("got %d open entries, %v: want them kept for audit cleanup", len(open), err)
	}
}
