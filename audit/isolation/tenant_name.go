package isolation

import (
	"encoding/json"
	"net/url"
	"sort"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/oracle"
)

// The names under which applications take a tenant from a request.
var (
	tenantHeaders = []string{"X-Tenant-ID", "X-Tenant", "X-Org-ID", "X-Organization-ID", "X-Workspace-ID", "X-Account-ID", "X-Company-ID"}
	tenantQueries = []string{"tenant_id", "tenant", "tenantId", "org_id", "organization_id", "workspace_id", "account_id"}
	tenantCookies = []string{"tenant", "tenant_id", "org_id", "workspace"}
	tenantMembers = []string{"tenant_id", "tenantId", "org_id", "organization_id", "workspace_id", "account_id"}
)

// naming puts a tenant's id into one place of a request.
type naming struct {
	where string
	put   func(*lr.Request)
}

// namings lists the ways to name the account's tenant in a request of the route:
// first in all places at once, since an application reads one of them, and then
// in each alone, for those that refuse what they do not know.
func namings(rt *lr.Route, a *lr.Account) []naming {
	id := a.TenantID
	each := []naming{
		{"a header", func(r *lr.Request) {
			for _, name := range append(declared(rt, lr.InHeader, a), tenantHeaders...) {
				r.SetHeader(name, id)
			}
		}},
		{"the query", func(r *lr.Request) { nameInQuery(r, append(declared(rt, lr.InQuery, a), tenantQueries...), id) }},
		{"a cookie", func(r *lr.Request) {
			var cookies []string
			for _, name := range append(declared(rt, lr.InCookie, a), tenantCookies...) {
				cookies = append(cookies, name+"="+url.QueryEscape(id))
			}
			if old := r.Header.Get("Cookie"); old != "" {
				cookies = append([]string{old}, cookies...)
			}
			r.SetHeader("Cookie", strings.Join(cookies, "; "))
		}},
	}
	if names := declared(rt, lr.InQuery, a); len(names) > 0 {
		each = append(each, naming{"the declared query", func(r *lr.Request) { nameInQuery(r, names, id) }})
	}
	if !rt.Safe() {
		each = append(each,
			naming{"the body", func(r *lr.Request) { nameInBody(r, append(declaredMembers(rt, a), tenantMembers...), "", id) }},
			naming{"the body's metadata", func(r *lr.Request) { nameInBody(r, tenantMembers, "metadata", id) }})
		if names := declaredMembers(rt, a); len(names) > 0 {
			each = append(each, naming{"the declared body", func(r *lr.Request) { nameInBody(r, names, "", id) }})
		}
	}
	all := naming{"header, query, cookie and body", func(r *lr.Request) {
		for _, n := range each {
			n.put(r)
		}
	}}
	return append([]naming{all}, each...)
}

// declared lists the route's own parameters that name a tenant.
func declared(rt *lr.Route, in lr.In, a *lr.Account) []string {
	var out []string
	for _, p := range rt.Params {
		if p.In == in && namesTenant(p.Name, a) {
			out = append(out, p.Name)
		}
	}
	return out
}

// declaredMembers lists the members of the route's body that name a tenant.
func declaredMembers(rt *lr.Route, a *lr.Account) []string {
	if rt.Body == nil || rt.Body.Schema == nil {
		return nil
	}
	var out []string
	for name, sc := range rt.Body.Schema.Properties {
		if sc != nil && (sc.Type == "string" || sc.Type == "integer" || sc.Type == "") && namesTenant(name, a) {
			out = append(out, name)
		}
	}
	sort.Strings(out)
	return out
}

func namesTenant(name string, a *lr.Account) bool {
	n := strings.TrimPrefix(strings.ToLower(name), "x-")
	return oracle.SelfKey(n, &lr.Route{}, &lr.Account{TenantID: a.TenantID}) == a.TenantID && a.TenantID != "" &&
		!strings.HasSuffix(n, "name") && !strings.HasSuffix(n, "role")
}

func nameInQuery(r *lr.Request, names []string, id string) {
	path, query, _ := strings.Cut(r.Path, "?")
	q, err := url.ParseQuery(query)
	if err != nil {
		return
	}
	for _, name := range names {
		q.Set(name, id)
	}
	r.Path = path + "?" + q.Encode()
}

// nameInBody sets members of a JSON body, or of the object inside it.
func nameInBody(r *lr.Request, names []string, inside, id string) {
	var m map[string]any
	if json.Unmarshal(r.Body, &m) != nil || m == nil {
		return
	}
	into := m
	if inside != "" {
		in, ok := m[inside].(map[string]any)
		if !ok {
			in = map[string]any{}
		}
		m[inside], into = in, in
	}
	for _, name := range names {
		into[name] = id
	}
	if b, err := json.Marshal(m); err == nil {
		r.Body = b
	}
}
