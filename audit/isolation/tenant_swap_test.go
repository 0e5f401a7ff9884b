package isolation

import (
	"maps"
	"net/http"
	"slices"
	"testing"

	lr "github.com/launchready/launchready"
)

// believing answers a list of the tenant that named says, or else the caller's own.
func believing(a *app, named func(*http.Request) string) handler {
	return private(func(w http.ResponseWriter, r *http.Request, tenant string) {
		if other := tenantByID(named(r)); other != "" {
			tenant = other
		}
		reply(w, 200, row{"data": a.list("notes", of(tenant))})
	})
}

func TestTenantSwap(t *testing.T) {
	list := func(named func(*http.Request) string) func(*app) {
		return func(a *app) { a.crud("notes"); a.on("GET /notes", believing(a, named)) }
	}
	leak := want{fails: []string{"GET /notes"}, passes: []string{readNote, "GET /me"}}
	cases(t, tenantSwap, []testCase{
		{"safe", func(a *app) { a.crud("notes") }, want{passes: []string{"GET /notes", readNote}}},
		{"a header", list(func(r *http.Request) string { return r.Header.Get("X-Org-Id") }), leak},
		{"the query", list(func(r *http.Request) string { return r.URL.Query().Get("workspace_id") }), leak},
		{"a cookie", list(func(r *http.Request) string {
			c, err := r.Cookie("tenant_id")
			if err != nil {
				return ""
			}
			return c.Value
		}), leak},
		{"a declared parameter of an own name", func(a *app) {
			list(func(r *http.Request) string { return r.URL.Query().Get("company_ref") })(a)
			a.on("GET /notes?company_ref=x", a.handles["GET /notes"])
		}, leak},
		{"a header where unknown queries are refused", func(a *app) {
			a.crud("notes")
			inner := believing(a, func(r *http.Request) string { return r.Header.Get("X-Tenant-ID") })
			a.on("GET /notes", func(w http.ResponseWriter, r *http.Request, tenant string) {
				if names := slices.Collect(maps.Keys(r.URL.Query())); len(names) > 0 && !slices.Equal(names, []string{"lr_nocache"}) {
					reply(w, 400, row{"error": "unknown parameter"})
					return
				}
				inner(w, r, tenant)
			})
		}, leak},
		{"one object by id, with the tenant in a header", func(a *app) {
			a.crud("notes")
			a.on(readNote, private(func(w http.ResponseWriter, r *http.Request, tenant string) {
				if other := tenantByID(r.Header.Get("X-Tenant-ID")); other != "" {
					tenant = other
				}
				if v := a.find("notes", r.PathValue("id"), tenant); v != nil {
					reply(w, 200, v)
					return
				}
				missing(w)
			}))
		}, want{fails: []string{readNote}, passes: []string{"GET /notes"}}},
		{"the path", func(a *app) {
			a.crud("notes")
			a.on("GET /tenants/{tenant_id}/usage", private(func(w http.ResponseWriter, r *http.Request, _ string) {
				reply(w, 200, row{"tenant_id": r.PathValue("tenant_id"), "notes": a.list("notes", of(tenantByID(r.PathValue("tenant_id"))))})
			}))
		}, want{fails: []string{"GET /tenants/{tenant_id}/usage"}}},
		{"the path, compared", func(a *app) {
			a.crud("notes")
			a.on("GET /tenants/{tenant_id}/usage", private(func(w http.ResponseWriter, r *http.Request, tenant string) {
				if r.PathValue("tenant_id") != tenantID(tenant) {
					missing(w)
					return
				}
				reply(w, 200, row{"notes": a.list("notes", of(tenant))})
			}))
		}, want{passes: []string{"GET /tenants/{tenant_id}/usage"}}},
		{"a search by POST with the tenant in its body", func(a *app) {
			a.crud("notes")
			a.on(`POST /notes/search {"query":"x"}`, private(func(w http.ResponseWriter, r *http.Request, tenant string) {
				id, _ := body(r)["tenantId"].(string)
				if other := tenantByID(id); other != "" {
					tenant = other
				}
				reply(w, 200, row{"data": a.list("notes", of(tenant))})
			}))
		}, want{fails: []string{"POST /notes/search"}, passes: []string{"GET /notes"}}},
		{"a filter that gives an empty list", func(a *app) {
			a.crud("notes")
			a.on("GET /notes", private(func(w http.ResponseWriter, r *http.Request, tenant string) {
				if id := r.URL.Query().Get("tenant_id"); id != "" && id != tenantID(tenant) {
					reply(w, 200, row{"data": []row{}})
					return
				}
				reply(w, 200, row{"data": a.list("notes", of(tenant))})
			}))
		}, want{passes: []string{"GET /notes"}}},
		{"an echo of what was named", func(a *app) {
			a.crud("notes")
			a.on("GET /notes", private(func(w http.ResponseWriter, r *http.Request, tenant string) {
				reply(w, 200, row{"tenant": r.Header.Get("X-Tenant-ID"), "filter": r.URL.RawQuery, "data": a.list("notes", of(tenant))})
			}))
		}, want{passes: []string{"GET /notes"}}},
		{"500 for whatever is not found", func(a *app) {
			a.crud("notes")
			a.on(readNote, private(func(w http.ResponseWriter, r *http.Request, tenant string) {
				if v := a.find("notes", r.PathValue("id"), tenant); v != nil {
					reply(w, 200, v)
					return
				}
				reply(w, 500, row{"error": "temporarily unavailable"})
			}))
		}, want{passes: []string{"GET /notes", readNote}}},
		{"a leak that needs no name", func(a *app) {
			a.crud("notes")
			a.on("GET /notes", private(func(w http.ResponseWriter, _ *http.Request, _ string) {
				reply(w, 200, row{"data": a.list("notes", nil)})
			}))
		}, want{passes: []string{"GET /notes", readNote}}},
	})
}

// TestNamesTenant holds which names are taken for a tenant's.
func TestNamesTenant(t *testing.T) {
	a := &lr.Account{TenantID: "ten_1"}
	for name, want := range map[string]bool{"tenant_id": true, "orgId": true, "X-Tenant": true, "workspace": true, "company_ref": true,
		"id": false, "user_id": false, "title": false, "organization_name": false, "email": false} {
		if got := namesTenant(name, a); got != want {
			t.Errorf("namesTenant(%q) = %v, want %v", name, got, want)
		}
	}
}
