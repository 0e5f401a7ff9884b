package auth

import (
	"context"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/oracle"
)

var massAssignment = &lr.Check{
	ID:    "auth/mass-assignment",
	Title: "Nobody gives themselves a role",
	Why: "Where a handler copies the whole body into the user's record, one more field in the profile form makes an administrator. " +
		"It needs no tool but the browser's own, and every test of roles passes.",
	Fix: "Decode into a structure that has only the fields a user may change, and refuse unknown ones with 422. " +
		"Change roles by a route of its own that asks for an administrator.",
	Guard:    "validate",
	Severity: lr.Critical,
	Refs:     []lr.Ref{{Source: "OWASP API", ID: "API3:2023"}, {Source: "CWE", ID: "915"}, {Source: "ASVS", ID: "v5.0.0-15.3.3"}},
	Needs:    lr.Routes | lr.Credentials,
	Effect:   lr.Destroys,
	Run:      runMassAssignment,
}

func runMassAssignment(ctx context.Context, t *lr.Trial) error {
	asked, err := promoteEach(ctx, t)
	if err != nil {
		return err
	}
	for _, rt := range ofKind(t.Target, lr.SignUp) {
		asked++
		if err := signUpPromoted(ctx, t, rt); err != nil {
			return err
		}
	}
	if asked == 0 {
		t.NotApplicable("no route lets users change their own record or sign up")
	}
	return nil
}

// promoteEach tries each route by which users change their own record, as a
// spare user; after one that changed what the user may do, with another.
func promoteEach(ctx context.Context, t *lr.Trial) (asked int, err error) {
	me, err := spare(ctx, t)
	if err != nil {
		if err := ended(ctx, err); err != nil {
			return 0, err
		}
		if victims := oracle.Victims(t.Target); len(victims) > 0 {
			me = victims[0] // only to say which routes there are
		}
	}
	fresh := err == nil
	for _, rt := range t.Target.Routes {
		if me == nil || !selfUpdate(rt, me) && !selfGrant(rt) {
			continue
		}
		asked++
		if err == nil && !fresh {
			me, err = spare(ctx, t)
			fresh = err == nil
		}
		if err != nil {
			if err := unasked(ctx, t, rt.String(), "making a spare user", err); err != nil {
				return asked, err
			}
			if me == nil {
				return asked, nil
			}
			continue
		}
		changed, err := promote(ctx, t, rt, me)
		if err != nil {
			return asked, err
		}
		fresh = !changed
	}
	return asked, nil
}

// selfUpdate reports whether a route changes the caller's own record.
func selfUpdate(rt *lr.Route, me *lr.Account) bool {
	if rt.Method != "PATCH" && rt.Method != "PUT" && rt.Method != "POST" || rt.Kind == lr.Create || rt.Kind == lr.Password || rt.Kind == lr.SignUp {
		return false
	}
	segs := segments(rt.Path)
	if len(segs) == 0 {
		return false
	}
	if len(rt.PathParams()) == 0 {
		switch segs[len(segs)-1] {
		case "me", "profile", "self", "account", "whoami", "user":
			return true
		}
		return me.WhoAmI != nil && rt.Path == me.WhoAmI.Path
	}
	// /users/{user_id}, by the caller's own id.
	return rt.Kind == lr.Update && oracle.SelfKeyed(rt, me) && hasSegment(rt.Path, "users", "members", "accounts", "profiles", "people")
}

// selfGrant reports whether a route without a key gives somebody whom its body
// names a role: PUT /users/update_role {"username": …, "role": …}.
func selfGrant(rt *lr.Route) bool {
	switch {
	case rt.Safe() || rt.Method == "DELETE" || !rt.Declared || len(rt.PathParams()) > 0:
		return false
	case rt.Kind == lr.Create || rt.Kind == lr.SignUp || rt.Kind == lr.SignIn || rt.Kind == lr.Invite || rt.Kind == lr.Password:
		return false
	}
	return field(rt, "role", "roles", "isadmin", "admin", "usertype") != "" && field(rt, "username", "userid", "email", "user", "login") != "" && field(rt, "password*") == ""
}

// bodies lists the bodies to try: the fields that the target itself shows, with
// each role that may be one, and then every usual name, which a strict target
// refuses as a whole.
func bodies(had map[string]string, roles []string) []map[string]any {
	var out []map[string]any
	for _, role := range roles {
		all, shown, named := powers(role), map[string]any{}, false
		for path := range had {
			name := path[strings.LastIndexByte(path, '.')+1:]
			for k, v := range all {
				if plainName(k) == plainName(name) {
					shown[name] = v
					named = named || v != true
				}
			}
		}
		if len(shown) > 0 {
			out = append(out, shown)
		}
		if !named {
			break // flags alone are the same with any role
		}
	}
	return append(out, powers(roles[0]))
}

// gains lists the privileges that are now as the fields asked for, and were not.
func gains(before, after map[string]string, fields map[string]any) []string {
	var out []string
	for path, v := range after {
		if before[path] == v {
			continue
		}
		name := plainName(path[strings.LastIndexByte(path, '.')+1:])
		for k, want := range fields {
			if plainName(k) == name && (flat(want) == v || flat(anyList(want)) == v) {
				out = append(out, path+" "+v)
				break
			}
		}
	}
	return out
}

func anyList(v any) any {
	list, ok := v.([]string)
	if !ok {
		return v
	}
	out := make([]any, len(list))
	for i, s := range list {
		out[i] = s
	}
	return out
}

func describe(m map[string]string) string {
	var parts []string
	for k, v := range m {
		parts = append(parts, k+" "+v)
	}
	return strings.Join(parts, ", ")
}

// signUpPromoted signs two users up, one with fields that give power, and
// compares who they are.
func signUpPromoted(ctx context.Context, t *lr.Trial, rt *lr.Route) error {
	plain, why, err := signUp(ctx, t, rt, nil)
	if err != nil {
		return err
	}
	if plain == nil {
		t.Unknown(rt.String(), "%s", why)
		return nil
	}
	had := privileges(plain.who)
	if len(had) == 0 {
		t.Unknown(rt.String(), "who a new user is does not tell a role, so nothing could be read back")
		return nil
	}
	var last *newcomer
	names := roles(t, had)
	// Each try leaves a user behind.
	for _, fields := range bodies(had, names[:min(len(names), 4)]) {
		n, _, err := signUp(ctx, t, rt, fields)
		if err != nil {
			return err
		}
		if n == nil {
			continue // refused with such fields, as it should be
		}
		last = n
		if gained := gains(had, privileges(n.who), fields); len(gained) > 0 {
			e := xs(plain.who, n.made, n.who)
			e.Witness = gained
			t.Fail(e, rt.String(), "a user who signs up with further fields has %s, where others have %s", strings.Join(gained, ", "), describe(had))
			return nil
		}
	}
	e := xs(plain.who)
	if last != nil {
		e = xs(plain.who, last.made, last.who)
	}
	t.Pass(e, rt.String(), "a user who signs up with fields that give power has what others have")
	return nil
}
