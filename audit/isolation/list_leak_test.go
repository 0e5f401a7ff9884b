package isolation

import (
	"fmt"
	"net/http"
	"strconv"
	"testing"

	lr "github.com/launchready/launchready"
)

const listNotes = "GET /notes"

// crowd puts rows of another tenant before those that the run makes.
func crowd(a *app, n int) {
	for i := range n {
		a.add("notes", "initech", row{"title": fmt.Sprintf("older note number %04d", i)})
	}
}

// page cuts one page out of the rows.
func page(rows []row, from, size int) []row {
	from = min(max(from, 0), len(rows))
	return rows[from:min(from+size, len(rows))]
}

func number(r *http.Request, name string, otherwise int) int {
	n, err := strconv.Atoi(r.URL.Query().Get(name))
	if err != nil {
		return otherwise
	}
	return n
}

func TestListLeak(t *testing.T) {
	list := func(line string, h func(a *app, w http.ResponseWriter, r *http.Request, tenant string)) func(*app) {
		return func(a *app) {
			a.crud("notes")
			a.on(line, private(func(w http.ResponseWriter, r *http.Request, tenant string) { h(a, w, r, tenant) }))
		}
	}
	leak := want{fails: []string{listNotes}}
	safe := want{passes: []string{listNotes}}
	cases(t, listLeak, []testCase{
		{"safe", func(a *app) { a.crud("notes") }, safe},
		{"no filter", list(listNotes, func(a *app, w http.ResponseWriter, _ *http.Request, _ string) {
			reply(w, 200, row{"data": a.list("notes", nil)})
		}), leak},
		{"one foreign row among many own", list(listNotes, func(a *app, w http.ResponseWriter, _ *http.Request, tenant string) {
			rows := a.list("notes", of(tenant))
			if others := a.list("notes", func(v row) bool { return v["tenant"] != tenant }); len(others) > 0 {
				rows = append(rows, others[0])
			}
			reply(w, 200, row{"data": rows})
		}), leak},
		{"an empty list for the attacker", list(listNotes, func(a *app, w http.ResponseWriter, _ *http.Request, tenant string) {
			rows := a.list("notes", of("acme"))
			if tenant != "acme" {
				rows = []row{}
			}
			reply(w, 200, row{"data": rows})
		}), safe},
		{"a refusal by 200", list(listNotes, func(a *app, w http.ResponseWriter, _ *http.Request, tenant string) {
			if tenant != "acme" {
				reply(w, 200, row{"success": false, "data": nil})
				return
			}
			reply(w, 200, row{"success": true, "data": a.list("notes", of("acme"))})
		}), safe},
		{"on a later page, by cursor", func(a *app) {
			crowd(a, 60)
			list("GET /notes?cursor=x", func(a *app, w http.ResponseWriter, r *http.Request, _ string) {
				from := number(r, "cursor", 0)
				v := row{"data": page(a.list("notes", nil), from, 20)}
				if from+20 < len(a.list("notes", nil)) {
					v["next_cursor"] = strconv.Itoa(from + 20)
				}
				reply(w, 200, v)
			})(a)
		}, leak},
		{"on a later page, by number", func(a *app) {
			crowd(a, 60)
			list("GET /notes?page=1", func(a *app, w http.ResponseWriter, r *http.Request, _ string) {
				reply(w, 200, page(a.list("notes", nil), 20*(number(r, "page", 1)-1), 20))
			})(a)
		}, leak},
		{"on a later page, by a Link field", func(a *app) {
			crowd(a, 60)
			list(listNotes, func(a *app, w http.ResponseWriter, r *http.Request, _ string) {
				from := number(r, "after", 0)
				if from+20 < len(a.list("notes", nil)) {
					w.Header().Set("Link", fmt.Sprintf(`</notes?after=0>; rel="first", </notes?after=%d>; rel="next"`, from+20))
				}
				reply(w, 200, page(a.list("notes", nil), from, 20))
			})(a)
		}, leak},
		{"behind a small first page", func(a *app) {
			crowd(a, 60)
			list("GET /notes?limit=20", func(a *app, w http.ResponseWriter, r *http.Request, _ string) {
				reply(w, 200, page(a.list("notes", nil), 0, min(number(r, "limit", 20), 100)))
			})(a)
		}, leak},
		{"pages of one's own without end", list("GET /notes?page=1", func(a *app, w http.ResponseWriter, _ *http.Request, tenant string) {
			reply(w, 200, row{"data": a.list("notes", of(tenant)), "next": "/notes?page=again"})
		}), safe},
		{"children of a refused parent", func(a *app) {
			a.below()
			a.on("GET /chats/{chat_id}/messages", private(func(w http.ResponseWriter, r *http.Request, _ string) {
				reply(w, 200, row{"data": a.list("messages", func(v row) bool { return v["chat_id"] == r.PathValue("chat_id") })})
			}))
		}, want{fails: []string{"GET /chats/{chat_id}/messages"}, passes: []string{"GET /chats"}}},
		{"children of a parent named in the query", func(a *app) {
			referred(a, "")
			a.on("GET /messages?chat_id=x", private(func(w http.ResponseWriter, r *http.Request, tenant string) {
				chat := r.URL.Query().Get("chat_id")
				reply(w, 200, row{"data": a.list("messages", func(v row) bool { return chat == "" && v["tenant"] == tenant || v["chat_id"] == chat })})
			}))
		}, want{fails: []string{"GET /messages"}, passes: []string{"GET /chats"}}},
		{"children of a parent named in the query, safe", func(a *app) { referred(a, "") }, want{passes: []string{"GET /messages", "GET /chats"}}},
		{"public to anyone", func(a *app) {
			a.crud("notes")
			a.on(listNotes, func(w http.ResponseWriter, _ *http.Request, _ string) {
				reply(w, 200, row{"data": a.list("notes", nil)})
			})
		}, safe},
		{"public to anyone, and growing since nobody was asked", func(a *app) {
			a.crud("notes")
			asked := false
			a.on(listNotes, func(w http.ResponseWriter, _ *http.Request, tenant string) {
				rows := a.list("notes", nil)
				if tenant == "" && !asked {
					asked, rows = true, a.list("notes", of("globex"))
				}
				reply(w, 200, row{"data": rows})
			})
		}, safe},
		{"shared on purpose", func(a *app) {
			list(listNotes, func(a *app, w http.ResponseWriter, _ *http.Request, _ string) {
				reply(w, 200, row{"data": a.list("notes", nil)})
			})(a)
			a.access = lr.Access{Shared: []string{listNotes}}
		}, safe},
		{"a feed of posts that say they are public", func(a *app) {
			a.crud("notes")
			a.on(`POST /notes {"title":"hello"}`, private(func(w http.ResponseWriter, r *http.Request, tenant string) {
				reply(w, 201, a.add("notes", tenant, row{"title": body(r)["title"], "is_public": true}))
			}))
			a.on(listNotes, private(func(w http.ResponseWriter, _ *http.Request, _ string) {
				reply(w, 200, row{"data": a.list("notes", nil)})
			}))
		}, want{suspects: []string{listNotes}}},
		{"a directory of user names", func(a *app) {
			a.on("GET /users", private(func(w http.ResponseWriter, _ *http.Request, _ string) {
				reply(w, 200, []row{{"id": "usr_member_acme", "name": "M"}, {"id": "usr_member_globex", "name": "A"}})
			}))
		}, want{suspects: []string{"GET /users"}}},
		{"a directory with everyone's addresses", func(a *app) {
			a.on("GET /users", private(func(w http.ResponseWriter, _ *http.Request, _ string) {
				reply(w, 200, []row{{"email": "member@acme.test"}, {"email": "member@globex.test"}})
			}))
		}, want{fails: []string{"GET /users"}}},
		{"a catalogue that is the same for all", func(a *app) {
			a.on("GET /plans", private(func(w http.ResponseWriter, _ *http.Request, _ string) {
				reply(w, 200, []row{{"code": "plan-starter-2026", "text": "For small teams"}, {"code": "plan-business-2026", "text": "For large teams"}})
			}))
		}, want{open: []string{"GET /plans"}}},
	})
}

func TestNestedParent(t *testing.T) {
	const read = "GET /chats/{chat_id}/messages/{message_id}"
	cases(t, nestedParent, []testCase{
		{"safe", func(a *app) { a.below() }, want{passes: []string{read}}},
		{"only the parent is checked", func(a *app) {
			a.below()
			a.on(read, private(func(w http.ResponseWriter, r *http.Request, tenant string) {
				v := a.find("messages", r.PathValue("message_id"), "*")
				if a.find("chats", r.PathValue("chat_id"), tenant) == nil || v == nil {
					missing(w)
					return
				}
				reply(w, 200, v)
			}))
		}, want{fails: []string{read}}},
		{"the answer is the parent's own first child", func(a *app) {
			a.below()
			a.on(read, private(func(w http.ResponseWriter, r *http.Request, tenant string) {
				if a.find("chats", r.PathValue("chat_id"), tenant) == nil {
					missing(w)
					return
				}
				reply(w, 200, a.list("messages", of(tenant))[0])
			}))
		}, want{passes: []string{read}}},
		{"nothing is nested", func(a *app) { a.crud("notes") }, want{skipped: true}},
	})
}
