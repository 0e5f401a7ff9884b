package oracle

import (
	"strings"

	lr "github.com/launchready/launchready"
)

// Reads lists a probe for each route that shows data of the victim's tenant:
// every GET, and what reads by POST. Routes with a key address the object seeded
// for that tenant; open names those for which there is none. A list that takes a
// parent's key beside the path is asked without it and with it.
func Reads(t *lr.Trial, victim *lr.Account) (probes []Probe, open []*lr.Route) {
	for _, rt := range t.Target.Routes {
		if !Shows(rt) {
			continue
		}
		p := Probe{Route: rt, Victim: victim}
		switch {
		case len(rt.PathParams()) > 0:
			p.Object = t.Stage.Object(rt.Resource, victim)
			if p.Object == nil {
				p.Object = parentOf(t, rt, victim)
			}
			if p.Object == nil && !SelfKeyed(rt, victim) {
				open = append(open, rt)
				continue
			}
		case asksByKey(rt):
			if p.Object = besideOf(t, rt, victim); p.Object == nil {
				open = append(open, rt)
				continue
			}
		default:
			if o := besideOf(t, rt, victim); o != nil {
				probes = append(probes, Probe{Route: rt, Victim: victim, Object: o})
			}
		}
		probes = append(probes, p)
	}
	return probes, open
}

// Shows reports whether a route reads data: a GET that does not sign out, reset
// or upgrade, or a POST whose path says that it searches, reads or exports.
func Shows(rt *lr.Route) bool {
	switch rt.Kind {
	case lr.SignIn, lr.SignOut, lr.SignUp, lr.Refresh, lr.Password, lr.WebSocket, lr.Webhook, lr.GraphQL, lr.Invite:
		return rt.Kind == lr.Invite && rt.Method == "GET"
	case lr.Search:
		return rt.Method == "GET" || rt.Method == "POST" && !alters(rt)
	case lr.Read, lr.List, lr.Export, lr.Download:
		// POST /exports makes an export; POST /chats/export answers with one.
		if rt.Method == "POST" {
			return rt.Path != rt.Resource && !acts(rt) && !alters(rt)
		}
	}
	if rt.Method != "GET" {
		return false
	}
	return !acts(rt)
}

// acts reports a verb in the path: the route may act although its method says
// that it reads (RFC 9110, section 9.2.1, is often broken).
func acts(rt *lr.Route) bool {
	for _, seg := range strings.Split(strings.ToLower(rt.Path), "/") {
		switch seg {
		case "logout", "signout", "seed", "delete", "remove", "purge", "reset", "createdb", "pay", "refund", "rotate", "revoke", "disable", "shutdown", "restart",
			"send", "cancel", "wipe", "flush", "truncate", "migrate", "populate", "unsubscribe", "close", "approve":
			return true
		}
	}
	return false
}

// alters reports a word in the path of a POST that says what it changes, or that it
// sets something: it shows what it has set, and is no reading.
func alters(rt *lr.Route) bool {
	for _, seg := range strings.Split(strings.ToLower(rt.Path), "/") {
		switch seg {
		case "archive", "unarchive", "config", "configs", "configuration", "settings", "preferences", "permissions", "update", "edit", "set", "toggle", "import",
			"clear", "default", "defaults":
			return true
		}
	}
	return false
}

// parentOf finds the object that fills a route's last key where the route's own
// resource has none seeded: GET /chats/{id}/messages lists messages by a chat.
func parentOf(t *lr.Trial, rt *lr.Route, victim *lr.Account) *lr.Object {
	names := rt.PathParams()
	for i := len(names) - 1; i >= 0; i-- {
		if k, ok := rt.Keys[names[i]]; ok {
			if o := t.Stage.Object(k.Resource, victim); o != nil {
				return o
			}
		}
	}
	return nil
}

// SelfKeyed reports whether the account itself fills every key of the route:
// /users/{user_id}, /tenants/{tenant_id}/usage.
func SelfKeyed(rt *lr.Route, a *lr.Account) bool {
	for _, name := range rt.PathParams() {
		if SelfKey(name, rt, a) == "" {
			return false
		}
	}
	return true
}

// SelfKey returns the account's own value for a path parameter that names a
// user or a tenant, "" when the parameter names something else.
func SelfKey(name string, rt *lr.Route, a *lr.Account) string {
	if a == nil {
		return ""
	}
	n := strings.ToLower(separators.Replace(name))
	before := segmentBefore(rt.Path, name)
	if n == "id" || n == "uuid" || n == "slug" {
		n = strings.TrimSuffix(before, "s") + n
	}
	switch {
	case strings.HasPrefix(n, "tenant"), strings.HasPrefix(n, "org"), strings.HasPrefix(n, "workspace"), strings.HasPrefix(n, "company"), strings.HasPrefix(n, "account") && a.TenantID != "":
		return a.TenantID
	case n == "username" || n == "login" || n == "handle":
		for _, k := range []string{"username", "login", "handle", "name"} {
			if v := told(a, k); v != "" {
				return v
			}
		}
		return a.User
	case n == "email":
		return a.User
	case strings.HasPrefix(n, "user"):
		return a.UserID
	}
	return ""
}

// told is what whoami said of a field, in the reply itself or one level down:
// {"user": {"username": …}} is as usual as {"username": …}.
func told(a *lr.Account, field string) string {
	if v := a.Known[field]; v != "" {
		return v
	}
	for _, in := range []string{"user", "data", "account", "profile", "me", "result"} {
		if v := a.Known[in+"."+field]; v != "" {
			return v
		}
	}
	return ""
}

func segmentBefore(path, name string) string {
	i := strings.Index(path, "{"+name+"}")
	if i <= 0 {
		return ""
	}
	segs := strings.FieldsFunc(path[:i], func(r rune) bool { return r == '/' })
	if len(segs) == 0 {
		return ""
	}
	return strings.ToLower(segs[len(segs)-1])
}

// Victims lists the accounts whose data the probes look for: the first account
// of each tenant that is not privileged, or else its first.
func Victims(t *lr.Target) []*lr.Account {
	var out []*lr.Account
	for _, tenant := range t.Tenants() {
		var best *lr.Account
		for _, a := range t.Accounts {
			if a.Tenant == tenant && !a.Spare && (best == nil || best.Privileged() && !a.Privileged() && !readOnly(a)) {
				best = a
			}
		}
		if best != nil {
			out = append(out, best)
		}
	}
	return out
}

func readOnly(a *lr.Account) bool {
	switch strings.ToLower(a.Role) {
	case "viewer", "reader", "guest", "readonly", "read-only":
		return true
	}
	return false
}

// Attackers lists, for a victim, one ordinary and one privileged account of the
// other tenants: what a tenant's admin may do at home, they may not do abroad.
func Attackers(t *lr.Target, victim *lr.Account) []*lr.Account {
	var ordinary, privileged *lr.Account
	for _, a := range t.Foreign(victim) {
		if a.Privileged() {
			if privileged == nil {
				privileged = a
			}
		} else if ordinary == nil {
			ordinary = a
		}
	}
	var out []*lr.Account
	for _, a := range []*lr.Account{ordinary, privileged} {
		if a != nil {
			out = append(out, a)
		}
	}
	return out
}

// Caller is who asks a route that is not asked about tenants: the owner of the first
// tenant's object of its resource, an administrator on administrators' routes, else a
// user; nil where there is no tenant.
func Caller(t *lr.Trial, rt *lr.Route) *lr.Account {
	victims := Victims(t.Target)
	if len(victims) == 0 {
		return nil
	}
	if o := t.Stage.Object(rt.Resource, victims[0]); o != nil && o.Owner != nil {
		return o.Owner
	}
	if lr.Match(t.Target.Access.Admin, rt) || strings.Contains(strings.ToLower(rt.Path), "admin") {
		for _, a := range t.Target.Accounts {
			if a.Tenant == victims[0].Tenant && a.Privileged() && !a.Spare {
				return a
			}
		}
	}
	return victims[0]
}
