package stage

import (
	"context"
	"fmt"
	"strings"

	lr "github.com/launchready/launchready"
)

// MakeUser makes a user in the tenant with the role and the password wanted, by a route with which an account of the tenant can: one that takes a
// login and a password. It returns the login as the application took it, and the
// new user's id. lr.ErrNoSpare when there is no such route.
func (s *Stage) MakeUser(ctx context.Context, tenant, role string, password lr.Secret) (login, id string, err error) {
	var owners []*lr.Account
	for _, a := range s.opt.Target.Accounts {
		if a.Tenant == tenant && !a.Spare {
			if a.Privileged() {
				owners = append([]*lr.Account{a}, owners...)
			} else {
				owners = append(owners, a)
			}
		}
	}
	last := lr.ErrNoSpare
	for _, name := range s.order {
		for _, rt := range s.byRes[name].creates {
			field, secret := userFields(rt)
			if field == "" || secret == "" {
				continue
			}
			for _, a := range owners {
				f := s.filler(a, nil)
				login := f.short()
				if strings.Contains(strings.ToLower(field), "mail") {
					login = f.short() + "@" + f.mailDomain()
				}
				set := map[string]any{field: login, secret: password.Reveal()}
				if rt.Body.Schema.Properties["role"] != nil && role != "" {
					set["role"] = role
				}
				o, x, err := s.create(ctx, &recipe{route: rt, account: a, full: texts, set: set}, s.parents(rt, a), nil)
				switch {
				case err != nil && stop(ctx, err):
					return "", "", err
				case err != nil:
					last = err
				case o != nil:
					return login, o.ID, nil
				default:
					last = fmt.Errorf("%s as %s answered %d: %w", rt, a.Name, x.Status, lr.ErrNoSpare)
				}
			}
		}
	}
	return "", "", last
}

// userFields names the login and password fields of a creation that makes users.
func userFields(rt *lr.Route) (login, password string) {
	if rt.Body == nil || rt.Body.Schema == nil {
		return "", ""
	}
	for n := range rt.Body.Schema.Properties {
		switch norm(n) {
		case "email", "username", "login", "emailaddress":
			if login == "" || norm(n) == "email" {
				login = n
			}
		case "password":
			password = n
		}
	}
	return login, password
}
