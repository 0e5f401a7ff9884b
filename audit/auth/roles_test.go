package auth

import (
	"slices"
	"testing"

	lr "github.com/launchready/launchready"
)

func TestRoles(t *testing.T) {
	account := func(role, seen string) *lr.Account {
		return &lr.Account{Identity: lr.Identity{Role: role}, Known: map[string]string{"data.role": seen, "teams.0.role": "Guest"}}
	}
	spec := []*lr.Route{{Body: &lr.Body{Schema: &lr.Schema{Properties: map[string]*lr.Schema{
		"user": {Properties: map[string]*lr.Schema{"role": {Enum: []any{"viewer", "owner", "auditor", 7}}}},
		"tone": {Enum: []any{"formal"}},
	}}}}}
	for _, c := range []struct {
		name     string
		accounts []*lr.Account
		routes   []*lr.Route
		had      map[string]string
		first    []string
		never    []string
	}{
		{"nothing is known", nil, nil, map[string]string{"role": "user"}, []string{"admin"}, []string{"user"}},
		{"in the target's own case", nil, nil, map[string]string{"role": "Customer"}, []string{"Admin", "Employee"}, []string{"admin", "Customer"}},
		{"in capitals", nil, nil, map[string]string{"role": "USER"}, []string{"ADMIN"}, []string{"USER"}},
		{"flags alone", nil, nil, map[string]string{"is_admin": "False"}, []string{"admin"}, nil},
		{"an administrator is seen", []*lr.Account{account("member", "Customer"), account("admin", "Chef")}, nil, map[string]string{"role": "Customer"},
			[]string{"Chef"}, []string{"Customer", "Guest"}},
		{"another role is seen", []*lr.Account{account("member", "Customer"), account("", "Cook")}, nil, map[string]string{"role": "Customer"}, []string{"Cook"}, []string{"Customer"}},
		{"the specification lists them", nil, spec, map[string]string{"role": "viewer"}, []string{"owner", "auditor"}, []string{"viewer", "formal"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := roles(&lr.Trial{Target: &lr.Target{Accounts: c.accounts, Routes: c.routes}}, c.had)
			if len(got) < len(c.first) || !slices.Equal(got[:len(c.first)], c.first) || len(got) > mostRoles {
				t.Errorf("got %q, want first %q and at most %d", got, c.first, mostRoles)
			}
			for _, v := range c.never {
				if slices.Contains(got, v) {
					t.Errorf("%q has %q", got, v)
				}
			}
		})
	}
}

func TestBodies(t *testing.T) {
	got := bodies(map[string]string{"user.admin": "false"}, []string{"admin", "owner"})
	if len(got) != 2 || len(got[0]) != 1 || got[0]["admin"] != true {
		t.Errorf("a flag alone: got %v, want it once and then all names", got)
	}
	got = bodies(map[string]string{"role": "member"}, []string{"admin", "owner"})
	if len(got) != 3 || got[0]["role"] != "admin" || got[1]["role"] != "owner" || len(got[1]) != 1 {
		t.Errorf("a role: got %v, want each name of one and then all names", got)
	}
}

func TestSelfGrant(t *testing.T) {
	route := func(method, path string, kind lr.Kind, props ...string) *lr.Route {
		sc := &lr.Schema{Properties: map[string]*lr.Schema{}}
		for _, p := range props {
			sc.Properties[p] = &lr.Schema{Type: "string"}
		}
		return &lr.Route{Method: method, Path: path, Kind: kind, Declared: true, Body: &lr.Body{Schema: sc}}
	}
	for _, c := range []struct {
		name string
		rt   *lr.Route
		want bool
	}{
		{"names a user and a role", route("PUT", "/users/update_role", lr.Action, "username", "role"), true},
		{"names nobody", route("PUT", "/settings", lr.Update, "role"), false},
		{"gives nothing", route("POST", "/users/find", lr.Action, "username"), false},
		{"makes a user", route("POST", "/users", lr.Create, "email", "role"), false},
		{"makes a user, by its fields", route("POST", "/users/add", lr.Action, "email", "role", "password"), false},
		{"invites", route("POST", "/invitations", lr.Invite, "email", "role"), false},
		{"is keyed", route("PUT", "/users/{id}", lr.Update, "email", "role"), false},
	} {
		if got := selfGrant(c.rt); got != c.want {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
	}
}
