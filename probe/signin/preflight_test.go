package signin_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/probe/signin"
)

func TestPreflight(t *testing.T) {
	id := func(base signin.Identity, f func(*signin.Identity)) signin.Identity { f(&base); return base }
	given := func(base signin.Identity, token string) signin.Identity {
		base.Password, base.Token = lr.Secret{}, lr.NewSecret(token)
		return base
	}
	for _, tc := range []struct {
		name  string
		ids   []signin.Identity
		app   func(*app)
		fatal bool
		want  []string // in the problems; none when empty
	}{
		{"all is well", []signin.Identity{member(), globex()}, nil, false, nil},
		{"wrong password", []signin.Identity{id(member(), func(i *signin.Identity) { i.Password = lr.NewSecret("wrong-password-9") })}, nil, true,
			[]string{"acme_member", "POST /login answered 401", "bad credentials", "member@acme.test"}},
		{"server echoes the password", []signin.Identity{member()}, func(a *app) { a.refuse = 422 }, true, []string{"acme_member", "answered 422", "fields"}},
		{"throttled", []signin.Identity{member()}, func(a *app) { a.refuse = 429 }, true, []string{"answered 429", "limit"}},
		{"dead given token", []signin.Identity{given(globex(), "unknown-token-77")}, nil, true, []string{"globex_member", "GET /me answered 401", "live credential"}},
		{"expired given token", []signin.Identity{given(member(), jwt(`{"sub":"usr_1","exp":1700000000}`))}, func(a *app) { a.live[jwt(`{"sub":"usr_1","exp":1700000000}`)] = a.users["member@acme.test"] }, true,
			[]string{"acme_member", "expired at 2023-11-14T22:13:20Z"}},
		{"given token ends too soon", []signin.Identity{given(member(), jwt(`{"sub":"usr_1","exp":1777637100}`))}, func(a *app) { a.live[jwt(`{"sub":"usr_1","exp":1777637100}`)] = a.users["member@acme.test"] }, false,
			[]string{"acme_member", "before the planned 15m0s"}},
		{"another user", []signin.Identity{given(member(), "issued-token-0001")}, func(a *app) { a.issue(a.users["member@globex.test"]) }, true,
			[]string{"it is member@globex.test", "the configuration says member@acme.test"}},
		{"another tenant id", []signin.Identity{id(member(), func(i *signin.Identity) { i.TenantID = "ten_other" })}, nil, true, []string{"does not name tenant id ten_other"}},
		{"another user id", []signin.Identity{id(member(), func(i *signin.Identity) { i.UserID = "usr_other" })}, nil, true, []string{"does not name its user id usr_other"}},
		{"another role", []signin.Identity{id(member(), func(i *signin.Identity) { i.Role = "admin" })}, nil, false, []string{"role is member", "says admin"}},
		{"the same user twice", []signin.Identity{member(), id(member(), func(i *signin.Identity) { i.Name, i.Tenant = "twin", "globex" })}, nil, true, []string{"acme_member and twin are the same user (id usr_1)"}},
		{"two tenants that are one", []signin.Identity{member(), id(identity("other", "globex", "admin", "admin@acme.test", "acme-admin-pw"), func(*signin.Identity) {})}, nil, true,
			[]string{"acme_member and other", "same tenant (id ten_a)"}},
		{"one tenant that is two", []signin.Identity{member(), id(globex(), func(i *signin.Identity) { i.Tenant = "acme" })}, nil, true, []string{"different tenants (ids ten_a and ten_g)"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := setUp(t, signin.Options{Method: with(login("/login"), plainMethod), WhoAmI: "GET /me", Identities: tc.ids, Planned: 15 * time.Minute})
			if tc.app != nil {
				s.app.set(tc.app)
			}
			ps := s.cast.Preflight(t.Context())
			var all []string
			fatal := false
			for _, p := range ps {
				all = append(all, p.String())
				fatal = fatal || p.Fatal
			}
			text := strings.Join(all, "\n")
			if (len(ps) > 0) != (len(tc.want) > 0) || fatal != tc.fatal {
				t.Fatalf("fatal %v, problems:\n%s\nwant fatal %v and %q", fatal, text, tc.fatal, tc.want)
			}
			for _, w := range tc.want {
				if !strings.Contains(text, w) {
					t.Errorf("problems do not say %q:\n%s", w, text)
				}
			}
			for _, bad := range []string{"pa$$word", `pa$$word\u0026`, "wrong-password-9", "globex-member-pw", "unknown-token", "issued-token", "eyJ"} {
				if strings.Contains(text, bad) || strings.Contains(s.written(), bad) {
					t.Errorf("%q is shown:\n%s\n%s", bad, text, s.written())
				}
			}
		})
	}
}

func TestPreflightOfADeadTarget(t *testing.T) {
	s := cast(t, plainMethod, member(), globex())
	s.http.Close()
	dead := setUp(t, signin.Options{Method: with(signin.Method{}, func(m *signin.Method) { *m = login("http://127.0.0.1:1/login") }), Identities: []signin.Identity{member(), globex()}})
	ps := dead.cast.Preflight(t.Context())
	if len(ps) != 1 || !ps[0].Fatal || ps[0].Identity != "acme_member" || !errors.Is(ps[0].Err, lr.ErrScope) {
		t.Errorf("got %v, want one problem that stops", ps)
	}
}

func TestThrottledSignInWaits(t *testing.T) {
	s := cast(t, plainMethod)
	s.app.set(func(a *app) { a.refuse = 429 })
	before := s.clock.Now()
	ps := s.cast.Preflight(t.Context())
	if len(ps) != 1 || !strings.Contains(ps[0].What, "429") {
		t.Fatalf("got %v", ps)
	}
	if s.app.count() != 4 || !s.clock.Now().After(before) {
		t.Errorf("asked %d times within %v, want 4 with waits", s.app.count(), s.clock.Now().Sub(before))
	}
}
