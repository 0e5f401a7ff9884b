package stage_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"

	lr "github.com/launchready/launchready"
)

func sent(t *testing.T, r *lr.Request) item {
	t.Helper()
	v := item{}
	if err := json.Unmarshal(r.Body, &v); err != nil {
		t.Fatalf("the body %q is no JSON: %v", r.Body, err)
	}
	return v
}

// TestUpdateBodies holds that an update is the owner's view with one free text
// changed, which carries a canary.
func TestUpdateBodies(t *testing.T) {
	t.Parallel()
	view := item{"id": "it_1", "title": "old", "color": "blue", "owner_id": "usr_9", "created_at": "2026-01-01T00:00:00Z"}
	for name, c := range map[string]struct {
		method string
		body   item
		keeps  item // fields that stay as the owner sees them
		lacks  string
	}{
		"PATCH sends the changed field": {"PATCH", object(nil, "title", "color", "owner_id"), item{}, "color owner_id id created_at"},
		"PATCH sends what is required":  {"PATCH", object([]string{"color"}, "title", "color"), item{"color": "blue"}, "id"},
		"PUT sends all":                 {"PUT", object([]string{"title"}, "title", "color", "owner_id"), item{"color": "blue"}, "owner_id id created_at"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newShelf(t)
			notes(s)
			s.on(c.method+" /notes/{id}", c.body, func(http.ResponseWriter, *http.Request, string) {})
			w := s.stage(t)
			o := &lr.Object{Resource: "/notes", Owner: w.acme, ID: "it_1", Keys: map[string]string{"/notes": "it_1"}, Body: view}
			r, err := w.Request(t.Context(), route(t, w, c.method+" /notes/{id}"), o, w.globex)
			if err != nil {
				t.Fatal(err)
			}
			got := sent(t, r)
			title, _ := got["title"].(string)
			if w.TenantOf(title) != "globex" {
				t.Errorf("title: got %q, want a canary of who writes", title)
			}
			for k, v := range c.keeps {
				if got[k] != v {
					t.Errorf("%s: got %v, want the owner's %v", k, got[k], v)
				}
			}
			for _, k := range strings.Fields(c.lacks) {
				if _, there := got[k]; there {
					t.Errorf("%s is sent, and is not the writer's to send", k)
				}
			}
			if r.Path != "/notes/it_1" || r.Method != c.method {
				t.Errorf("got %s %s", r.Method, r.Path)
			}
		})
	}
}

func TestUpdateInsideItsNounAndByMask(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	notes(s)
	s.on("PUT /notes/{id}", item{"type": "object", "properties": item{"note": object([]string{"title"}, "title", "color")}}, func(http.ResponseWriter, *http.Request, string) {})
	s.on("PATCH /notes/{id}", object(nil, "title"), func(http.ResponseWriter, *http.Request, string) {})
	s.param("/notes/{id}", "patch", "update_mask", false)
	w := s.stage(t)
	o := &lr.Object{Resource: "/notes", Owner: w.acme, ID: "a b/c", Keys: map[string]string{"/notes": "a b/c"},
		Body: item{"note": item{"id": "x", "title": "old", "color": "blue"}}}
	r, err := w.Request(t.Context(), route(t, w, "PUT /notes/{id}"), o, w.acme)
	if err != nil {
		t.Fatal(err)
	}
	if in, _ := sent(t, r)["note"].(item); in["color"] != "blue" || in["title"] == "old" {
		t.Errorf("got %s, want the note inside its noun with one field changed", r.Body)
	}
	if r.Path != "/notes/a%20b%2Fc" {
		t.Errorf("path: got %s, want the key escaped", r.Path)
	}
	if r, err = w.Request(t.Context(), route(t, w, "PATCH /notes/{id}"), o, w.acme); err != nil {
		t.Fatal(err)
	}
	if !strings.HasSuffix(r.Path, "?update_mask=title") {
		t.Errorf("path: got %s, want the mask to name the changed field", r.Path)
	}
}

func TestRequestWithoutAKey(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	notes(s)
	w := s.stage(t)
	if r, err := w.Request(t.Context(), route(t, w, "GET /notes/{id}"), nil, w.acme); err == nil {
		t.Errorf("got %s, want an error: nothing fills the key", r.Path)
	}
	o := &lr.Object{Resource: "/notes", Owner: w.acme, ID: "1", Keys: map[string]string{"/notes": "1"}}
	if _, err := w.ReadBack(t.Context(), &lr.Object{Resource: "/unknown", Owner: w.acme}); err == nil {
		t.Error("an object of no route was read back")
	}
	st, err := w.ReadBack(t.Context(), o)
	if err != nil || st.Exists {
		t.Errorf("an object that is not there: got %+v, %v", st, err)
	}
	if _, err := w.Fresh(t.Context(), "/notes", w.acme); !errors.Is(err, lr.ErrNotCreatable) {
		t.Errorf("a fresh object before seeding: got %v, want ErrNotCreatable", err)
	}
}

// TestReadBackSeesRefusals holds that an answer of 200 may say that the object
// is gone.
func TestReadBackSeesRefusals(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status int
		body   any
		exists bool
	}{
		"the object":           {200, item{"id": "1", "title": "x"}, true},
		"success false":        {200, item{"success": false, "message": "not found"}, false},
		"status fail":          {200, item{"status": "fail", "message": "not found"}, false},
		"null":                 {200, nil, false},
		"deleted at":           {200, item{"id": "1", "deleted_at": "2026-01-01"}, false},
		"never deleted":        {200, item{"id": "1", "deleted_at": nil}, true},
		"state deleted inside": {200, item{"data": item{"id": "1", "state": "deleted"}}, false},
		"404":                  {404, item{"id": "1"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newShelf(t)
			s.on("GET /notes/{id}", nil, func(w http.ResponseWriter, _ *http.Request, _ string) { answer(w, c.status, c.body) })
			w := s.stage(t)
			st, err := w.ReadBack(t.Context(), &lr.Object{Resource: "/notes", Owner: w.acme, ID: "1", Keys: map[string]string{"/notes": "1"}})
			if err != nil || st.Exists != c.exists {
				t.Errorf("got %+v, %v; want exists %t", st, err, c.exists)
			}
		})
	}
}

func TestControlIsSentOnce(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	notes(s)
	w := s.seeded(t)
	before := len(s.asked("GET /notes"))
	rt := route(t, w, "GET /notes/{id}")
	a, b := w.Object("/notes", w.acme), w.Object("/notes", w.globex)
	first, err := w.Control(t.Context(), rt, a, w.acme)
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if again, err := w.Control(t.Context(), rt, a, w.acme); err != nil || again != first {
			t.Errorf("got another exchange, %v", err)
		}
	}
	for _, other := range []struct {
		o  *lr.Object
		as *lr.Account
	}{{b, w.acme}, {a, w.globex}, {a, nil}} {
		if x, err := w.Control(t.Context(), rt, other.o, other.as); err != nil || x == first {
			t.Errorf("another question got the same answer, %v", err)
		}
	}
	if n := len(s.asked("GET /notes")) - before; n != 4 {
		t.Errorf("%d requests were sent for 4 questions", n)
	}
}

func TestMakeUser(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	user := object([]string{"email", "password"}, "email", "password", "name", "role")
	s.on("POST /members", user, func(w http.ResponseWriter, r *http.Request, tenant string) {
		if role, _ := whose(r); role != "admin" {
			answer(w, 403, nil)
			return
		}
		v := bodyOf(r)
		v["id"] = s.id()
		answer(w, 201, s.add("members", tenant, v))
	})
	s.item("/members/{member_id}", "members", "id")
	w := s.stage(t)
	login, id, err := w.MakeUser(t.Context(), "globex", "viewer", lr.NewSecret("Pw-of-the-spare-1!"))
	if err != nil {
		t.Fatal(err)
	}
	v := s.find("members", "globex", "id", id)
	if v == nil || v["email"] != login || v["password"] != "Pw-of-the-spare-1!" || v["role"] != "viewer" || !strings.HasSuffix(login, "@globex.test") {
		t.Errorf("got user %s (%s): %v", login, id, v)
	}
	for _, e := range w.ledger.all() {
		if strings.Contains(e.Canary+e.DeletePath+e.Reason, "Pw-of") {
			t.Errorf("the ledger holds the password: %+v", e)
		}
	}
	if _, err := w.Teardown(t.Context(), "r1"); err != nil || s.left() != 0 {
		t.Errorf("teardown: %v, %d users left", err, s.left())
	}
	bare := newShelf(t)
	notes(bare)
	if _, _, err := bare.stage(t).MakeUser(t.Context(), "acme", "", lr.NewSecret("x")); !errors.Is(err, lr.ErrNoSpare) {
		t.Errorf("without such a route: got %v, want ErrNoSpare", err)
	}
}
