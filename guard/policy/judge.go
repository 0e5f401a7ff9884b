package policy

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/launchready/launchready/guard"
)

var (
	protections = []string{"auth", "isolation", "limits", "input", "hygiene", "cors", "hosts", "ownership", "webhooks", "https", "origin_lock", "spend", "idempotency"}
	modes       = []guard.Mode{guard.Enforce, guard.Observe, guard.Off}
	algorithms  = []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}
	pers        = []string{"ip", "user", "organisation", "class", "global"}
	methods     = []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
)

func (j *judge) judge(p *Policy) {
	if p.Version != 1 {
		j.fail("version", "version is %d: this build reads version 1", p.Version)
	}
	if _, _, err := net.SplitHostPort(p.Listen); err != nil {
		j.fail("listen", "listen is no host:port")
	}
	if _, _, err := net.SplitHostPort(p.Admin); p.Admin != "" && err != nil {
		j.fail("admin", "admin is no host:port")
	}
	if p.Admin != "" && p.Admin == p.Listen {
		j.fail("admin", "admin needs a listener of its own, not that of the application")
	}
	u, err := url.Parse(p.Upstream)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" {
		j.fail("upstream", "upstream is no address as http://host:port, without a path")
	}
	for i, t := range p.Trusted {
		if t == cloudflare {
			continue // judged with the lock
		}
		if n, err := netip.ParsePrefix(t); err != nil || n.Bits() == 0 {
			j.fail(fmt.Sprintf("trusted_proxies[%d]", i), "%q is no network, as 10.0.0.0/8, or it is all of them", t)
		}
	}
	j.modes("modes", p.Modes)
	j.auth(p)
	if p.Tenant != nil && !p.Auth.tenants() {
		j.fail("tenant", "tenant needs auth.tenant_claim, or tenant of auth.bearer or auth.session: the tenant is bound to a verified claim")
	}
	if t := p.Tenant; t != nil {
		for i, path := range t.BodyOf {
			if !slices.ContainsFunc(p.Routes, func(r Route) bool { return r.Path == path }) {
				j.fail(fmt.Sprintf("tenant.body_of[%d]", i), "tenant.body_of: %q is the path of no route", path)
			}
		}
		if len(t.BodyOf) > 0 && len(t.Body) == 0 {
			j.fail("tenant.body_of", "tenant.body_of says where tenant.body is looked for, and there is none")
		}
	}
	if p.Failures != nil {
		j.limit("auth_failures", *p.Failures, "")
	}
	for n, l := range p.Limits {
		j.limit("limits."+key(n), l, l.Per)
		if !slices.Contains(pers, l.Per) {
			j.fail("limits."+key(n), "limit %s counts per %q: one of %s", n, l.Per, strings.Join(pers, ", "))
		}
	}
	if i := p.Input; i != nil && (i.MaxBody < 0 || i.MaxDepth < 0) {
		j.fail("input", "a bound is below 0")
	}
	if len(p.Routes) == 0 {
		j.fail("routes", "there is no route: guard denies what no route covers")
	}
	j.cors(p)
	j.input(p)
	j.transport(p)
	j.routes(p)
	j.blanks(p)
	j.own(p)
	j.operations(p)
	j.traces(p)
	j.traffic(p)
	if len(j.errs) == 0 {
		j.table(p)
	}
}

// table tells the first route that makes no table with those before it.
func (j *judge) table(p *Policy) {
	all := p.table()
	if _, err := guard.NewTable(all); err == nil {
		return
	}
	for i := range all {
		if _, err := guard.NewTable(all[:i+1]); err != nil {
			at := "routes"
			if i < len(p.Routes) { // else it is the preflight of one
				at = fmt.Sprintf("routes[%d].path", i)
			}
			j.fail(at, "%v", err)
			return
		}
	}
}

func (j *judge) modes(at string, all map[string]guard.Mode) {
	for n, m := range all {
		if !slices.Contains(protections, n) || !slices.Contains(modes, m) {
			j.fail(at+"."+key(n), "mode %s: %q: one of %s, as enforce, observe or off", n, m, strings.Join(protections, ", "))
		}
	}
}

func (j *judge) limit(at string, l Limit, per string) {
	w, err := l.window()
	switch {
	case err != nil || w <= 0:
		j.fail(at+".window", "%s: window %q is no time, as 1m", at, l.Window)
	case l.Requests < 0 || l.Kilobytes < 0 || l.Burst < 0 || l.Concurrent < 0 || l.Requests == 0 && l.Kilobytes == 0 && l.Concurrent == 0:
		j.fail(at, "%s: requests, kilobytes or concurrent must be above 0, and none below", at)
	case l.Requests > 0 && l.Kilobytes > 0 || l.Kilobytes > 1<<30:
		j.fail(at, "%s counts requests or kilobytes: name two limits on the route", at)
	case per == "" && (l.Per != "" || l.Concurrent != 0 || l.Requests == 0):
		j.fail(at, "%s counts answers of 401 by address: it takes requests, window and burst only", at)
	case l.Burst > 0 && l.Requests == 0 && l.Kilobytes == 0:
		j.fail(at, "%s: burst without requests", at)
	}
}

// routes judges each route, and wants what is unsafe said twice: on the route, and
// in the list unsafe at the end.
func (j *judge) routes(p *Policy) {
	meant := map[string]bool{}
	for _, u := range p.Unsafe {
		meant[u] = true
	}
	twice := func(at, what, path, why string) {
		said := what + " " + path
		if !meant[said] {
			j.fail(at, "%s: if it is meant, say so a second time: unsafe: [%q]", why, said)
		}
		delete(meant, said)
	}
	for i, r := range p.Routes {
		at := fmt.Sprintf("routes[%d]", i)
		for _, m := range r.Methods {
			if !slices.Contains(methods, m) {
				j.fail(at+".methods", "method %q: one of %s", m, strings.Join(methods, ", "))
			}
		}
		j.modes(at+".modes", r.Modes)
		if !r.Public && !r.Blocked && p.Auth == nil {
			j.fail(at, "%s needs a credential and the policy has no auth: add auth, or say public: true", r.Path)
		}
		if r.Public && len(r.Roles) > 0 {
			j.fail(at+".roles", "%s is public and asks for roles", r.Path)
		}
		if len(r.Roles) > 0 && !p.Auth.roles() {
			j.fail(at+".roles", "roles need auth.roles_claim, or roles of auth.bearer or auth.session")
		}
		for k, n := range r.Limits {
			l, ok := p.Limits[n]
			if !ok {
				j.fail(fmt.Sprintf("%s.limits[%d]", at, k), "limit %q is not in limits", n)
			} else if r.Public && (l.Per == "user" || l.Per == "organisation") {
				j.fail(fmt.Sprintf("%s.limits[%d]", at, k), "limit %q counts per %s, and a public route has none: count per ip", n, l.Per)
			}
		}
		if r.Blocked {
			continue
		}
		mode, own := r.Modes["auth"]
		if !own {
			mode = p.Modes["auth"]
		}
		if !r.Public && mode != "" && mode != guard.Enforce {
			twice(at, "unenforced auth", r.Path, r.Path+" lets callers in without a credential, and binds no tenant of theirs")
		}
		if r.Public && r.Admin {
			twice(at, "public admin", r.Path, r.Path+" is for administrators and public")
		}
		if r.Chat && len(r.Limits) == 0 {
			twice(at, "unlimited chat", r.Path, r.Path+" asks the model and has no limit")
		}
		j.charged(p, at, r, twice)
		if r.Public && strings.HasSuffix(r.Path, "**") && strings.Count(r.Path, "/") == 1 {
			twice(at, "public everything", r.Path, r.Path+" makes all that is not listed public")
		}
	}
	j.model(p, twice)
	j.ownership(p, twice)
	for _, u := range j.needed {
		delete(meant, u)
	}
	for u := range meant {
		j.fail("unsafe", "unsafe lists %q, which nothing needs", u)
	}
}
