package demo

import (
	"strings"
	"testing"
)

// contentTraps are the traps in the routes of what tenants own.
var contentTraps = map[string]func(w *world){
	"no-op-delete": func(w *world) {
		a, b := w.as("member@acme.test"), w.as("member@globex.test")
		id := w.do(a, "POST", "/v1/exports", map[string]any{"kind": "chats"}).want(202).str("id")
		foreign, missing := w.do(b, "DELETE", "/v1/exports/"+id, nil).want(204), w.do(b, "DELETE", "/v1/exports/exp_none", nil).want(204)
		if foreign.Body != "" || missing.Body != "" {
			w.t.Errorf("got bodies %q and %q, want none", foreign.Body, missing.Body)
		}
		w.do(a, "GET", "/v1/exports/"+id, nil).want(200)
		w.do(a, "DELETE", "/v1/exports/"+id, nil).want(204)
		w.do(a, "GET", "/v1/exports/"+id, nil).want(404)
	},
	"shared-article": func(w *world) {
		a, b := w.as("member@acme.test"), w.as("viewer@globex.test")
		id := w.do(a, "GET", "/v1/articles", nil).want(200).str("data.0.id")
		if x, y := w.do(a, "GET", "/v1/articles/"+id, nil).want(200), w.do(b, "GET", "/v1/articles/"+id, nil).want(200); x.Body != y.Body {
			w.t.Errorf("got %q and %q, want one article", x.Body, y.Body)
		}
		w.do(anon, "GET", "/v1/articles/"+id, nil).want(401)
		w.do(a, "GET", "/v1/articles/art_none", nil).want(404)
	},
	"public-avatar": func(w *world) {
		c := w.as("member@acme.test")
		got := w.do(anon, "GET", "/v1/avatars/"+c.ID+".svg", nil).want(200).has(">MS<").lacks("Mina").lacks("Sato").lacks(c.TenantID)
		if ct := got.Header.Get("Content-Type"); ct != "image/svg+xml" {
			w.t.Errorf("got content type %q", ct)
		}
		w.do(anon, "GET", "/v1/avatars/"+c.ID, nil).want(200)
		w.do(anon, "GET", "/v1/avatars/usr_none.svg", nil).want(404)
	},
	"public-share": func(w *world) {
		c := w.as("member@acme.test")
		o := w.make(c, "KESTREL-4417")
		w.do(anon, "GET", "/v1/shared/"+o.share, nil).want(200).has(o.canary).lacks(o.chat).lacks(c.ID).lacks(c.TenantID)
		w.do(anon, "GET", "/v1/shared/"+o.chat, nil).want(404).lacks(o.canary)
		w.do(anon, "GET", "/v1/shared/guess", nil).want(404).lacks(o.canary)
		w.do(c, "DELETE", "/v1/chats/"+o.chat+"/share", nil).want(204)
		w.do(anon, "GET", "/v1/shared/"+o.share, nil).want(404).lacks(o.canary)
		if again := w.do(c, "POST", "/v1/chats/"+o.chat+"/share", nil).want(201).str("token"); again == o.share {
			w.t.Error("got the revoked token again")
		}
	},
	"signed-link": func(w *world) {
		c := w.as("member@acme.test")
		o := w.make(c, "KESTREL-4417")
		link := w.do(c, "POST", "/v1/files/"+o.file+"/link", nil).want(200).str("url")
		w.do(anon, "GET", link, nil).want(200).has(o.canary)
		w.do(anon, "GET", link+"0", nil).want(403).lacks(o.canary)
		w.do(anon, "GET", strings.Replace(link, "exp=", "exp=9", 1), nil).want(403).lacks(o.canary)
		w.do(anon, "GET", "/v1/download/"+o.file, nil).want(403).lacks(o.canary)
		w.forward(linkLife + 1e9)
		w.do(anon, "GET", link, nil).want(403).lacks(o.canary)
	},
	"redirect-to-login": func(w *world) {
		c := w.as("member@acme.test")
		o := w.make(c, "KESTREL-4417")
		got := w.do(anon, "GET", "/app/chats/"+o.chat, nil, "Accept", "text/html,*/*").want(302).lacks(o.canary).lacks(o.chat)
		if to := got.Header.Get("Location"); to != "/login" {
			w.t.Errorf("got Location %q, want /login", to)
		}
		w.do(anon, "GET", "/login", nil).want(200).lacks(o.canary)
		w.do(anon, "GET", "/app/chats/"+o.chat, nil).want(401).lacks(o.canary)
		w.do(c, "GET", "/app/chats/"+o.chat, nil, "Accept", "text/html").want(200).has(o.canary)
		w.do(w.as("member@globex.test"), "GET", "/app/chats/"+o.chat, nil, "Accept", "text/html").want(404).lacks(o.canary)
	},
	"refusal-with-body": func(w *world) {
		got := w.do(w.as("viewer@acme.test"), "POST", "/v1/chats", map[string]any{"title": "by a viewer"}).want(403).has("member")
		if len(got.Body) < 80 {
			w.t.Errorf("got %q, want a body of some length", got.Body)
		}
		w.do(w.as("viewer@acme.test"), "GET", "/v1/chats", nil).want(200).lacks("by a viewer")
	},
	"empty-500": func(w *world) {
		a, b := w.as("member@acme.test"), w.as("member@globex.test")
		id := w.do(a, "GET", "/v1/reports", nil).want(200).str("data.0.id")
		w.do(a, "GET", "/v1/reports/"+id, nil).want(200).has("Acme")
		foreign, missing := w.do(b, "GET", "/v1/reports/"+id, nil).want(500).lacks("Acme"), w.do(b, "GET", "/v1/reports/rep_none", nil).want(500)
		if anonymised(foreign.Body) != anonymised(missing.Body) {
			w.t.Errorf("foreign %q and missing %q differ", foreign.Body, missing.Body)
		}
	},
	"keyed-by-name": func(w *world) {
		a, b := w.as("member@acme.test"), w.as("member@globex.test")
		w.do(a, "POST", "/v1/collections/handbook/documents", map[string]any{"title": "KESTREL-4417", "text": "x"}).want(201)
		w.do(a, "PATCH", "/v1/collections/handbook", map[string]any{"description": "PLUMAGE-1"}).want(200)
		w.do(b, "GET", "/v1/collections/handbook", nil).want(200).has("Globex").lacks("PLUMAGE-1")
		w.do(b, "GET", "/v1/collections/handbook/documents", nil).want(200).has("Globex").lacks("KESTREL-4417")
		w.do(b, "DELETE", "/v1/collections/handbook", nil).want(204)
		w.do(a, "GET", "/v1/collections/handbook/documents", nil).want(200).has("KESTREL-4417")
	},
	"small-numbers": func(w *world) {
		a, b := w.as("member@acme.test"), w.as("member@globex.test")
		made := w.do(a, "POST", "/v1/prompts", map[string]any{"title": "KESTREL-4417", "text": "x"}).want(201)
		w.do(b, "GET", made.Header.Get("Location"), nil).want(404).lacks("KESTREL")
		w.do(b, "PUT", made.Header.Get("Location"), map[string]any{"title": "y", "text": "y"}).want(404)
		w.do(b, "DELETE", made.Header.Get("Location"), nil).want(404)
		other := w.do(b, "POST", "/v1/prompts", map[string]any{"title": "MARIGOLD-9932", "text": "x"}).want(201)
		if made.get("number") != other.get("number") {
			w.t.Errorf("got numbers %v and %v, want the same", made.get("number"), other.get("number"))
		}
		path := made.Header.Get("Location")
		w.do(a, "GET", path, nil).want(200).has("KESTREL").lacks("MARIGOLD")
		w.do(b, "PUT", path, map[string]any{"title": "ALTERED", "text": "y"}).want(200).has("ALTERED")
		w.do(b, "DELETE", path, nil).want(204)
		w.do(a, "GET", path, nil).want(200).has("KESTREL").lacks("ALTERED")
	},
	"foreign-filter": func(w *world) {
		a, b := w.as("member@acme.test"), w.as("member@globex.test")
		o := w.make(a, "KESTREL-4417")
		w.do(b, "GET", "/v1/chats?tenant_id="+a.TenantID, nil).want(200).lacks(o.canary).lacks(o.chat)
	},
	"same-title": func(w *world) {
		a, b := w.do(w.as("viewer@acme.test"), "GET", "/v1/chats", nil).want(200), w.do(w.as("viewer@globex.test"), "GET", "/v1/chats", nil).want(200)
		a.has("Onboarding checklist").lacks(b.str("data.0.id"))
		b.has("Onboarding checklist").lacks(a.str("data.0.id"))
	},
	"cache-hit": func(w *world) {
		a, b := w.as("member@acme.test"), w.as("member@globex.test")
		for _, c := range []struct {
			who        caller
			cache      string
			has, lacks string
		}{{a, "MISS", "Acme", "Globex"}, {a, "HIT", "Acme", "Globex"}, {b, "MISS", "Globex", "Acme"}, {b, "HIT", "Globex", "Acme"}} {
			got := w.do(c.who, "GET", "/v1/dashboard", nil).want(200).has(c.has).lacks(c.lacks)
			if x := got.Header.Get("X-Cache"); x != c.cache {
				w.t.Errorf("got X-Cache %q, want %q", x, c.cache)
			}
		}
		w.do(anon, "GET", "/v1/dashboard", nil).want(401).lacks("Acme")
		w.forward(cacheLife + 1e9)
		if x := w.do(a, "GET", "/v1/dashboard", nil).want(200).Header.Get("X-Cache"); x != "MISS" {
			w.t.Errorf("got X-Cache %q after its life, want MISS", x)
		}
	},
	"own-head": func(w *world) {
		a, b := w.as("member@acme.test"), w.as("member@globex.test")
		o := w.make(a, "KESTREL-4417")
		for _, c := range []struct {
			who    caller
			status int
		}{{a, 200}, {b, 404}, {anon, 401}} {
			if got := w.do(c.who, "HEAD", "/v1/chats/"+o.chat, nil).want(c.status); got.Body != "" {
				w.t.Errorf("got body %q, want none", got.Body)
			}
		}
	},
}

// Cross-checks of the fixtures: what the traps rest on is there for both tenants.
func TestSeededContent(t *testing.T) {
	w := start(t)
	for _, tenant := range []string{"acme", "globex"} {
		c := w.as("viewer@" + tenant + ".test")
		for _, path := range []string{"/v1/chats", "/v1/files", "/v1/collections", "/v1/collections/handbook/documents", "/v1/prompts", "/v1/reports", "/v1/articles"} {
			if w.do(c, "GET", path, nil).want(200).get("data.1") == nil {
				t.Errorf("%s has fewer than two of %s", tenant, path)
			}
		}
	}
}
