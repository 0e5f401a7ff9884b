package auth

import (
	"context"
	"errors"
	"fmt"
	"sort"
	"strings"

	lr "github.com/launchready/launchready"
)

var disabledUserToken = &lr.Check{
	ID:    "auth/disabled-user-token",
	Title: "A disabled or removed user is out at once",
	Why:   "The customer's administrator disables an account because somebody has left or a laptop is gone. A token that goes on working makes that button a promise that is not kept, and buyers ask about it by name.",
	Fix: "Ask for the user's status on every request, beside the session's; a cache of a few seconds is enough. " +
		"End all sessions and refresh tokens of a user in the same transaction that disables or removes the user.",
	Guard:    "",
	Severity: lr.High,
	Refs:     []lr.Ref{{Source: "OWASP API", ID: "API2:2023"}, {Source: "CWE", ID: "613"}, {Source: "ASVS", ID: "v5.0.0-7.4.2"}},
	Needs:    lr.Routes | lr.Credentials,
	Effect:   lr.Destroys,
	Run:      runDisabledUserToken,
}

// ousting is one way to take a user's access away.
type ousting struct {
	route *lr.Route
	field string // of an update
	value any
	kind  string // "disabled", "removed"
}

// oustings lists the ways that the surface offers, at most one to disable and
// one to remove.
func oustings(t *lr.Target) []ousting {
	var out []ousting
	for _, rt := range t.Routes {
		if !rt.Declared || rt.Safe() || len(rt.PathParams()) != 1 || !ofUsers(rt) {
			continue
		}
		segs := segments(rt.Path)
		verb := segs[len(segs)-1]
		switch {
		case verb == "disable", verb == "deactivate", verb == "suspend", verb == "block", verb == "ban", verb == "lock":
			out = append(out, ousting{rt, "", nil, "disabled"})
		case rt.Method == "DELETE" && strings.HasSuffix(rt.Path, "}"):
			out = append(out, ousting{rt, "", nil, "removed"})
		case (rt.Method == "PATCH" || rt.Method == "PUT") && strings.HasSuffix(rt.Path, "}"):
			if f, v := disabling(rt); f != "" {
				out = append(out, ousting{rt, f, v, "disabled"})
			}
		}
	}
	// A verb says more than a field.
	sort.SliceStable(out, func(i, j int) bool { return out[i].field == "" && out[j].field != "" })
	kinds := map[string]bool{}
	var first []ousting
	for _, o := range out {
		if !kinds[o.kind] {
			kinds[o.kind] = true
			first = append(first, o)
		}
	}
	return first
}

// ofUsers reports whether the route's one key is a user's.
func ofUsers(rt *lr.Route) bool {
	before := rt.Path[:strings.IndexByte(rt.Path, '{')]
	segs := segments(before)
	if n := len(segs); n > 1 && len(segs[n-1]) <= 3 && segs[n-1][0] == 'v' { // /users/v1/{username}
		segs = segs[:n-1]
	}
	if len(segs) == 0 {
		return false
	}
	switch segs[len(segs)-1] {
	case "users", "user", "members", "member", "people", "employees", "seats", "accounts", "teammates":
		return true
	}
	return false
}

// disabling finds the field of an update that disables, and the value for it.
func disabling(rt *lr.Route) (string, any) {
	if f := field(rt, "status", "state"); f != "" {
		for _, e := range rt.Body.Schema.Properties[f].Enum {
			switch e {
			case "disabled", "inactive", "suspended", "blocked", "deactivated":
				return f, e
			}
		}
	}
	if f := field(rt, "disabled", "suspended", "blocked", "isdisabled"); f != "" {
		return f, true
	}
	if f := field(rt, "active", "isactive", "enabled"); f != "" {
		return f, false
	}
	return "", nil
}

func runDisabledUserToken(ctx context.Context, t *lr.Trial) error {
	ways := oustings(t.Target)
	if len(ways) == 0 {
		t.NotApplicable("no route disables or removes users")
		return nil
	}
	for _, w := range ways {
		me, err := spare(ctx, t)
		if err != nil {
			return unasked(ctx, t, w.route.String(), "making a user who may be "+w.kind, err)
		}
		if err := oust(ctx, t, w, me); err != nil {
			return unasked(ctx, t, w.route.String(), "trying a user who is "+w.kind, err)
		}
	}
	return nil
}

func oust(ctx context.Context, t *lr.Trial, w ousting, me *lr.Account) error {
	subject := w.route.String()
	c := credentialOf(me)
	before, hits, err := introduce(ctx, t, me, c, "before")
	if err != nil {
		return err
	}
	if len(hits) == 0 || me.UserID == "" {
		t.Unknown(subject, "a new user is not told who they are, so nobody could be addressed")
		return nil
	}
	done, err := w.apply(ctx, t, me)
	if err != nil {
		return err
	}
	if done == nil {
		t.Unknown(subject, "no account of %s may have a user %s", me.Tenant, w.kind)
		return nil
	}
	// Whether it took effect, signing in again tells.
	again, _, err := opens(ctx, t, me, t.Cast.Password(me))
	if err != nil && !errors.Is(err, lr.ErrNoSignIn) {
		return err
	}
	if again != nil && len(shows(again, me)) > 0 {
		t.Unknown(subject, "answered %d, but the user can still sign in: nobody was %s", done.Status, w.kind)
		return nil
	}
	after, hits, err := introduce(ctx, t, me, c, "with the token from before")
	if err != nil {
		return err
	}
	e := xs(before, done, after)
	if len(hits) > 0 {
		e.Witness = hits
		t.Fail(e, subject, "the token of a user who was %s is still let in, though the user cannot sign in any more", w.kind)
		return nil
	}
	t.Pass(e, subject, "the token of a user who was %s was answered %d", w.kind, after.Status)
	return nil
}

// apply has an administrator take the user's access away. It is careful to
// address the spare user and nobody else.
func (w ousting) apply(ctx context.Context, t *lr.Trial, me *lr.Account) (*lr.Exchange, error) {
	name := w.route.PathParams()[0]
	them := &lr.Object{Resource: w.route.Resource, Owner: me, ID: me.UserID, Keys: map[string]string{w.route.Keys[name].Resource: me.UserID}}
	mates := byPower(accountsOf(t, me.Tenant))
	if len(mates) == 0 {
		// Who signed up belongs to no tenant of ours: an administrator of all may.
		for _, tenant := range t.Target.Tenants() {
			mates = append(mates, byPower(accountsOf(t, tenant))...)
		}
	}
	for _, a := range mates {
		r, err := t.Stage.Request(ctx, w.route, them, a)
		if err != nil {
			return nil, err
		}
		if !strings.Contains(r.Path, me.UserID) {
			return nil, fmt.Errorf("%s could not be addressed to the spare user", w.route)
		}
		if w.field != "" {
			if err := setFields(r, map[string]any{w.field: w.value}); err != nil {
				return nil, err
			}
		}
		r.Note = "the spare user is to be " + w.kind
		x, err := t.HTTP.Do(ctx, a, r)
		if err != nil {
			return nil, err
		}
		if x.OK() {
			return x, nil
		}
	}
	return nil, nil
}

func accountsOf(t *lr.Trial, tenant string) []*lr.Account {
	var out []*lr.Account
	for _, a := range t.Target.Accounts {
		if a.Tenant == tenant && !a.Spare {
			out = append(out, a)
		}
	}
	return out
}
