package isolation

import (
	"maps"
	"net/http"
	"sync/atomic"
	"testing"
)

const editNote = "PATCH /notes/{id}"

func TestForeignUpdate(t *testing.T) {
	edit := func(h func(a *app) handler) func(*app) {
		return func(a *app) { a.crud("notes"); a.on(`PATCH /notes/{id} {"title":"hello"}`, h(a)) }
	}
	leak := want{fails: []string{editNote}}
	safe := want{passes: []string{editNote}}
	cases(t, foreignUpdate, []testCase{
		{"safe", func(a *app) { a.crud("notes") }, safe},
		{"changed by id alone", edit(func(a *app) handler {
			return private(func(w http.ResponseWriter, r *http.Request, _ string) {
				a.change("notes", r.PathValue("id"), row{"title": body(r)["title"]})
				reply(w, 200, row{"ok": true})
			})
		}), leak},
		{"404 that changed it all the same", edit(func(a *app) handler {
			return private(func(w http.ResponseWriter, r *http.Request, tenant string) {
				a.change("notes", r.PathValue("id"), row{"title": body(r)["title"]})
				if v := a.find("notes", r.PathValue("id"), tenant); v != nil {
					reply(w, 200, v)
					return
				}
				missing(w)
			})
		}), leak},
		{"200 with the new text that changed nothing", edit(func(a *app) handler {
			return private(func(w http.ResponseWriter, r *http.Request, tenant string) {
				b := body(r)
				if a.find("notes", r.PathValue("id"), tenant) != nil {
					a.change("notes", r.PathValue("id"), row{"title": b["title"]})
				}
				reply(w, 200, row{"id": r.PathValue("id"), "title": b["title"]})
			})
		}), safe},
		{"moved to the attacker", edit(func(a *app) handler {
			return private(func(w http.ResponseWriter, r *http.Request, tenant string) {
				a.change("notes", r.PathValue("id"), row{"title": body(r)["title"], "tenant": tenant})
				reply(w, 200, a.find("notes", r.PathValue("id"), tenant))
			})
		}), leak},
		{"a PUT that creates an own one", func(a *app) {
			a.crud("notes")
			a.on(`PUT /notes/{id} {"title":"hello"}`, private(func(w http.ResponseWriter, r *http.Request, tenant string) {
				if a.find("notes", r.PathValue("id"), tenant) != nil {
					a.change("notes", r.PathValue("id"), row{"title": body(r)["title"]})
					reply(w, 200, a.find("notes", r.PathValue("id"), tenant))
					return
				}
				reply(w, 201, a.add("notes", tenant, row{"title": body(r)["title"]}))
			}))
		}, want{passes: []string{editNote, "PUT /notes/{id}"}}},
		{"fields that move by themselves", func(a *app) {
			a.crud("notes")
			var reads atomic.Int64
			a.on(readNote, private(func(w http.ResponseWriter, r *http.Request, tenant string) {
				v := a.find("notes", r.PathValue("id"), tenant)
				if v == nil {
					missing(w)
					return
				}
				v["views"] = reads.Add(1)
				reply(w, 200, v)
			}))
		}, safe},
		{"an accepted change that takes effect later", func(a *app) {
			a.crud("notes")
			late := laterOn(a)
			a.on(`PATCH /notes/{id} {"title":"hello"}`, private(func(w http.ResponseWriter, r *http.Request, _ string) {
				id, title := r.PathValue("id"), body(r)["title"]
				late(id, func() { a.change("notes", id, row{"title": title}) })
				reply(w, 202, row{"status": "accepted"})
			}))
		}, leak},
		{"an owner whose change does nothing", edit(func(*app) handler {
			return private(func(w http.ResponseWriter, _ *http.Request, _ string) { reply(w, 200, row{"ok": true}) })
		}), want{open: []string{editNote}}},
		{"500 that tells nothing", edit(func(a *app) handler {
			return private(func(w http.ResponseWriter, r *http.Request, tenant string) {
				if a.find("notes", r.PathValue("id"), tenant) == nil {
					reply(w, 500, row{"error": "broken"})
					return
				}
				a.change("notes", r.PathValue("id"), row{"title": body(r)["title"]})
				reply(w, 200, a.find("notes", r.PathValue("id"), tenant))
			})
		}), want{open: []string{editNote}}},
		{"below an own parent", func(a *app) {
			a.below()
			a.on(`PATCH /chats/{chat_id}/messages/{message_id} {"content":"hello"}`, private(func(w http.ResponseWriter, r *http.Request, tenant string) {
				if a.find("chats", r.PathValue("chat_id"), tenant) == nil {
					missing(w)
					return
				}
				a.change("messages", r.PathValue("message_id"), row{"content": body(r)["content"]})
				reply(w, 200, row{"ok": true})
			}))
		}, want{fails: []string{"PATCH /chats/{chat_id}/messages/{message_id}"}, passes: []string{"PATCH /chats/{id}"}}},
		{"below an own parent, safe", func(a *app) {
			a.below()
			a.on(`PATCH /chats/{chat_id}/messages/{message_id} {"content":"hello"}`, private(func(w http.ResponseWriter, r *http.Request, tenant string) {
				v := a.find("messages", r.PathValue("message_id"), tenant)
				if v == nil || v["chat_id"] != r.PathValue("chat_id") {
					missing(w)
					return
				}
				a.change("messages", r.PathValue("message_id"), row{"content": body(r)["content"]})
				reply(w, 200, maps.Clone(v))
			}))
		}, want{passes: []string{"PATCH /chats/{chat_id}/messages/{message_id}"}}},
		{"a vote on what anyone may read", func(a *app) {
			a.crud("notes")
			a.on(readNote, func(w http.ResponseWriter, r *http.Request, _ string) {
				if v := a.find("notes", r.PathValue("id"), "*"); v != nil {
					reply(w, 200, v)
					return
				}
				missing(w)
			})
			a.on("POST /notes/{id}/like", private(vote(a, "*")))
		}, want{passes: []string{"POST /notes/{id}/like", editNote}}},
		{"a vote on what is private", func(a *app) {
			a.crud("notes")
			a.on("POST /notes/{id}/archive", private(vote(a, "*")))
		}, want{fails: []string{"POST /notes/{id}/archive"}, passes: []string{editNote}}},
		{"nothing is changed", func(*app) {}, want{skipped: true}},
	})
}

// vote counts up on a note of the tenant, "*" for any.
func vote(a *app, whose string) handler {
	return func(w http.ResponseWriter, r *http.Request, _ string) {
		v := a.find("notes", r.PathValue("id"), whose)
		if v == nil {
			missing(w)
			return
		}
		n, _ := v["votes"].(int)
		a.change("notes", r.PathValue("id"), row{"votes": n + 1})
		reply(w, 200, row{"ok": true})
	}
}

// laterOn runs a deed at the second read of the note that it is about: what was
// accepted takes effect after a while.
func laterOn(a *app) func(id string, do func()) {
	type deed struct {
		after int
		do    func()
	}
	pending := map[string]*deed{}
	inner := a.handles[readNote]
	a.on(readNote, func(w http.ResponseWriter, r *http.Request, tenant string) {
		a.mu.Lock()
		d := pending[r.PathValue("id")]
		ripe := false
		if d != nil {
			d.after--
			ripe = d.after == 0
		}
		a.mu.Unlock()
		if ripe {
			d.do()
		}
		inner(w, r, tenant)
	})
	return func(id string, do func()) {
		a.mu.Lock()
		defer a.mu.Unlock()
		pending[id] = &deed{2, do}
	}
}

func TestForeignDelete(t *testing.T) {
	const del = "DELETE /notes/{id}"
	with := func(h func(a *app) handler) func(*app) {
		return func(a *app) { a.crud("notes"); a.on(del, h(a)) }
	}
	leak := want{fails: []string{del}}
	safe := want{passes: []string{del}}
	// blank answers 200 with an empty note for what does not exist.
	blank := func(a *app) {
		a.crud("notes")
		a.on("GET /notes/{id}", private(func(w http.ResponseWriter, r *http.Request, tenant string) {
			v := a.find("notes", r.PathValue("id"), tenant)
			if v == nil {
				v = row{"id": "", "title": "", "seen_by": tenant}
			}
			reply(w, 200, v)
		}))
	}
	cases(t, foreignDelete, []testCase{
		{"safe", func(a *app) { a.crud("notes") }, safe},
		{"safe, and an empty form for what is gone", blank, safe},
		{"deleted by id alone, and an empty form for what is gone", func(a *app) {
			blank(a)
			a.on(del, private(func(w http.ResponseWriter, r *http.Request, _ string) {
				a.drop("notes", r.PathValue("id"))
				reply(w, 200, row{"message": "done"})
			}))
		}, leak},
		{"deleted by id alone, and read by its list alone", func(a *app) {
			a.crud("notes")
			a.on("GET /notes/{id}", private(func(w http.ResponseWriter, _ *http.Request, _ string) { missing(w) }))
			a.on(del, private(func(w http.ResponseWriter, r *http.Request, _ string) {
				a.drop("notes", r.PathValue("id"))
				w.WriteHeader(204)
			}))
		}, leak},
		{"deleted by id alone", with(func(a *app) handler {
			return private(func(w http.ResponseWriter, r *http.Request, _ string) {
				a.drop("notes", r.PathValue("id"))
				w.WriteHeader(204)
			})
		}), leak},
		{"404 that deleted it all the same", with(func(a *app) handler {
			return private(func(w http.ResponseWriter, r *http.Request, tenant string) {
				own := a.find("notes", r.PathValue("id"), tenant)
				a.drop("notes", r.PathValue("id"))
				if own == nil {
					missing(w)
					return
				}
				w.WriteHeader(204)
			})
		}), leak},
		{"204 that did nothing", with(func(a *app) handler {
			return private(func(w http.ResponseWriter, r *http.Request, tenant string) {
				if a.find("notes", r.PathValue("id"), tenant) != nil {
					a.drop("notes", r.PathValue("id"))
				}
				w.WriteHeader(204)
			})
		}), safe},
		{"a soft deletion of any tenant's", with(func(a *app) handler {
			return private(func(w http.ResponseWriter, r *http.Request, _ string) {
				a.change("notes", r.PathValue("id"), row{"deleted_at": "2026-05-01T10:00:00Z"})
				reply(w, 200, row{"ok": true})
			})
		}), leak},
		{"an accepted deletion of any tenant's", func(a *app) {
			a.crud("notes")
			late := laterOn(a)
			a.on(del, private(func(w http.ResponseWriter, r *http.Request, _ string) {
				id := r.PathValue("id")
				late(id, func() { a.drop("notes", id) })
				reply(w, 202, row{"status": "accepted"})
			}))
		}, leak},
		{"an owner whose deletion does nothing", with(func(*app) handler {
			return private(func(w http.ResponseWriter, _ *http.Request, _ string) { w.WriteHeader(204) })
		}), want{open: []string{del}}},
		{"below an own parent", func(a *app) {
			a.below()
			a.on("DELETE /chats/{chat_id}/messages/{message_id}", private(func(w http.ResponseWriter, r *http.Request, tenant string) {
				if a.find("chats", r.PathValue("chat_id"), tenant) == nil {
					missing(w)
					return
				}
				a.drop("messages", r.PathValue("message_id"))
				w.WriteHeader(204)
			}))
		}, want{fails: []string{"DELETE /chats/{chat_id}/messages/{message_id}"}, passes: []string{"DELETE /chats/{id}"}}},
		{"nothing is deleted", func(*app) {}, want{skipped: true}},
	})
}
