package isolation

import (
	"net/http"
	"strings"
	"testing"

	lr "github.com/launchready/launchready"
)

// operated has banners that administrators write and everybody is shown, and notes
// that are a tenant's. over is who administers every tenant: "admin@acme".
func operated(a *app, over string) {
	a.crud("notes")
	a.on("GET /notes", private(func(w http.ResponseWriter, r *http.Request, tenant string) {
		if caller(r) == over {
			reply(w, 200, row{"data": a.list("notes", nil)})
			return
		}
		reply(w, 200, row{"data": a.list("notes", of(tenant))})
	}))
	a.on(`POST /banners {"title":"hello","text":"closed on Monday"}`, private(func(w http.ResponseWriter, r *http.Request, tenant string) {
		if !strings.HasPrefix(caller(r), "admin@") {
			reply(w, 403, row{"error": "administrators only"})
			return
		}
		reply(w, 201, a.add("banners", tenant, row{"title": body(r)["title"], "text": body(r)["text"]}))
	}))
	shown := func(w http.ResponseWriter, _ *http.Request, _ string) {
		reply(w, 200, row{"data": a.list("banners", nil)})
	}
	a.on("GET /banners", private(shown))
	a.on("GET /start", private(func(w http.ResponseWriter, _ *http.Request, _ string) {
		reply(w, 200, row{"name": "Notes", "banners": a.list("banners", nil)})
	}))
	a.on("GET /users", private(func(w http.ResponseWriter, r *http.Request, _ string) {
		if caller(r) != over {
			reply(w, 403, row{"error": "operators only"})
			return
		}
		reply(w, 200, []row{{"email": "member@acme.test"}, {"email": "member@globex.test"}})
	}))
	a.on("GET /support", private(func(w http.ResponseWriter, _ *http.Request, _ string) {
		reply(w, 200, row{"write_to": "admin@acme.test"})
	}))
	a.on("GET /search?q=x", private(func(w http.ResponseWriter, r *http.Request, tenant string) {
		q := r.URL.Query().Get("q")
		found := a.list("notes", func(v row) bool { return v["tenant"] == tenant && strings.Contains(v["title"].(string), q) })
		reply(w, 200, row{"data": append(found, a.list("banners", func(v row) bool { return strings.Contains(v["title"].(string), q) })...)})
	}))
	a.people = []string{"member@acme", "admin@acme", "member@globex"}
}

// TestOfTheInstallation: what an administrator of the whole installation writes is
// shown to every tenant and is no tenant's. The same is a leak where the
// administrator is a tenant's own, and where each tenant has one.
func TestOfTheInstallation(t *testing.T) {
	const banners, start, support, notes, users = "GET /banners", "GET /start", "GET /support", "GET /notes", "GET /users"
	all := []string{banners, start, support}
	cases(t, listLeak, []testCase{
		{"an operator's", func(a *app) { operated(a, "admin@acme") }, want{suspects: all, passes: []string{notes, users}}},
		{"a tenant's administrator's", func(a *app) { operated(a, "") }, want{fails: all, passes: []string{notes}, open: []string{users}}},
		{"each tenant's administrator's", func(a *app) {
			operated(a, "")
			a.people = nil
		}, want{fails: all, passes: []string{notes}, open: []string{users}}},
		{"an operator's, beside a leak of notes", func(a *app) {
			operated(a, "admin@acme")
			a.on("GET /notes", private(func(w http.ResponseWriter, _ *http.Request, _ string) {
				reply(w, 200, row{"data": a.list("notes", nil)})
			}))
		}, want{suspects: all, fails: []string{notes}, passes: []string{users}}},
		{"a tenant's, whose users all see too much", func(a *app) {
			operated(a, "")
			a.on("GET /notes", private(func(w http.ResponseWriter, _ *http.Request, _ string) {
				reply(w, 200, row{"data": a.list("notes", nil)})
			}))
		}, want{fails: append([]string{notes}, all...), open: []string{users}}},
		{"an operator's, and said so", func(a *app) {
			operated(a, "admin@acme")
			a.access = lr.Access{Shared: all}
		}, want{passes: append([]string{notes, users}, all...)}},
	})
}

func TestSearchOfTheInstallation(t *testing.T) {
	const search = "GET /search"
	cases(t, searchLeak, []testCase{
		{"a tenant's notes and an operator's banners", func(a *app) { operated(a, "admin@acme") }, want{suspects: []string{search}}},
		{"a tenant's notes and its administrator's banners", func(a *app) { operated(a, "") }, want{fails: []string{search}}},
	})
}
