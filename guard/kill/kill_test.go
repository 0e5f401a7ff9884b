package kill_test

import (
	"testing"

	"github.com/launchready/launchready/guard"
	"github.com/launchready/launchready/guard/kill"
)

func TestBoard(t *testing.T) {
	b := &kill.Board{}
	kinds := []kill.Kind{kill.Route, kill.Tenant, kill.Provider, kill.Tool, kill.Webhook}
	for _, k := range kinds {
		if b.Off(k, "a") {
			t.Errorf("%d is off at the beginning", k)
		}
	}
	b.Set(kill.Switches{Routes: []string{"r"}, Tenants: []string{"t"}, Providers: []string{"p"}, Tools: []string{"o"}, Webhooks: []string{"w"}})
	for i, name := range []string{"r", "t", "p", "o", "w"} {
		for _, k := range kinds {
			if got := b.Off(k, name); got != (k == kinds[i]) {
				t.Errorf("%s as %d: %t", name, k, got)
			}
		}
	}
	b.Set(kill.Switches{All: true})
	if !b.Off(kill.Tool, "any") {
		t.Error("not everything is off")
	}
	b.Set(kill.Switches{})
	if b.Off(kill.Route, "r") {
		t.Error("a switch cannot be thrown back")
	}
}

func TestCheck(t *testing.T) {
	acme := &guard.Principal{Subject: "ann", Tenant: "acme"}
	for name, c := range map[string]struct {
		s      kill.Switches
		signed bool
		who    *guard.Principal
		off    bool
	}{
		"nothing":       {kill.Switches{}, false, nil, false},
		"everything":    {kill.Switches{All: true}, false, acme, true},
		"the route":     {kill.Switches{Routes: []string{"/a"}}, false, nil, true},
		"another":       {kill.Switches{Routes: []string{"/a/**"}}, false, nil, false},
		"the tenant":    {kill.Switches{Tenants: []string{"acme"}}, true, acme, true},
		"another's":     {kill.Switches{Tenants: []string{"globex"}}, true, acme, false},
		"nobody":        {kill.Switches{Tenants: []string{""}}, true, nil, false},
		"no tenant":     {kill.Switches{Tenants: []string{""}}, true, &guard.Principal{Subject: "x"}, false},
		"not known yet": {kill.Switches{Tenants: []string{"acme"}}, false, acme, false},
	} {
		b := &kill.Board{}
		b.Set(c.s)
		d := kill.Check{Board: b, Signed: c.signed}.Check(&guard.Exchange{Route: &guard.Route{Pattern: "/a"}, Who: c.who})
		if (d != nil) != c.off || d != nil && (d.Status != 503 || d.Retry == 0) {
			t.Errorf("%s: %+v", name, d)
		}
	}
}
