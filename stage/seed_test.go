package stage_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/stage"
)

// crud serves a collection whose items are keyed by a field, and which answers
// creations by made.
func (s *shelf) crud(path, param, field string, body item, made func(w http.ResponseWriter, v item), key func(in item) any) {
	coll := strings.Trim(path, "/")
	s.on("POST "+path, body, func(w http.ResponseWriter, r *http.Request, tenant string) {
		in := bodyOf(r)
		v := item{}
		for k, e := range in {
			v[k] = e
		}
		if inner, ok := in[strings.TrimSuffix(coll, "s")].(item); ok {
			v = inner
		}
		v[field] = key(v)
		made(w, s.add(coll, tenant, v))
	})
	s.on("GET "+path, nil, func(w http.ResponseWriter, _ *http.Request, tenant string) {
		answer(w, 200, item{"data": s.list(coll, tenant)})
	})
	s.item(path+"/{"+param+"}", coll, field)
}

// TestSeed seeds collections of many styles and wants, each time: an object a
// tenant, its key, a canary that the owner reads back, another one on demand,
// and nothing left after the teardown.
func TestSeed(t *testing.T) {
	title := object([]string{"title"}, "title")
	whole := func(w http.ResponseWriter, v item) { answer(w, 201, v) }
	for name, c := range map[string]struct {
		path string
		make func(*shelf)
	}{
		"id in the reply":                {"/notes", func(s *shelf) { s.crud("/notes", "id", "id", title, whole, func(item) any { return s.id() }) }},
		"parameter named after the noun": {"/notes", func(s *shelf) { s.crud("/notes", "note_id", "id", title, whole, func(item) any { return s.id() }) }},
		"wrapped in data": {"/notes", func(s *shelf) {
			s.crud("/notes", "id", "id", title, func(w http.ResponseWriter, v item) { answer(w, 201, item{"data": v}) }, func(item) any { return s.id() })
		}},
		"Location alone": {"/notes", func(s *shelf) {
			s.crud("/notes", "id", "id", title, func(w http.ResponseWriter, v item) {
				w.Header().Set("Location", "/notes/"+v["id"].(string))
				w.WriteHeader(201)
			}, func(item) any { return s.id() })
		}},
		"small integers": {"/notes", func(s *shelf) { s.crud("/notes", "id", "id", title, whole, func(item) any { return s.next() }) }},
		"slug made of the title": {"/articles", func(s *shelf) {
			s.crud("/articles", "slug", "slug", title, whole, func(in item) any { return strings.ToLower(fmt.Sprint(in["title"])) + "-x" })
		}},
		"keyed by the name sent": {"/books", func(s *shelf) {
			s.crud("/books", "book_title", "book_title", object([]string{"book_title", "secret"}, "book_title", "secret"),
				func(w http.ResponseWriter, _ item) {
					answer(w, 200, item{"status": "success", "message": "Book has been added."})
				},
				func(in item) any { return in["book_title"] })
		}},
		"object inside its noun": {"/articles", func(s *shelf) {
			s.crud("/articles", "slug", "slug", item{"type": "object", "required": []string{"article"}, "properties": item{"article": title}},
				func(w http.ResponseWriter, v item) { answer(w, 201, item{"article": v}) }, func(item) any { return s.id() })
		}},
		"told by the list alone": {"/notes", func(s *shelf) {
			s.crud("/notes", "id", "id", title, func(w http.ResponseWriter, _ item) { w.WriteHeader(204) }, func(item) any { return s.id() })
		}},
		"form body": {"/notes", func(s *shelf) {
			s.crud("/notes", "id", "id", item{"content": item{"application/x-www-form-urlencoded": item{"schema": title}}}, whole, func(item) any { return s.id() })
		}},
		"file": {"/files", func(s *shelf) {
			s.crud("/files", "id", "id", item{"content": item{"multipart/form-data": item{"schema": item{"type": "object",
				"properties": item{"file": item{"type": "string", "format": "binary"}}}}}}, whole, func(item) any { return s.id() })
		}},
		"no body described": {"/notes", func(s *shelf) { s.crud("/notes", "id", "id", nil, whole, func(item) any { return s.id() }) }},
		"takes only what it must": {"/notes", func(s *shelf) {
			s.strict("/notes", object([]string{"title"}, "title", "description"), func(in item) bool { return len(in) == 1 && in["title"] != nil })
		}},
		"takes its example only": {"/notes", func(s *shelf) {
			b := object([]string{"title"}, "title", "kind")
			b["example"] = item{"title": "Hello", "kind": "memo"}
			s.strict("/notes", b, func(in item) bool { return in["kind"] == "memo" && in["title"] != nil })
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newShelf(t)
			c.make(s)
			w := s.seeded(t)
			for _, a := range []*lr.Account{w.acme, w.globex} {
				o := w.Object(c.path, a)
				if o == nil {
					t.Fatalf("no object of %s: %s", a.Tenant, w.Why(c.path, a.Tenant))
				}
				if !o.Made || o.Owner.Tenant != a.Tenant || o.ID == "" || o.Keys[c.path] != o.ID || len(o.Canaries) == 0 {
					t.Errorf("got %+v", o)
				}
				for _, canary := range o.Canaries {
					if w.TenantOf(canary) != a.Tenant {
						t.Errorf("canary %s is of %q, want %s", canary, w.TenantOf(canary), a.Tenant)
					}
				}
				st, err := w.ReadBack(t.Context(), o)
				if err != nil || !st.Exists || !holds(st.Exchange, o.Canaries) {
					t.Errorf("%s does not read its object back: %+v, %v", a.Tenant, st, err)
				}
				other, err := w.Fresh(t.Context(), c.path, a)
				if err != nil || other.ID == o.ID {
					t.Errorf("a fresh object: got %+v, %v; the first is %s", other, err, o.ID)
				}
			}
			orphans, err := w.Teardown(t.Context(), "r1")
			if err != nil || len(orphans) != 0 || s.left() != 0 {
				t.Errorf("teardown: %v, orphans %q, %d items left", err, orphans, s.left())
			}
		})
	}
}

// strict serves a collection that takes only some bodies.
func (s *shelf) strict(path string, body item, takes func(item) bool) {
	coll := strings.Trim(path, "/")
	s.on("POST "+path, body, func(w http.ResponseWriter, r *http.Request, tenant string) {
		in := bodyOf(r)
		if !takes(in) {
			answer(w, 422, item{"error": "no"})
			return
		}
		in["id"] = s.id()
		answer(w, 201, s.add(coll, tenant, in))
	})
	s.item(path+"/{id}", coll, "id")
	s.on("GET "+path, nil, func(w http.ResponseWriter, _ *http.Request, tenant string) { answer(w, 200, s.list(coll, tenant)) })
}

func holds(x *lr.Exchange, values []string) bool {
	for _, v := range values {
		if strings.Contains(string(x.Body), v) {
			return true
		}
	}
	return false
}

func TestSeedNested(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	s.crud("/chats", "chat_id", "id", object(nil, "title"), func(w http.ResponseWriter, v item) { answer(w, 201, v) }, func(item) any { return s.id() })
	s.on("POST /chats/{chat_id}/messages", object([]string{"content"}, "content"), func(w http.ResponseWriter, r *http.Request, tenant string) {
		if s.find("chats", tenant, "id", r.PathValue("chat_id")) == nil {
			answer(w, 404, nil)
			return
		}
		v := bodyOf(r)
		v["id"], v["chat"] = s.id(), r.PathValue("chat_id")
		answer(w, 201, s.add("messages", tenant, v))
	})
	s.item("/chats/{chat_id}/messages/{message_id}", "messages", "id")
	w := s.seeded(t)
	o := w.Object("/chats/{}/messages", w.acme)
	if o == nil {
		t.Fatalf("no message: %s", w.Why("/chats/{}/messages", "acme"))
	}
	if chat := w.Object("/chats", w.acme); o.Parent != chat || o.Keys["/chats"] != chat.ID || o.Keys["/chats/{}/messages"] != o.ID {
		t.Errorf("got keys %v, want the chat's and its own", o.Keys)
	}
	if _, err := w.Teardown(t.Context(), "r1"); err != nil || s.left() != 0 {
		t.Errorf("teardown: %v, %d left", err, s.left())
	}
	gone := s.asked("DELETE ")
	for i, l := range gone {
		if strings.Contains(l, "/messages/") && i >= 2 {
			t.Errorf("deleted in the order %q, want children first", gone)
		}
	}
}

// What cannot be created is taken from what the tenant has already, and is never
// taken away.
func TestHarvest(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	for _, tenant := range []string{"acme", "globex"} {
		s.add("invoices", tenant, item{"id": "inv_" + tenant + "_9a41f7", "total": "1200.00 of " + tenant})
	}
	s.on("GET /invoices", nil, func(w http.ResponseWriter, _ *http.Request, tenant string) {
		answer(w, 200, item{"items": s.list("invoices", tenant)})
	})
	s.item("/invoices/{invoice_id}", "invoices", "id")
	w := s.seeded(t)
	o := w.Object("/invoices", w.globex)
	if o == nil || o.ID != "inv_globex_9a41f7" || o.Made {
		t.Fatalf("got %+v (%s), want the invoice that globex has", o, w.Why("/invoices", "globex"))
	}
	if _, err := w.Fresh(t.Context(), "/invoices", w.globex); err == nil {
		t.Error("a fresh invoice was made, and no route makes one")
	}
	if orphans, err := w.Teardown(t.Context(), "r1"); err != nil || len(orphans) != 0 || s.left() != 2 {
		t.Errorf("teardown: %v, orphans %q, %d invoices left of 2", err, orphans, s.left())
	}
}

func TestDeclaredObjects(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	s.on("POST /notes", object([]string{"title", "kind"}, "title", "kind"), func(w http.ResponseWriter, r *http.Request, tenant string) {
		in := bodyOf(r)
		if in["kind"] != "board" {
			answer(w, 422, nil)
			return
		}
		in["id"] = s.id()
		answer(w, 201, s.add("notes", tenant, in))
	})
	s.item("/notes/{id}", "notes", "id")
	s.item("/bills/{id}", "bills", "id")
	s.add("bills", "acme", item{"id": "bill-1"})
	w := s.seeded(t, func(o *stage.Options) {
		o.Declared = []stage.Declared{
			{Name: "note", Create: "POST /notes", Body: map[string]any{"kind": "board"}},
			{Name: "bill", Read: "GET /bills/{id}", IDs: map[string]string{"acme": "bill-1"}},
		}
	})
	if w.Object("/notes", w.acme) == nil {
		t.Errorf("no note with the declared field: %s", w.Why("/notes", "acme"))
	}
	if o := w.Object("/bills", w.acme); o == nil || o.ID != "bill-1" || o.Made {
		t.Errorf("the declared bill: got %+v", o)
	}
	if o := w.Object("/bills", w.globex); o != nil {
		t.Errorf("globex declares no bill: got %+v", o)
	}
}

// TestDeclaredBody holds that a configured body is sent as it stands, with the
// variables filled in and the marker where the body has it.
func TestDeclaredBody(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	var mu sync.Mutex
	got := map[string]item{}
	s.on("POST /notes", nil, func(w http.ResponseWriter, r *http.Request, tenant string) {
		in := bodyOf(r)
		mu.Lock()
		got[tenant] = in
		mu.Unlock()
		answer(w, 201, s.add("notes", tenant, item{"id": s.id(), "note": in["note"]}))
	})
	s.item("/notes/{id}", "notes", "id")
	w := s.seeded(t, func(o *stage.Options) {
		o.Declared = []stage.Declared{{Name: "note", Create: "POST /notes", Marker: "title",
			Body: map[string]any{"note": map[string]any{"title": "a title", "of": "$tenant", "price": "5$$"}}}}
	})
	mu.Lock()
	defer mu.Unlock()
	for _, a := range []*lr.Account{w.acme, w.globex} {
		note, _ := got[a.Tenant]["note"].(item)
		title, _ := note["title"].(string)
		if w.TenantOf(title) != a.Tenant {
			t.Errorf("%s: the marked title is %q, want its canary", a.Tenant, title)
		}
		tenant := a.TenantID
		if tenant == "" {
			tenant = a.Tenant
		}
		if note["of"] != tenant || note["price"] != "5$" {
			t.Errorf("%s: got %v, want the tenant %q and a dollar sign", a.Tenant, note, tenant)
		}
		if _, beside := got[a.Tenant]["title"]; beside {
			t.Errorf("%s: a title stands beside the note as well: %v", a.Tenant, got[a.Tenant])
		}
	}
}

func TestShareLinks(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	s.crud("/chats", "chat_id", "id", object(nil, "title"), func(w http.ResponseWriter, v item) { answer(w, 201, v) }, func(item) any { return s.id() })
	s.on("POST /chats/{chat_id}/share", nil, func(w http.ResponseWriter, r *http.Request, _ string) {
		answer(w, 201, item{"url": s.srv.URL + "/shared/tok-of-" + r.PathValue("chat_id")})
	})
	s.on("GET /shared/{token}", nil, func(w http.ResponseWriter, _ *http.Request, _ string) { answer(w, 200, item{}) })
	w := s.seeded(t)
	o := w.Object("/shared", w.acme)
	if chat := w.Object("/chats", w.acme); o == nil || o.ID != "tok-of-"+chat.ID || o.Parent != chat {
		t.Errorf("the link to the chat: got %+v", o)
	}
}
