package isolation

import (
	"net/http"
	"strings"
	"testing"
)

// hits finds the term in the titles of the rows that keep takes.
func hits(a *app, term string, keep func(row) bool) []row {
	return a.list("notes", func(v row) bool { return strings.Contains(text(v["title"]), term) && (keep == nil || keep(v)) })
}

func TestSearchLeak(t *testing.T) {
	const search = "GET /search"
	with := func(h func(a *app, w http.ResponseWriter, term, tenant string)) func(*app) {
		return func(a *app) {
			a.crud("notes")
			a.on("GET /search?q=x", private(func(w http.ResponseWriter, r *http.Request, tenant string) { h(a, w, r.URL.Query().Get("q"), tenant) }))
		}
	}
	leak := want{fails: []string{search}}
	safe := want{passes: []string{search}}
	cases(t, searchLeak, []testCase{
		{"safe", with(func(a *app, w http.ResponseWriter, term, tenant string) {
			reply(w, 200, row{"results": hits(a, term, of(tenant))})
		}), safe},
		{"no filter", with(func(a *app, w http.ResponseWriter, term, _ string) { reply(w, 200, row{"results": hits(a, term, nil)}) }), leak},
		{"the query is echoed", with(func(a *app, w http.ResponseWriter, term, tenant string) {
			reply(w, 200, row{"query": term, "message": "results for " + term, "results": hits(a, term, of(tenant))})
		}), safe},
		{"only ids are given away", with(func(a *app, w http.ResponseWriter, term, _ string) {
			var ids []any
			for _, v := range hits(a, term, nil) {
				ids = append(ids, v["id"])
			}
			reply(w, 200, row{"ids": ids})
		}), leak},
		{"a shared article is found by both", with(func(a *app, w http.ResponseWriter, term, tenant string) {
			reply(w, 200, row{"articles": []row{{"id": "article-how-to-begin-2026"}}, "results": hits(a, term, of(tenant))})
		}), safe},
		{"whole words alone are found", with(func(a *app, w http.ResponseWriter, term, _ string) {
			reply(w, 200, row{"results": a.list("notes", func(v row) bool { return v["title"] == term })})
		}), leak},
		{"public to anyone", func(a *app) {
			a.crud("notes")
			a.on("GET /search?q=x", func(w http.ResponseWriter, r *http.Request, _ string) {
				reply(w, 200, row{"results": hits(a, r.URL.Query().Get("q"), nil)})
			})
		}, safe},
		{"an index that finds nothing for its owner", with(func(_ *app, w http.ResponseWriter, _, _ string) { reply(w, 200, row{"results": []row{}}) }), want{open: []string{search}}},
		{"by POST", func(a *app) {
			a.crud("notes")
			a.on(`POST /notes/search {"query":"x"}`, private(func(w http.ResponseWriter, r *http.Request, _ string) {
				reply(w, 200, row{"results": hits(a, text(body(r)["query"]), nil)})
			}))
		}, want{fails: []string{"POST /notes/search"}}},
		{"nothing searches", func(a *app) { a.crud("notes") }, want{skipped: true}},
	})
}

func TestExportLeak(t *testing.T) {
	cases(t, exportLeak, []testCase{
		{"safe", func(a *app) {
			a.crud("notes")
			a.on("GET /notes/export", private(func(w http.ResponseWriter, _ *http.Request, tenant string) {
				reply(w, 200, a.list("notes", of(tenant)))
			}))
		}, want{passes: []string{"GET /notes/export"}}},
		{"of all tenants", func(a *app) {
			a.crud("notes")
			a.on("GET /notes/export", private(func(w http.ResponseWriter, _ *http.Request, _ string) { reply(w, 200, a.list("notes", nil)) }))
		}, want{fails: []string{"GET /notes/export"}}},
		{"of all tenants, as CSV", func(a *app) {
			a.crud("notes")
			a.on("GET /notes/export", private(func(w http.ResponseWriter, _ *http.Request, _ string) {
				w.Header().Set("Content-Type", "text/csv")
				for _, v := range a.list("notes", nil) {
					_, _ = w.Write([]byte(text(v["id"]) + ";" + text(v["title"]) + "\n"))
				}
			}))
		}, want{fails: []string{"GET /notes/export"}}},
		{"by POST with a body that names the chat", func(a *app) {
			a.crud("chats")
			a.on(`POST /chats/export {"chat_id":"x"}`, private(func(w http.ResponseWriter, r *http.Request, _ string) {
				if v := a.find("chats", text(body(r)["chat_id"]), "*"); v != nil {
					reply(w, 200, v)
					return
				}
				missing(w)
			}))
		}, want{fails: []string{"POST /chats/export"}}},
		{"by POST with a body that names the chat, safe", func(a *app) {
			a.crud("chats")
			a.on(`POST /chats/export {"chat_id":"x"}`, private(func(w http.ResponseWriter, r *http.Request, tenant string) {
				if v := a.find("chats", text(body(r)["chat_id"]), tenant); v != nil {
					reply(w, 200, v)
					return
				}
				missing(w)
			}))
		}, want{passes: []string{"POST /chats/export"}}},
		{"nothing is exported", func(a *app) { a.crud("notes") }, want{skipped: true}},
	})
}
