package isolation

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
)

func TestExistenceOracle(t *testing.T) {
	odd := func(h func(w http.ResponseWriter)) func(*app) {
		return func(a *app) {
			a.crud("notes")
			a.on(readNote, anyNote(a, func(w http.ResponseWriter, _ row) { h(w) }))
		}
	}
	cases(t, existenceOracle, []testCase{
		{"safe", func(a *app) { a.crud("notes") }, want{passes: []string{readNote}}},
		{"403 for a foreign one", odd(func(w http.ResponseWriter) { reply(w, 403, row{"error": "forbidden"}) }), want{fails: []string{readNote}}},
		{"404 in another shape", odd(func(w http.ResponseWriter) { reply(w, 404, row{"error": "not found", "owner": "someone"}) }), want{fails: []string{readNote}}},
		{"404 with a request id of its own", odd(func(w http.ResponseWriter) { reply(w, 404, row{"error": "not found, request 81723"}) }), want{passes: []string{readNote}}},
		{"an object that is given away", odd(func(w http.ResponseWriter) { reply(w, 200, row{"title": "given away"}) }), want{}},
		{"an empty list for a foreign parent and 404 for a missing one", func(a *app) {
			a.below()
			a.on("GET /chats/{chat_id}/messages", private(func(w http.ResponseWriter, r *http.Request, tenant string) {
				if a.find("chats", r.PathValue("chat_id"), "*") == nil {
					missing(w)
					return
				}
				reply(w, 200, row{"data": a.list("messages", func(v row) bool { return v["tenant"] == tenant && v["chat_id"] == r.PathValue("chat_id") })})
			}))
		}, want{fails: []string{"GET /chats/{chat_id}/messages"}, passes: []string{"GET /chats/{id}"}}},
		{"an id whose form is checked", func(a *app) {
			a.nextID = func(n int, _ string) string { return fmt.Sprintf("7c9e6679-7425-40de-944b-%012x", n*7919) }
			a.crud("notes")
			a.on(readNote, private(func(w http.ResponseWriter, r *http.Request, tenant string) {
				id := r.PathValue("id")
				if v := a.find("notes", id, tenant); v != nil {
					reply(w, 200, v)
					return
				}
				if len(id) != 36 || id[14] != '4' || !strings.ContainsRune("89ab", rune(id[19])) {
					reply(w, 400, row{"error": "no UUID"})
					return
				}
				missing(w)
			}))
		}, want{passes: []string{readNote}}},
		{"an id that nobody can imitate", func(a *app) {
			a.crud("notes")
			a.on(readNote, private(func(w http.ResponseWriter, r *http.Request, tenant string) {
				switch v := a.find("notes", r.PathValue("id"), "*"); {
				case v == nil:
					reply(w, 400, row{"error": "bad checksum"})
				case v["tenant"] != tenant:
					missing(w)
				default:
					reply(w, 200, v)
				}
			}))
		}, want{open: []string{readNote}}},
		{"busy", func(a *app) {
			a.crud("notes")
			a.on(readNote, private(func(w http.ResponseWriter, r *http.Request, tenant string) {
				if v := a.find("notes", r.PathValue("id"), tenant); v != nil {
					reply(w, 200, v)
					return
				}
				reply(w, 503, row{"error": "busy"})
			}))
		}, want{}},
	})
}

func TestErrorText(t *testing.T) {
	// unique refuses a title that stands already, and says of the other what say gives.
	unique := func(whose func(tenant string) func(row) bool, say func(v row) row) func(*app) {
		return func(a *app) {
			a.crud("notes")
			a.on(`POST /notes {"title":"hello"}`, private(func(w http.ResponseWriter, r *http.Request, tenant string) {
				b := body(r)
				for _, v := range a.list("notes", whose(tenant)) {
					if v["title"] == b["title"] {
						reply(w, 409, say(v))
						return
					}
				}
				reply(w, 201, a.add("notes", tenant, row{"title": b["title"]}))
			}))
		}
	}
	everyone := func(string) func(row) bool { return nil }
	cases(t, errorText, []testCase{
		{"safe", func(a *app) { a.crud("notes") }, want{passes: []string{addNote, editNote}}},
		{"unique over all, quoting the other's id", unique(everyone, func(v row) row {
			return row{"error": "already used by " + text(v["id"])}
		}), want{fails: []string{addNote}, passes: []string{editNote}}},
		{"unique over all, quoting the caller's own words", unique(everyone, func(v row) row {
			return row{"error": fmt.Sprintf("the title %q is taken", v["title"])}
		}), want{passes: []string{addNote}}},
		{"unique in the tenant", unique(of, func(v row) row { return row{"error": "already used by " + text(v["id"])} }), want{passes: []string{addNote}}},
		{"an error that quotes the object it could not change", func(a *app) {
			a.crud("notes")
			a.on(`PATCH /notes/{id} {"title":"hello"}`, private(func(w http.ResponseWriter, r *http.Request, _ string) {
				reply(w, 400, row{"error": "no JSON", "note": a.find("notes", r.PathValue("id"), "*")})
			}))
		}, want{fails: []string{editNote}, passes: []string{addNote}}},
		{"an error that echoes the path", func(a *app) {
			a.crud("notes")
			a.on(`PATCH /notes/{id} {"title":"hello"}`, private(func(w http.ResponseWriter, r *http.Request, _ string) {
				reply(w, 400, row{"error": "no JSON at " + r.URL.Path})
			}))
		}, want{passes: []string{addNote, editNote}}},
		{"nothing is written", func(a *app) {
			a.on(listNotes, private(func(w http.ResponseWriter, _ *http.Request, _ string) { reply(w, 200, []row{}) }))
		}, want{skipped: true}},
	})
}

// cached puts a response cache before a route.
func cached(a *app, route string, key func(r *http.Request, tenant string) string) {
	inner := a.handles[route]
	var mu sync.Mutex
	kept := map[string]string{}
	a.on(route, func(w http.ResponseWriter, r *http.Request, tenant string) {
		k := key(r, tenant)
		mu.Lock()
		body, hit := kept[k]
		mu.Unlock()
		if hit && r.Header.Get("Cache-Control") != "no-cache" {
			w.Header().Set("X-Cache", "HIT")
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprint(w, body)
			return
		}
		rec := &recorder{ResponseWriter: w}
		inner(rec, r, tenant)
		if rec.status < 300 {
			mu.Lock()
			kept[k] = rec.text.String()
			mu.Unlock()
		}
	})
}

type recorder struct {
	http.ResponseWriter
	status int
	text   strings.Builder
}

func (r *recorder) WriteHeader(status int) { r.status = status; r.ResponseWriter.WriteHeader(status) }
func (r *recorder) Write(b []byte) (int, error) {
	r.text.Write(b)
	return r.ResponseWriter.Write(b)
}

func TestSharedCache(t *testing.T) {
	byURL := func(r *http.Request, _ string) string { return r.URL.String() }
	byTenant := func(r *http.Request, tenant string) string { return tenant + r.URL.String() }
	with := func(route string, key func(*http.Request, string) string) func(*app) {
		return func(a *app) { a.crud("notes"); cached(a, route, key) }
	}
	cases(t, sharedCache, []testCase{
		{"no cache", func(a *app) { a.crud("notes") }, want{passes: []string{listNotes, readNote}}},
		{"keyed by tenant", with(listNotes, byTenant), want{passes: []string{listNotes, readNote}}},
		{"a list keyed by its URL", with(listNotes, byURL), want{fails: []string{listNotes}, passes: []string{readNote}}},
		{"an object keyed by its URL", with(readNote, byURL), want{fails: []string{readNote}, passes: []string{listNotes}}},
		{"an object named in the query, keyed by its path alone", func(a *app) {
			a.crud("notes")
			a.on("GET /getNote?id=x", private(func(w http.ResponseWriter, r *http.Request, tenant string) {
				if v := a.find("notes", r.URL.Query().Get("id"), tenant); v != nil {
					reply(w, 200, v)
					return
				}
				missing(w)
			}))
			cached(a, "GET /getNote", func(r *http.Request, _ string) string { return r.URL.Path + r.URL.Query().Get("id") })
		}, want{fails: []string{"GET /getNote"}, passes: []string{listNotes}}},
		{"keyed by who is signed in, but for nobody", with(listNotes, func(r *http.Request, tenant string) string {
			if tenant == "" {
				tenant = "acme"
			}
			return tenant + r.URL.String()
		}), want{fails: []string{listNotes}, passes: []string{readNote}}},
		{"the application's own leak", func(a *app) {
			a.crud("notes")
			a.on(listNotes, private(func(w http.ResponseWriter, _ *http.Request, _ string) { reply(w, 200, a.list("notes", nil)) }))
		}, want{passes: []string{readNote}}},
	})
}

// TestCachedLeak holds that a cache's leak is one finding: the checks of reads
// leave it to the check of caches.
func TestCachedLeak(t *testing.T) {
	cases(t, listLeak, []testCase{{"a list keyed by its URL", func(a *app) {
		a.crud("notes")
		cached(a, listNotes, func(r *http.Request, _ string) string { return r.URL.String() })
	}, want{passes: []string{listNotes}}}})
}

func TestCookieScope(t *testing.T) {
	login := func(cookies ...string) func(*app) {
		return func(a *app) {
			a.on(`POST /login {"email":"e","password":"p"}`, func(w http.ResponseWriter, _ *http.Request, _ string) {
				for _, c := range cookies {
					w.Header().Add("Set-Cookie", c)
				}
				reply(w, 200, row{"ok": true})
			})
		}
	}
	cases(t, cookieScope, []testCase{
		{"bound to its host", login("app_session=abc; Path=/; HttpOnly"), want{passes: []string{"cookie app_session"}}},
		{"for the parent domain", login("app_session=abc; Domain=.acme.test; Path=/"), want{fails: []string{"cookie app_session"}}},
		{"for hosts below its own", login("app_session=abc; Domain=127.0.0.1; Path=/"), want{suspects: []string{"cookie app_session"}}},
		{"no session in it", login("theme=dark; Domain=.acme.test", "csrf_token=abc; Domain=.acme.test"), want{skipped: true}},
		{"taken away", login("app_session=; Max-Age=0; Domain=.acme.test"), want{skipped: true}},
		{"no cookie", login(), want{skipped: true}},
	})
}
