package isolation

import (
	"fmt"
	"net/http"
	"testing"
)

const readNote = "GET /notes/{id}"

// anyNote answers with the row of any tenant, however say writes it.
func anyNote(a *app, say func(w http.ResponseWriter, v row)) handler {
	return private(func(w http.ResponseWriter, r *http.Request, tenant string) {
		own := a.find("notes", r.PathValue("id"), tenant)
		if own != nil {
			reply(w, 200, own)
			return
		}
		v := a.find("notes", r.PathValue("id"), "*")
		if v == nil {
			missing(w)
			return
		}
		say(w, v)
	})
}

func TestForeignRead(t *testing.T) {
	with := func(h func(a *app) handler) func(*app) {
		return func(a *app) { a.crud("notes"); a.on(readNote, h(a)) }
	}
	leak := want{fails: []string{readNote}}
	safe := want{passes: []string{readNote}}
	cases(t, foreignRead, []testCase{
		{"safe", func(a *app) { a.crud("notes") }, safe},
		{"loaded by id alone", with(func(a *app) handler {
			return anyNote(a, func(w http.ResponseWriter, v row) { reply(w, 200, v) })
		}), leak},
		{"loaded by id alone, and unknown parameters refused", with(func(a *app) handler {
			any := anyNote(a, func(w http.ResponseWriter, v row) { reply(w, 200, v) })
			return func(w http.ResponseWriter, r *http.Request, tenant string) {
				if r.URL.RawQuery != "" {
					reply(w, 400, row{"error": "unknown parameter"})
					return
				}
				any(w, r, tenant)
			}
		}), leak},
		{"what its list shows to anyone", func(a *app) {
			a.crud("notes")
			a.on(readNote, anyNote(a, func(w http.ResponseWriter, v row) { reply(w, 200, v) }))
			a.on("GET /notes", func(w http.ResponseWriter, _ *http.Request, _ string) {
				reply(w, 200, row{"data": a.list("notes", nil)})
			})
		}, safe},
		{"403 that carries the object", with(func(a *app) handler {
			return anyNote(a, func(w http.ResponseWriter, v row) { reply(w, 403, row{"error": "not yours", "note": v}) })
		}), leak},
		{"302 that carries the object", with(func(a *app) handler {
			return anyNote(a, func(w http.ResponseWriter, v row) {
				w.Header().Set("Location", "/login")
				w.WriteHeader(302)
				fmt.Fprintf(w, "<p>%s</p>", v["title"])
			})
		}), leak},
		{"302 without it", with(func(a *app) handler {
			return anyNote(a, func(w http.ResponseWriter, _ row) { w.Header().Set("Location", "/login"); w.WriteHeader(302) })
		}), safe},
		{"403 with a body that names nothing", with(func(a *app) handler {
			return anyNote(a, func(w http.ResponseWriter, _ row) {
				reply(w, 403, row{"error": "forbidden", "request": "req-81723-aa"})
			})
		}), safe},
		{"200 soft denial", with(func(a *app) handler {
			return private(func(w http.ResponseWriter, r *http.Request, tenant string) {
				if v := a.find("notes", r.PathValue("id"), tenant); v != nil {
					reply(w, 200, row{"success": true, "data": v})
					return
				}
				reply(w, 200, row{"success": false, "data": nil})
			})
		}), safe},
		{"500 without data, for the missing too", with(func(a *app) handler {
			return private(func(w http.ResponseWriter, r *http.Request, tenant string) {
				if v := a.find("notes", r.PathValue("id"), tenant); v != nil {
					reply(w, 200, v)
					return
				}
				reply(w, 500, row{"error": "temporarily unavailable"})
			})
		}), safe},
		{"a refusal that echoes the id", with(func(a *app) handler {
			return private(func(w http.ResponseWriter, r *http.Request, tenant string) {
				if v := a.find("notes", r.PathValue("id"), tenant); v != nil {
					reply(w, 200, v)
					return
				}
				reply(w, 404, row{"error": "no note " + r.PathValue("id"), "path": r.URL.Path})
			})
		}), safe},
		{"public by design", func(a *app) {
			a.crud("notes")
			a.on(readNote, func(w http.ResponseWriter, r *http.Request, _ string) {
				if v := a.find("notes", r.PathValue("id"), "*"); v != nil {
					reply(w, 200, v)
					return
				}
				missing(w)
			})
		}, safe},
		{"shared on purpose", func(a *app) {
			a.crud("notes")
			a.access.Shared = []string{"GET /notes/{id}"}
			a.on(readNote, anyNote(a, func(w http.ResponseWriter, v row) { reply(w, 200, v) }))
		}, safe},
		{"a catalogue that every tenant is listed, each in an order of its own", func(a *app) {
			items := []row{{"id": "art-1-quick-start", "text": "How to begin with the product"}, {"id": "art-2-billing", "text": "How invoices are made"}}
			a.on("GET /articles", private(func(w http.ResponseWriter, _ *http.Request, tenant string) {
				if tenant == "globex" {
					reply(w, 200, row{"data": []row{items[1], items[0]}})
					return
				}
				reply(w, 200, row{"data": items})
			}))
			a.on("GET /articles/{id}", private(func(w http.ResponseWriter, r *http.Request, _ string) {
				for _, v := range items {
					if v["id"] == r.PathValue("id") {
						reply(w, 200, v)
						return
					}
				}
				missing(w)
			}))
		}, want{passes: []string{"GET /articles/{id}"}}},
		{"public posts for who is signed in", func(a *app) {
			a.crud("notes")
			a.on(`POST /notes {"title":"hello"}`, private(func(w http.ResponseWriter, r *http.Request, tenant string) {
				reply(w, 201, a.add("notes", tenant, row{"title": body(r)["title"], "visibility": "PUBLIC"}))
			}))
			a.on(readNote, anyNote(a, func(w http.ResponseWriter, v row) { reply(w, 200, v) }))
		}, want{suspects: []string{readNote}}},
		{"keyed by a query parameter", func(a *app) {
			a.crud("notes")
			delete(a.routes, readNote)
			a.on("GET /getNote?id=x", private(func(w http.ResponseWriter, r *http.Request, _ string) {
				if v := a.find("notes", r.URL.Query().Get("id"), "*"); v != nil {
					reply(w, 200, v)
					return
				}
				missing(w)
			}))
		}, want{fails: []string{"GET /getNote"}}},
		{"keyed by a query parameter, safe", func(a *app) {
			a.crud("notes")
			delete(a.routes, readNote)
			a.on("GET /getNote?id=x", private(func(w http.ResponseWriter, r *http.Request, tenant string) {
				if v := a.find("notes", r.URL.Query().Get("id"), tenant); v != nil {
					reply(w, 200, v)
					return
				}
				missing(w)
			}))
		}, want{passes: []string{"GET /getNote"}}},
		{"keyed by a body member", func(a *app) {
			a.crud("notes")
			a.on(`POST /notes/get {"note_id":"x"}`, private(func(w http.ResponseWriter, r *http.Request, _ string) {
				id, _ := body(r)["note_id"].(string)
				if v := a.find("notes", id, "*"); v != nil {
					reply(w, 200, v)
					return
				}
				missing(w)
			}))
		}, want{fails: []string{"POST /notes/get"}, passes: []string{readNote}}},
		{"nothing to read", func(a *app) {
			a.on("GET /healthz", func(w http.ResponseWriter, _ *http.Request, _ string) { reply(w, 200, row{"ok": true}) })
		}, want{skipped: true}},
	})
}
