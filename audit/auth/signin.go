package auth

import (
	"context"
	"errors"
	"fmt"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/oracle"
)

// signIn signs a user in as a check needs it: with a password of its own, with
// further fields, with a cookie. The account comes back with the credential of
// the reply, nil where there is none: refused.
func signIn(ctx context.Context, t *lr.Trial, a *lr.Account, user string, password lr.Secret, change func(*lr.Request) error) (*lr.Account, *lr.Exchange, error) {
	r, err := t.Cast.SignInRequest(ctx, a, user, password)
	if err != nil {
		return nil, nil, err
	}
	if change != nil {
		if err := change(r); err != nil {
			return nil, nil, err
		}
	}
	x, err := t.HTTP.Do(ctx, nil, r)
	if err != nil {
		return nil, nil, err
	}
	b, err := t.Cast.Accept(a, x)
	if err != nil || b == nil || b.Credential.IsZero() {
		return nil, x, nil
	}
	return b, x, nil
}

// opens reports whether the user can sign in with the password: the reply gives
// a credential, and that is let in.
func opens(ctx context.Context, t *lr.Trial, a *lr.Account, password lr.Secret) (*lr.Exchange, bool, error) {
	b, x, err := signIn(ctx, t, a, a.User, password, nil)
	if err != nil || b == nil {
		return x, false, err
	}
	y, hits, err := introduce(ctx, t, a, b.Credential, "after signing in")
	if err != nil {
		return x, false, err
	}
	return y, len(hits) > 0, nil
}

// withPassword is the first account that signs in with a password.
func withPassword(t *lr.Trial) *lr.Account {
	for _, v := range oracle.Victims(t.Target) {
		if !t.Cast.Password(v).IsZero() {
			return v
		}
	}
	for _, a := range t.Target.Accounts {
		if !t.Cast.Password(a).IsZero() {
			return a
		}
	}
	return nil
}

// ordinaryRole is the role that spare users get: that of the first account which
// does not administer.
func ordinaryRole(t *lr.Trial, tenant string) string {
	role := ""
	for _, a := range t.Target.Accounts {
		if a.Tenant == tenant && !a.Privileged() && a.Role != "" && role == "" {
			role = a.Role
		}
	}
	return role
}

// spare makes a user in the first tenant that offers a way, or else signs one up
// with a tenant of its own.
func spare(ctx context.Context, t *lr.Trial) (*lr.Account, error) {
	err := lr.ErrNoSpare
	for _, tenant := range t.Target.Tenants() {
		a, e := t.Cast.Spare(ctx, tenant, ordinaryRole(t, tenant))
		if e == nil {
			return a, nil
		}
		if err := ended(ctx, e); err != nil {
			return nil, err
		}
		err = e
	}
	a, e := t.Cast.Spare(ctx, "", "")
	switch {
	case e == nil:
		return a, nil
	case ended(ctx, e) != nil:
		return nil, e
	case !errors.Is(e, lr.ErrNoSpare):
		err = fmt.Errorf("%w (%w)", err, e)
	}
	return nil, err
}

// ofKind lists the target's declared routes of a kind.
func ofKind(t *lr.Target, kind lr.Kind) []*lr.Route {
	var out []*lr.Route
	for _, rt := range t.Routes {
		if rt.Kind == kind && rt.Declared {
			out = append(out, rt)
		}
	}
	return out
}

func xs(list ...*lr.Exchange) lr.Evidence {
	var e lr.Evidence
	for _, x := range list {
		if x != nil {
			e.Exchanges = append(e.Exchanges, x)
		}
	}
	return e
}
