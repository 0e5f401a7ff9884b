package auth

import (
	"context"
	"encoding/json"
	"errors"
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
	asked := 0
	me, err := spare(ctx, t)
	switch {
	case err == nil:
		for _, rt := range t.Target.Routes {
			if selfUpdate(rt, me) {
				asked++
				if err := promote(ctx, t, rt, me); err != nil {
					return err
				}
			}
		}
	case errors.Is(err, lr.ErrNoSpare):
		for _, rt := range t.Target.Routes {
			if a := oracle.Victims(t.Target); len(a) > 0 && selfUpdate(rt, a[0]) {
				asked++
				t.Unknown(rt.String(), "%v", err)
			}
		}
	default:
		return unasked(ctx, t, application, "making a spare user", err)
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

// powers are the fields to try, for a role name that administers.
func powers(role string) map[string]any {
	return map[string]any{"role": role, "roles": []string{role}, "is_admin": true, "isAdmin": true, "admin": true,
		"is_superuser": true, "is_staff": true, "user_type": role}
}

// adminRole is what the target calls an account that administers.
func adminRole(t *lr.Trial) string {
	for _, a := range t.Target.Accounts {
		if a.Privileged() {
			if r := a.Known["role"]; r != "" {
				return r
			}
			return a.Role
		}
	}
	return "admin"
}

// promote sends the caller's own update with fields that give power, and reads
// back who the caller is: the update's own reply may echo whatever was sent.
func promote(ctx context.Context, t *lr.Trial, rt *lr.Route, me *lr.Account) error {
	subject := rt.String()
	before, hits, err := introduce(ctx, t, me, credentialOf(me), "before")
	if err != nil {
		return unasked(ctx, t, subject, "asking who the account is", err)
	}
	had := privileges(before)
	if len(hits) == 0 || len(had) == 0 {
		t.Unknown(subject, "who the caller is does not tell a role, so nothing could be read back")
		return nil
	}
	var sent []*lr.Exchange
	for _, fields := range bodies(had, powers(adminRole(t))) {
		var own *lr.Object
		if len(rt.PathParams()) > 0 {
			own = themselves(rt, me)
			own.Body = bodyOf(before)
		}
		r, err := t.Stage.Request(ctx, rt, own, me)
		if err != nil {
			return unasked(ctx, t, subject, "building the request", err)
		}
		if len(rt.PathParams()) > 0 && !strings.Contains(r.Path, me.UserID) && !strings.Contains(r.Path, me.User) {
			t.Unknown(subject, "the request could not be addressed to the caller's own record")
			return nil
		}
		if err := with(r, fields); err != nil {
			return err
		}
		r.Note = "own record with fields that give power"
		x, err := t.HTTP.Do(ctx, me, r)
		if err != nil {
			return unasked(ctx, t, subject, "the update", err)
		}
		sent = append(sent, x)
		// A role may stand in the token: it counts from the next sign-in.
		now, err := session(ctx, t, me)
		if err != nil {
			return err
		}
		after, _, err := introduce(ctx, t, me, credentialOf(now), "read-back after signing in again")
		if err != nil {
			return unasked(ctx, t, subject, "asking who the account is", err)
		}
		if gained := gains(had, privileges(after), fields); len(gained) > 0 {
			e := xs(before, x, after)
			e.Witness = gained
			t.Fail(e, subject, "answered %d; the caller then has %s, where it had %s", x.Status, strings.Join(gained, ", "), describe(had))
			return nil
		}
	}
	t.Pass(xs(append([]*lr.Exchange{before}, sent...)...), subject, "fields that give power change nothing of who the caller is")
	return nil
}

func bodyOf(x *lr.Exchange) map[string]any {
	var m map[string]any
	if x == nil || json.Unmarshal(x.Body, &m) != nil {
		return nil
	}
	return m
}

// bodies lists the bodies to try: the fields that the target itself shows, and
// then every usual name, which a strict target refuses as a whole.
func bodies(had map[string]string, all map[string]any) []map[string]any {
	shown := map[string]any{}
	for path := range had {
		name := path[strings.LastIndexByte(path, '.')+1:]
		for k, v := range all {
			if plainName(k) == plainName(name) {
				shown[name] = v
			}
		}
	}
	if len(shown) == 0 {
		return []map[string]any{all}
	}
	return []map[string]any{shown, all}
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
	for _, fields := range bodies(had, powers(adminRole(t))) {
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
