package isolation

import (
	"context"
	"encoding/json"
	"errors"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/oracle"
)

// accountKeyed reports whether a route changes one user, named by the user's own
// name or id: PUT /users/{username}/password. Users are made by signing up, so
// they are no objects of the stage; spare identities stand in for them.
func accountKeyed(t *lr.Trial, rt *lr.Route) bool {
	if len(rt.PathParams()) == 0 || tenantKeyed(rt) {
		return false
	}
	for _, a := range t.Target.Accounts {
		if oracle.SelfKeyed(rt, a) {
			return true
		}
	}
	return false
}

// changeAccount lets one spare identity change another. Both are spare, because
// a target may well apply the change to the caller. A password is read back by
// signing in with it, everything else by the victim's own whoami.
func changeAccount(ctx context.Context, t *lr.Trial, rt *lr.Route) error {
	victim, err := t.Cast.Spare(ctx, "", "")
	if err != nil {
		return noSpare(ctx, t, rt, err)
	}
	attacker, err := t.Cast.Spare(ctx, "", "")
	if err != nil {
		return noSpare(ctx, t, rt, err)
	}
	control, worked, err := change(ctx, t, rt, victim, victim, "owner control")
	if err != nil {
		return open(ctx, t, rt.String(), err)
	}
	if !worked {
		t.Unknown(rt.String(), "the user's own change was answered %d and cannot be read back", statusOf(control))
		return nil
	}
	x, worked, err := change(ctx, t, rt, victim, attacker, "another user changes the account")
	if err != nil {
		return open(ctx, t, rt.String(), err)
	}
	e := lr.Seen(control, x)
	if !worked {
		t.Pass(e, rt.String(), "another user was answered %d, and the account is as it was", statusOf(x))
		return nil
	}
	if _, worked, err = change(ctx, t, rt, victim, attacker, "once more"); err != nil || !worked {
		t.Suspect(e, rt.String(), "another user was answered %d and changed the account; a second try did not", statusOf(x))
		return err
	}
	t.Fail(e, rt.String(), "another user was answered %d and changed the account: the change is read back as its owner; seen again in a second try", statusOf(x))
	return nil
}

func noSpare(ctx context.Context, t *lr.Trial, rt *lr.Route, err error) error {
	if errors.Is(err, lr.ErrNoSpare) {
		t.Unknown(rt.String(), "it changes users, which is tried on spare identities only: %v", err)
		return nil
	}
	return open(ctx, t, rt.String(), err)
}

// change sends the route's request for the victim's account and reports whether
// it took effect.
func change(ctx context.Context, t *lr.Trial, rt *lr.Route, victim, as *lr.Account, note string) (*lr.Exchange, bool, error) {
	r, err := t.Stage.Request(ctx, rt, nil, victim)
	if err != nil {
		return nil, false, err
	}
	r.Note = note
	wrote := complete(t, r, rt, victim)
	x, err := t.HTTP.Do(ctx, as, r)
	if err != nil {
		return nil, false, err
	}
	if pw := password(r.Body); pw != "" {
		worked, err := signsIn(ctx, t, victim, pw)
		return x, worked, err
	}
	if victim.WhoAmI == nil {
		return x, false, nil
	}
	after, err := t.HTTP.Do(ctx, victim, &lr.Request{Method: victim.WhoAmI.Method, Path: victim.WhoAmI.Path, Note: "the account's own view"})
	if err != nil {
		return nil, false, err
	}
	return x, len(oracle.Find(append(wrote, oracle.Canaries(r.Body)...), after)) > 0, nil
}

// complete fills the members of the body that the request leaves out: a
// specification that requires nothing still names what can be changed. Roles and
// states are left alone, they are another check's matter. It returns the values
// that the account's own view would show.
func complete(t *lr.Trial, r *lr.Request, rt *lr.Route, victim *lr.Account) []string {
	m := map[string]any{}
	if len(r.Body) > 0 && json.Unmarshal(r.Body, &m) != nil {
		return nil
	}
	fields := map[string]*lr.Schema{}
	if rt.Body != nil && rt.Body.Schema != nil {
		fields = rt.Body.Schema.Properties
	}
	if len(fields) == 0 && names(rt, "password") {
		fields = map[string]*lr.Schema{"password": {Type: "string"}}
	}
	var wrote []string
	filled := false
	for name, f := range fields {
		n := strings.ToLower(name)
		if _, has := m[name]; has || f.ReadOnly || f.Type != "string" || len(f.Enum) > 0 {
			continue
		}
		switch {
		case strings.Contains(n, "password"):
			m[name] = "Lr1!" + t.Stage.Canary("")[4:]
		case strings.HasSuffix(n, "email"):
			// Letters and digits alone: many forms take no hyphen in an address.
			c := t.Stage.Canary(victim.Tenant)
			address := "lr" + c[max(0, len(c)-16):] + "@" + mailDomain(victim)
			m[name], wrote = address, append(wrote, address)
		default:
			continue
		}
		filled = true
	}
	if !filled {
		return nil
	}
	body, err := json.Marshal(m)
	if err != nil {
		return nil
	}
	r.Body = body
	r.SetHeader("Content-Type", "application/json")
	return wrote
}

// mailDomain is the domain of an account's own address, which the target takes.
func mailDomain(a *lr.Account) string {
	if _, d, ok := strings.Cut(a.User, "@"); ok && d != "" {
		return d
	}
	return "example.com"
}

// password is the new password that a body sets, "" when it sets none.
func password(body []byte) string {
	var m map[string]any
	if json.Unmarshal(body, &m) != nil {
		return ""
	}
	for name, v := range m {
		n := strings.ToLower(name)
		if s, ok := v.(string); ok && strings.Contains(n, "password") && !strings.Contains(n, "current") && !strings.Contains(n, "old") {
			return s
		}
	}
	return ""
}

// signsIn reports whether the account is let in with the password.
func signsIn(ctx context.Context, t *lr.Trial, a *lr.Account, pw string) (bool, error) {
	r, err := t.Cast.SignInRequest(ctx, a, a.User, lr.NewSecret(pw))
	if err != nil {
		return false, err
	}
	r.Note = "sign in with the new password"
	x, err := t.HTTP.Do(ctx, nil, r)
	if err != nil {
		return false, err
	}
	_, err = t.Cast.Accept(a, x)
	return err == nil, nil //nolint:nilerr // a reply that signs nobody in is an answer
}
