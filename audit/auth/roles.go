package auth

import (
	"cmp"
	"slices"
	"strings"
	"unicode"

	lr "github.com/launchready/launchready"
)

// powers are the fields to try, for a role name that administers.
func powers(role string) map[string]any {
	return map[string]any{"role": role, "roles": []string{role}, "is_admin": true, "isAdmin": true, "admin": true,
		"is_superuser": true, "superuser": true, "is_staff": true, "staff": true, "user_type": role}
}

// mostRoles is how many names of roles are tried on one route.
const mostRoles = 8

// roles lists the names of roles that may give more than the caller has, the
// likeliest first: those of accounts that administer, those that accounts are
// seen with, those that the specification lists, and the usual words, written
// as the target writes the caller's own.
func roles(t *lr.Trial, had map[string]string) []string {
	var out, own []string
	for path, v := range had {
		if roleField(path[strings.LastIndexByte(path, '.')+1:]) {
			own = append(own, v)
		}
	}
	slices.Sort(own)
	add := func(v string) {
		if v != "" && !slices.Contains(own, v) && !slices.Contains(out, v) && len(out) < mostRoles {
			out = append(out, v)
		}
	}
	for _, privileged := range []bool{true, false} {
		for _, a := range t.Target.Accounts {
			seen := seenRole(a)
			switch {
			case a.Privileged() != privileged:
			case privileged:
				add(cmp.Or(seen, a.Role))
			case !humble(seen):
				add(seen)
			}
		}
	}
	listed := listedRoles(t.Target)
	for _, v := range listed {
		if lr.PrivilegedRole(v) {
			add(v)
		}
	}
	for _, v := range listed {
		if !humble(v) {
			add(v)
		}
	}
	for _, v := range []string{"admin", "employee", "owner", "manager", "staff", "administrator", "superuser"} {
		add(likeCase(v, own))
	}
	if len(out) == 0 {
		out = append(out, "admin")
	}
	return out
}

// seenRole is the role that the target itself says an account has.
func seenRole(a *lr.Account) string {
	var paths []string
	for k := range a.Known {
		if roleField(k[strings.LastIndexByte(k, '.')+1:]) {
			paths = append(paths, k)
		}
	}
	if len(paths) == 0 {
		return ""
	}
	slices.SortFunc(paths, func(a, b string) int { return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b)) })
	return a.Known[paths[0]] // the least nested is the account's own
}

func roleField(name string) bool {
	switch plainName(name) {
	case "role", "roles", "usertype", "userrole", "rolename":
		return true
	}
	return false
}

// listedRoles are the values that the specification allows for roles.
func listedRoles(t *lr.Target) []string {
	var out []string
	for _, rt := range t.Routes {
		if rt.Body != nil {
			eachProperty(rt.Body.Schema, 0, func(name string, p *lr.Schema) {
				if p.Items != nil && len(p.Items.Enum) > 0 {
					p = p.Items
				}
				for _, e := range p.Enum {
					if v, ok := e.(string); ok && roleField(name) && !slices.Contains(out, v) {
						out = append(out, v)
					}
				}
			})
		}
	}
	slices.Sort(out)
	return out
}

// eachProperty visits the properties of a schema and of those within.
func eachProperty(sc *lr.Schema, depth int, visit func(string, *lr.Schema)) {
	if sc == nil || depth > 4 {
		return
	}
	for name, p := range sc.Properties {
		visit(name, p)
		eachProperty(p, depth+1, visit)
	}
	eachProperty(sc.Items, depth+1, visit)
	for _, o := range sc.OneOf {
		eachProperty(o, depth+1, visit)
	}
}

// humble reports a role that gives no more than being signed in.
func humble(role string) bool {
	switch strings.ToLower(role) {
	case "user", "member", "viewer", "reader", "guest", "customer", "client", "basic", "readonly", "read-only", "read_only", "none", "anonymous", "host":
		return true
	}
	return false
}

// likeCase writes a word in the case of the target's own: Admin beside Customer.
func likeCase(word string, own []string) string {
	for _, o := range own {
		letters := []rune(o)
		switch {
		case len(letters) < 2 || !unicode.IsUpper(letters[0]):
		case strings.ToUpper(o) == o:
			return strings.ToUpper(word)
		default:
			return strings.ToUpper(word[:1]) + word[1:]
		}
	}
	return word
}
