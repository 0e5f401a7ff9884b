package auth

import (
	"context"
	"encoding/json"
	"fmt"
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

// promote sends the caller's own update with fields that give power, and reads
// back who the caller is: the update's own reply may echo whatever was sent. It
// reports whether the caller is no longer what it was.
func promote(ctx context.Context, t *lr.Trial, rt *lr.Route, me *lr.Account) (changed bool, err error) {
	subject := rt.String()
	before, hits, err := introduce(ctx, t, me, credentialOf(me), "before")
	if err != nil {
		return false, unasked(ctx, t, subject, "asking who the account is", err)
	}
	had := privileges(before)
	if len(hits) == 0 || len(had) == 0 {
		t.Unknown(subject, "who the caller is does not tell a role, so nothing could be read back")
		return false, nil
	}
	var tries []grant // of this user
	sent := xs(before)
	broken := 0
	for _, fields := range bodies(had, roles(t, had)) {
		if changed {
			// A role that the target does not know has broken the account. Servers
			// that break close the connection, so a first request may be lost.
			if me, err = spare(ctx, t); err != nil {
				me, err = spare(ctx, t)
			}
			if err != nil {
				return true, unasked(ctx, t, subject, "making another spare user", err)
			}
			if before, hits, err = introduce(ctx, t, me, credentialOf(me), "before"); err != nil || len(hits) == 0 {
				break
			}
			tries = nil
		}
		x, why, err := grantOwn(ctx, t, rt, me, before, fields)
		if err := ended(ctx, err); err != nil {
			return true, err
		}
		if err == nil && x == nil {
			t.Unknown(subject, "%s", why)
			return changed, nil
		}
		tries, sent = append(tries, grant{fields, x}), xs(append(sent.Exchanges, x)...)
		done, in, err := gainedBy(ctx, t, subject, before, me, credentialOf(me), tries)
		if done || err != nil {
			return done, err
		}
		if changed = !in; changed {
			if broken++; broken == mostBroken {
				break
			}
		}
	}
	if changed {
		t.Unknown(subject, "a spare account broke under fields that give power: it is no longer told who it is, so nothing could be read back. Give one identity a role that administers, so that a role which the target knows can be tried")
		return true, nil
	}
	// A role may stand in the token: it counts from the next sign-in.
	now, err := session(ctx, t, me)
	if err != nil {
		return false, err
	}
	if done, _, err := gainedBy(ctx, t, subject, before, me, credentialOf(now), tries); done || err != nil {
		return done, err
	}
	t.Pass(sent, subject, "fields that give power change nothing of who the caller is")
	return false, nil
}

// mostBroken is how many spare accounts a route may break: what stands in their
// records may be in the way of others, such as a list of users.
const mostBroken = 2

// grant is one try to get power: what was asked for, and the answer.
type grant struct {
	fields map[string]any
	sent   *lr.Exchange
}

// gainedBy looks who the caller is now, and reports the power that a try gave;
// and whether the caller is let in at all.
func gainedBy(ctx context.Context, t *lr.Trial, subject string, before *lr.Exchange, me *lr.Account, c lr.Credential, tries []grant) (done, in bool, err error) {
	after, hits, err := introduce(ctx, t, me, c, "read-back")
	if err != nil {
		return false, false, ended(ctx, err)
	}
	had := privileges(before)
	for i := len(tries) - 1; i >= 0; i-- {
		g := tries[i]
		if gained := gains(had, privileges(after), g.fields); len(gained) > 0 {
			e := xs(before, g.sent, after)
			e.Witness = gained
			answered := "not answered"
			if g.sent != nil {
				answered = fmt.Sprintf("answered %d", g.sent.Status)
			}
			t.Fail(e, subject, "%s; the caller then has %s, where it had %s", answered, strings.Join(gained, ", "), describe(had))
			return true, true, nil
		}
	}
	return false, len(hits) > 0, nil
}

// grantOwn sends the update of the caller's own record with the fields. What it
// says of the caller besides is what the record holds already. nil with the
// reason where the request cannot be addressed to that record.
func grantOwn(ctx context.Context, t *lr.Trial, rt *lr.Route, me *lr.Account, before *lr.Exchange, fields map[string]any) (*lr.Exchange, string, error) {
	const elsewhere = "the request could not be addressed to the caller's own record"
	own := &lr.Object{Resource: rt.Resource, Owner: me, Keys: map[string]string{}}
	if len(rt.PathParams()) > 0 {
		own = themselves(rt, me)
	}
	own.Body = bodyOf(before)
	r, err := t.Stage.Request(ctx, rt, own, me)
	if err != nil {
		return nil, "", err
	}
	if len(rt.PathParams()) > 0 && !strings.Contains(r.Path, me.UserID) && !strings.Contains(r.Path, me.User) {
		return nil, elsewhere, nil
	}
	body := fieldsOf(r)
	if selfGrant(rt) {
		name := field(rt, "username", "userid", "email", "user", "login")
		body[name] = me.User
		switch plainName(name) {
		case "userid":
			body[name] = me.UserID
		case "email":
			body[name] = address(me)
		}
		if body[name] == "" {
			return nil, elsewhere, nil
		}
	}
	keep(body, before, t.Cast.Password(me))
	for k, v := range fields {
		inside(body)[k] = v
	}
	if err := setFields(r, body); err != nil {
		return nil, "", err
	}
	r.Note = "own record with fields that give power"
	x, err := t.HTTP.Do(ctx, me, r)
	return x, "", err
}

// keep puts what the caller's record holds into the fields of a body that have
// its names: no try is to rename a user, or to change the password.
func keep(body map[string]any, record *lr.Exchange, password lr.Secret) {
	holds := map[string]any{}
	var doc any
	if json.Unmarshal(record.Body, &doc) != nil {
		return
	}
	objects(doc, func(m map[string]any) {
		for k, v := range m {
			if s, ok := v.(string); ok && s != "" && holds[plainName(k)] == nil {
				holds[plainName(k)] = s
			}
		}
	})
	objects(body, func(m map[string]any) {
		for k, v := range m {
			switch _, text := v.(string); {
			case personal(k) == "password":
				m[k] = password.Reveal()
			case text && holds[plainName(k)] != nil:
				m[k] = holds[plainName(k)]
			}
		}
	})
}

func bodyOf(x *lr.Exchange) map[string]any {
	var m map[string]any
	if x == nil || json.Unmarshal(x.Body, &m) != nil {
		return nil
	}
	return m
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
