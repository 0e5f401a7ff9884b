package signin_test

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/probe/signin"
)

func TestSpareDeclared(t *testing.T) {
	sp := identity("acme_spare", "acme", "member", "spare@acme.test", "acme-spare-pw")
	sp.Spare = true
	s := cast(t, plainMethod, member(), sp)
	if got := s.cast.Accounts(); len(got) != 1 {
		t.Fatalf("a spare is among the accounts: %v", got)
	}
	s.preflight(t)
	if _, err := s.cast.Spare(t.Context(), "globex", ""); !errors.Is(err, lr.ErrNoSpare) {
		t.Errorf("another tenant: got %v, want ErrNoSpare", err)
	}
	if _, err := s.cast.Spare(t.Context(), "acme", "admin"); !errors.Is(err, lr.ErrNoSpare) {
		t.Errorf("another role: got %v, want ErrNoSpare", err)
	}
	a, err := s.cast.Spare(t.Context(), "acme", "member")
	if err != nil || !a.Spare || a.Name != "acme_spare" || a.UserID != "usr_4" || a.TenantID != "ten_a" || s.cast.Password(a).Reveal() != "acme-spare-pw" {
		t.Fatalf("got %+v, %v", a, err)
	}
	if _, err := s.cast.Spare(t.Context(), "acme", "member"); !errors.Is(err, lr.ErrNoSpare) {
		t.Errorf("the same spare was given twice: %v", err)
	}
	s.app.kill()
	before := s.app.count()
	if x := s.get(t, a, "/x"); x.Status != 401 || s.app.count() != before {
		t.Errorf("a spare was signed in again: %d", x.Status)
	}
}

func TestSpareByMemberRoute(t *testing.T) {
	s := cast(t, plainMethod, member())
	s.preflight(t)
	var wanted []signin.Identity
	s.cast.SetMembers(func(_ context.Context, want signin.Identity) (signin.Identity, error) {
		wanted = append(wanted, want)
		s.app.set(func(a *app) {
			a.users[want.User] = user{fmt.Sprintf("usr_m%d", len(wanted)), want.User, want.Password.Reveal(), "ten_a", want.Role}
		})
		return want, nil
	})
	for range 2 {
		a, err := s.cast.Spare(t.Context(), "acme", "viewer")
		if err != nil || !a.Spare || a.Tenant != "acme" || a.Role != "viewer" || a.TenantID != "ten_a" || !strings.HasSuffix(a.User, "@example.com") {
			t.Fatalf("got %+v, %v", a, err)
		}
	}
	if wanted[0].User == wanted[1].User || wanted[0].Password == wanted[1].Password {
		t.Error("two spares are alike")
	}
	if strings.Contains(s.written(), wanted[0].Password.Reveal()) {
		t.Error("records show a spare's password")
	}
	boom := errors.New("boom")
	s.cast.SetMembers(func(context.Context, signin.Identity) (signin.Identity, error) { return signin.Identity{}, boom })
	if _, err := s.cast.Spare(t.Context(), "acme", ""); !errors.Is(err, boom) {
		t.Errorf("got %v, want the route's error", err)
	}
}

func TestSpareBySignUp(t *testing.T) {
	up := &signin.Call{Request: "POST /signup", JSON: map[string]any{"email": "$user", "password": "$password", "company": "$tenant"}}
	s := setUp(t, signin.Options{Method: with(login("/login"), plainMethod), WhoAmI: "GET /me", Identities: []signin.Identity{member()}, SignUp: up})
	s.preflight(t)
	if _, err := s.cast.Spare(t.Context(), "acme", ""); !errors.Is(err, lr.ErrNoSpare) {
		t.Errorf("a sign-up makes no member of acme: got %v, want ErrNoSpare", err)
	}
	a, err := s.cast.Spare(t.Context(), "", "")
	if err != nil || !a.Spare || a.Tenant == "" || a.Tenant == "acme" || a.TenantID != "ten_"+a.Tenant {
		t.Fatalf("got %+v, %v", a, err)
	}
	if got := string(s.get(t, a, "/x").Body); got != "for "+a.User {
		t.Errorf("got %q", got)
	}
}

func TestSignUpsAreWitnessed(t *testing.T) {
	up := &signin.Call{Request: "POST /signup", JSON: map[string]any{"email": "$user", "password": "$password", "company": "$tenant"}}
	s := setUp(t, signin.Options{Method: with(login("/login"), plainMethod), WhoAmI: "GET /me", Identities: []signin.Identity{member()}, SignUp: up})
	s.preflight(t)
	var told []string
	s.cast.SetWitness(func(_ context.Context, login, request string) (func(context.Context, bool) error, error) {
		told = append(told, request+" for "+login)
		return func(_ context.Context, made bool) error {
			told = append(told, fmt.Sprint(made))
			return nil
		}, nil
	})
	a, err := s.cast.Spare(t.Context(), "", "")
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"POST /signup for " + a.User, "true"}; !slices.Equal(told, want) {
		t.Errorf("got %q, want %q", told, want)
	}
	boom := errors.New("the ledger is full")
	s.cast.SetWitness(func(context.Context, string, string) (func(context.Context, bool) error, error) { return nil, boom })
	if a, err := s.cast.Spare(t.Context(), "", ""); !errors.Is(err, boom) {
		t.Errorf("got %v, %v: what cannot be recorded must not be made", a, err)
	}
}

// TestSpareNames holds what a sign-up is filled with: an address where identities
// sign in with one, and else a plain name beside an address.
func TestSpareNames(t *testing.T) {
	for user, plain := range map[string]bool{"mina": true, "mina@acme.test": false} {
		var seen []string
		up := &signin.Call{Request: "POST /signup", JSON: map[string]any{"email": "$user", "password": "$password", "company": "$tenant", "names": []any{"$login", "$email", "$phone"}}}
		s := setUp(t, signin.Options{Method: with(login("/login"), plainMethod), WhoAmI: "GET /me", SignUp: up,
			Identities: []signin.Identity{identity("acme_member", "acme", "member", user, "pw-of-mina-77")}})
		for range 2 {
			a, err := s.cast.Spare(t.Context(), "", "")
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(a.User, "@") == plain || strings.Contains(a.User, "-") == plain {
				t.Errorf("beside %s, a spare user is %s", user, a.User)
			}
			if !strings.Contains(a.Known["email"]+a.Known["user.email"], "@") {
				t.Errorf("the address of %s is not known: %v", a.User, a.Known)
			}
			seen = append(seen, a.User)
		}
		if seen[0] == seen[1] {
			t.Errorf("two spare users are %s", seen[0])
		}
		phone := regexp.MustCompile(`"names":\["([a-z0-9]+)","([^"@]+@[^"]+)","(\+1555\d{7})"\]`)
		found := phone.FindAllStringSubmatch(s.written(), -1)
		if len(found) < 2 || found[0][1] == found[len(found)-1][1] || found[0][3] == found[len(found)-1][3] {
			t.Errorf("names, addresses and numbers are %q", found)
		}
	}
}

func TestNoSpare(t *testing.T) {
	s := cast(t, plainMethod)
	if _, err := s.cast.Spare(t.Context(), "", ""); !errors.Is(err, lr.ErrNoSpare) {
		t.Errorf("got %v, want ErrNoSpare", err)
	}
}
