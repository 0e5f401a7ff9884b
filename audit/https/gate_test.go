package https

import (
	"net/http"
	"testing"

	lr "github.com/launchready/launchready"
)

// TestShareable: RFC 9111 sections 3 and 3.5.
func TestShareable(t *testing.T) {
	for name, tt := range map[string]struct {
		line       string
		credential bool
		seconds    int
		ok         bool
	}{
		"nothing said":               {"", false, 0, false},
		"a while":                    {"max-age=60", false, 60, true},
		"a while, to a credential":   {"max-age=60", true, 60, false},
		"public, to a credential":    {"public, max-age=60", true, 60, true},
		"s-maxage, to a credential":  {"s-maxage=60", true, 60, true},
		"s-maxage counts first":      {"max-age=60, s-maxage=0", false, 0, false},
		"private":                    {"private, max-age=60", false, 0, false},
		"private, in capitals":       {"Private, Max-Age=60", false, 0, false},
		"no-store":                   {"no-store, max-age=60", false, 0, false},
		"no-cache with a field":      {`no-cache="Set-Cookie", max-age=60`, false, 0, false},
		"a time that is none":        {"max-age=soon", false, 0, false},
		"in quotes":                  {`max-age="60"`, false, 60, true},
		"a time before the epoch":    {"max-age=-1", false, -1, false},
		"another directive, no time": {"public", false, 0, false},
	} {
		x := &lr.Exchange{Header: http.Header{"Cache-Control": {tt.line}}}
		if seconds, ok := shareable(x, tt.credential); seconds != tt.seconds || ok != tt.ok {
			t.Errorf("%s: got %d, %v, want %d, %v", name, seconds, ok, tt.seconds, tt.ok)
		}
	}
}

// TestAlike: a name is the API's only where it refuses as the API does.
func TestAlike(t *testing.T) {
	x := func(status int, kind, challenge string) *lr.Exchange {
		return &lr.Exchange{Status: status, Header: http.Header{"Content-Type": {kind}, "Www-Authenticate": {challenge}}}
	}
	api := x(401, "application/json", "Bearer")
	for name, tt := range map[string]struct {
		other *lr.Exchange
		want  bool
	}{
		"the same":          {x(401, "application/json", "Bearer"), true},
		"another challenge": {x(401, "application/json", "Basic"), false},
		"a page":            {x(401, "text/html", "Bearer"), false},
		"not found":         {x(404, "application/json", "Bearer"), false},
		"an answer":         {x(200, "application/json", "Bearer"), false},
	} {
		if got := alike(api, tt.other); got != tt.want {
			t.Errorf("%s: got %v", name, got)
		}
	}
	if ok := x(200, "application/json", ""); alike(ok, ok) {
		t.Error("an API that refuses nobody gets no credential")
	}
}

// TestTwoTenants: an ordinary account is the victim, a privileged one of another
// tenant the attacker, and one of the run's spares neither.
func TestTwoTenants(t *testing.T) {
	account := func(name, tenant, role string, spare bool) *lr.Account {
		return &lr.Account{Identity: lr.Identity{Name: name, Tenant: tenant, Role: role}, Spare: spare}
	}
	target := &lr.Target{Accounts: []*lr.Account{account("s", "a", "member", true), account("aa", "a", "admin", false), account("am", "a", "member", false), account("bm", "b", "member", false), account("ba", "b", "admin", false)}}
	victim, attacker := twoTenants(target)
	if victim == nil || victim.Name != "am" || attacker == nil || attacker.Name != "ba" {
		t.Errorf("got %v, %v", victim, attacker)
	}
	if victim, attacker := twoTenants(&lr.Target{}); victim != nil || attacker != nil {
		t.Errorf("got %v, %v of nobody", victim, attacker)
	}
}
