package isolation

import (
	"net/http"
	"testing"

	lr "github.com/launchready/launchready"
)

const (
	addNote    = "POST /notes"
	addMessage = "POST /chats/{chat_id}/messages"
)

// filing lets a creation name the tenant that it files the note under.
func filing(a *app, named func(r *http.Request, b row) string, strict bool) handler {
	return private(func(w http.ResponseWriter, r *http.Request, tenant string) {
		b := body(r)
		if _, odd := b["workspace_id"]; odd && strict {
			reply(w, 422, row{"error": "unknown member workspace_id"})
			return
		}
		if other := tenantByID(named(r, b)); other != "" {
			tenant = other
		}
		reply(w, 201, a.add("notes", tenant, row{"title": b["title"]}))
	})
}

func text(v any) string { s, _ := v.(string); return s }

func TestForeignCreate(t *testing.T) {
	cases(t, foreignCreate, []testCase{
		{"safe", func(a *app) { a.below() }, want{passes: []string{addMessage, "POST /chats"}}},
		{"below a chat of any tenant", func(a *app) {
			a.below()
			a.on(`POST /chats/{chat_id}/messages {"content":"hello"}`, private(func(w http.ResponseWriter, r *http.Request, _ string) {
				chat := a.find("chats", r.PathValue("chat_id"), "*")
				if chat == nil {
					missing(w)
					return
				}
				reply(w, 201, a.add("messages", text(chat["tenant"]), row{"content": body(r)["content"], "chat_id": r.PathValue("chat_id")}))
			}))
		}, want{fails: []string{addMessage}, passes: []string{"POST /chats"}}},
		{"a comment below what anyone may read", func(a *app) {
			a.below()
			a.on("GET /chats/{id}", func(w http.ResponseWriter, r *http.Request, _ string) {
				if v := a.find("chats", r.PathValue("id"), "*"); v != nil {
					reply(w, 200, v)
					return
				}
				missing(w)
			})
			a.on(`POST /chats/{chat_id}/messages {"content":"hello"}`, private(func(w http.ResponseWriter, r *http.Request, _ string) {
				chat := a.find("chats", r.PathValue("chat_id"), "*")
				if chat == nil {
					missing(w)
					return
				}
				reply(w, 201, a.add("messages", text(chat["tenant"]), row{"content": body(r)["content"], "chat_id": r.PathValue("chat_id")}))
			}))
		}, want{passes: []string{addMessage}}},
		{"201 that is filed under the caller", func(a *app) {
			a.below()
			a.on(`POST /chats/{chat_id}/messages {"content":"hello"}`, private(func(w http.ResponseWriter, r *http.Request, tenant string) {
				reply(w, 201, a.add("messages", tenant, row{"content": body(r)["content"], "chat_id": r.PathValue("chat_id")}))
			}))
		}, want{passes: []string{addMessage}}},
		{"403 that creates all the same", func(a *app) {
			a.below()
			a.on(`POST /chats/{chat_id}/messages {"content":"hello"}`, private(func(w http.ResponseWriter, r *http.Request, tenant string) {
				chat := a.find("chats", r.PathValue("chat_id"), "*")
				v := a.add("messages", text(chat["tenant"]), row{"content": body(r)["content"], "chat_id": r.PathValue("chat_id")})
				if chat["tenant"] != tenant {
					reply(w, 403, row{"error": "forbidden"})
					return
				}
				reply(w, 201, v)
			}))
		}, want{fails: []string{addMessage}}},
		{"the tenant in the body", func(a *app) {
			a.crud("notes")
			a.on(`POST /notes {"title":"hello"}`, filing(a, func(_ *http.Request, b row) string { return text(b["tenant_id"]) }, false))
		}, want{fails: []string{addNote}}},
		{"the tenant in the metadata", func(a *app) {
			a.crud("notes")
			a.on(`POST /notes {"title":"hello"}`, filing(a, func(_ *http.Request, b row) string {
				m, _ := b["metadata"].(map[string]any)
				return text(m["org_id"])
			}, false))
		}, want{fails: []string{addNote}}},
		{"the tenant in the metadata, of a body that takes nothing unknown", func(a *app) {
			a.crud("notes")
			a.on(`POST /notes {"title":"hello","metadata":{}}`, filing(a, func(_ *http.Request, b row) string {
				m, _ := b["metadata"].(map[string]any)
				return text(m["tenant_id"])
			}, true))
		}, want{fails: []string{addNote}}},
		{"the tenant in a header", func(a *app) {
			a.crud("notes")
			a.on(`POST /notes {"title":"hello"}`, filing(a, func(r *http.Request, _ row) string { return r.Header.Get("X-Workspace-ID") }, true))
		}, want{fails: []string{addNote}}},
		{"a tenant that is echoed and not believed", func(a *app) {
			a.crud("notes")
			a.on(`POST /notes {"title":"hello"}`, private(func(w http.ResponseWriter, r *http.Request, tenant string) {
				b := body(r)
				v := a.add("notes", tenant, row{"title": b["title"]})
				v["tenant_id"], v["metadata"] = b["tenant_id"], b["metadata"]
				reply(w, 201, v)
			}))
		}, want{passes: []string{addNote}}},
		{"a list that leaks what others create for themselves", func(a *app) {
			a.crud("notes")
			a.on("GET /notes", private(func(w http.ResponseWriter, _ *http.Request, _ string) {
				reply(w, 200, row{"data": a.list("notes", nil)})
			}))
		}, want{passes: []string{addNote}}},
		{"the tenant in the path", func(a *app) {
			a.on(`POST /tenants/{tenant_id}/notes {"title":"hello"}`, private(func(w http.ResponseWriter, r *http.Request, _ string) {
				reply(w, 201, a.add("notes", tenantByID(r.PathValue("tenant_id")), row{"title": body(r)["title"]}))
			}))
			a.on("GET /tenants/{tenant_id}/notes", private(func(w http.ResponseWriter, r *http.Request, tenant string) {
				if tenantID(tenant) != r.PathValue("tenant_id") {
					missing(w)
					return
				}
				reply(w, 200, row{"data": a.list("notes", of(tenant))})
			}))
		}, want{fails: []string{"POST /tenants/{tenant_id}/notes"}}},
		{"a chat named in the body", func(a *app) { referred(a, "*") }, want{fails: []string{"POST /messages"}, passes: []string{"POST /chats"}}},
		{"a chat named in the body, safe", func(a *app) { referred(a, "") }, want{passes: []string{"POST /messages", "POST /chats"}}},
		{"a creation without text, answered by what everyone sees", func(a *app) {
			a.crud("notes")
			a.on(`POST /runs {"count":1}`, private(func(w http.ResponseWriter, _ *http.Request, tenant string) {
				v := a.add("runs", tenant, row{"engine": "engine-2026-05-large"})
				reply(w, 201, v)
			}))
			a.on("GET /runs", private(func(w http.ResponseWriter, _ *http.Request, tenant string) {
				reply(w, 200, row{"data": a.list("runs", of(tenant))})
			}))
		}, want{passes: []string{"POST /runs", addNote}}},
		{"nothing is created", func(*app) {}, want{skipped: true}},
	})
}

// referred serves messages that name their chat in the body. within is the
// tenant whose chats a caller may name, "" for the caller's own.
func referred(a *app, within string) {
	a.crud("chats")
	a.on(`POST /messages {"chat_id":"x","content":"hello"}`, private(func(w http.ResponseWriter, r *http.Request, tenant string) {
		b, whose := body(r), tenant
		if within != "" {
			whose = within
		}
		chat := a.find("chats", text(b["chat_id"]), whose)
		if chat == nil {
			missing(w)
			return
		}
		reply(w, 201, a.add("messages", text(chat["tenant"]), row{"content": b["content"], "chat_id": b["chat_id"]}))
	}))
	a.on("GET /messages?chat_id=x", private(func(w http.ResponseWriter, r *http.Request, tenant string) {
		chat := r.URL.Query().Get("chat_id")
		reply(w, 200, row{"data": a.list("messages", func(v row) bool { return v["tenant"] == tenant && (chat == "" || v["chat_id"] == chat) })})
	}))
	a.shape = func(rt *lr.Route) {
		if rt.String() == "POST /messages" {
			rt.Body.Schema.Required = []string{"chat_id", "content"}
		}
	}
}
