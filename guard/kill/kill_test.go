package kill_test

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
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

// ride is a request under way.
type ride struct {
	name string
	cut  atomic.Int32
}

func (r *ride) Cut(why error) {
	if errors.Is(why, guard.ErrOff) {
		r.cut.Add(1)
	}
}

// TestUnderWay: a switch ends what is of its scope and nothing else, and what is over
// is ended no more.
func TestUnderWay(t *testing.T) {
	rides := map[string][]kill.Scope{
		"a route":    {{Kind: kill.Route, Name: "/a"}},
		"a tenant":   {{Kind: kill.Tenant, Name: "acme"}},
		"a model":    {{Kind: kill.Provider, Name: "openai"}, {Kind: kill.Tenant, Name: "acme"}, {Kind: kill.Tool, Name: "send"}},
		"a webhook":  {{Kind: kill.Route, Name: "/hook"}, {Kind: kill.Webhook, Name: "/hook"}, {Kind: kill.Webhook, Name: "stripe"}},
		"of nothing": nil,
	}
	for name, c := range map[string]struct {
		s   kill.Switches
		off []string
	}{
		"nothing":    {kill.Switches{}, nil},
		"a route":    {kill.Switches{Routes: []string{"/a"}}, []string{"a route"}},
		"a tenant":   {kill.Switches{Tenants: []string{"acme"}}, []string{"a model", "a tenant"}},
		"a provider": {kill.Switches{Providers: []string{"openai"}}, []string{"a model"}},
		"a tool":     {kill.Switches{Tools: []string{"send", "acme", "/a"}}, []string{"a model"}},
		"a webhook":  {kill.Switches{Webhooks: []string{"stripe"}}, []string{"a webhook"}},
		"its path":   {kill.Switches{Webhooks: []string{"/hook"}}, []string{"a webhook"}},
		"another":    {kill.Switches{Webhooks: []string{"acme"}, Tools: []string{"openai"}}, nil},
	} {
		b := &kill.Board{}
		var all []*ride
		for n, scopes := range rides {
			r := &ride{name: n}
			over := &ride{name: "over"}
			stay, ok := b.Enter(over, scopes...)
			if !ok {
				t.Fatal("refused")
			}
			b.Leave(stay)
			if _, ok := b.Enter(r, scopes...); !ok {
				t.Fatal("refused")
			}
			all = append(all, r, over)
		}
		b.Set(c.s)
		var off []string
		for _, r := range all {
			if r.cut.Load() > 0 {
				off = append(off, r.name)
			}
			_, ok := b.Enter(r, rides[r.name]...)
			if r.name != "over" && ok == slices.Contains(c.off, r.name) {
				t.Errorf("%s: %s is let in: %t", name, r.name, ok)
			}
		}
		if slices.Sort(off); !slices.Equal(off, c.off) {
			t.Errorf("%s ends %v, want %v", name, off, c.off)
		}
	}
	b := &kill.Board{}
	r := &ride{}
	if _, ok := b.Enter(r); !ok || b.Staying() != 1 {
		t.Error("not let in")
	}
	if b.Set(kill.Switches{All: true}); r.cut.Load() != 1 {
		t.Error("with everything what has no scope is not ended")
	}
	b = &kill.Board{}
	stay, _ := b.Enter(r, kill.Scope{Kind: kill.Route, Name: "/a"})
	if !b.Join(stay, kill.Scope{Kind: kill.Tenant, Name: "acme"}) {
		t.Error("a scope that is known later is refused")
	}
	if b.Set(kill.Switches{Tenants: []string{"acme"}}); r.cut.Load() != 2 {
		t.Error("a scope that was known later does not end it")
	}
	if b.Join(stay, kill.Scope{Kind: kill.Tenant, Name: "acme"}) {
		t.Error("what is off is joined")
	}
	var none *kill.Board
	if s, ok := none.Enter(r); !ok || none.Off(kill.Route, "/a") {
		t.Error("something is off without a board")
	} else {
		none.Leave(s)
		if !none.Join(s, kill.Scope{}) {
			t.Error("something is off without a board")
		}
	}
}

// TestBetween: whoever comes while a switch is thrown is refused or ended, never
// neither.
func TestBetween(t *testing.T) {
	for range 50 {
		b := &kill.Board{}
		var wg sync.WaitGroup
		var in [8]ride
		var let [8]atomic.Bool
		for i := range in {
			wg.Go(func() {
				_, ok := b.Enter(&in[i], kill.Scope{Kind: kill.Tenant, Name: "acme"})
				let[i].Store(ok)
			})
		}
		b.Set(kill.Switches{Tenants: []string{"acme"}})
		wg.Wait()
		for i := range in {
			if let[i].Load() != (in[i].cut.Load() == 1) {
				t.Error(fmt.Sprint(i, " is under way and not ended, or ended and not under way"))
			}
		}
	}
}

func TestWebhook(t *testing.T) {
	b := &kill.Board{}
	b.Set(kill.Switches{Webhooks: []string{"stripe"}})
	c := kill.Check{Board: b, Webhooks: map[string]string{"/hook": "stripe", "/other": "github"}}
	for path, off := range map[string]bool{"/hook": true, "/other": false, "/a": false} {
		if d := c.Check(&guard.Exchange{Route: &guard.Route{Pattern: path}}); (d != nil) != off {
			t.Errorf("%s: %+v", path, d)
		}
	}
}

// BenchmarkUnderWay is a request that comes in, signs in and is over.
func BenchmarkUnderWay(b *testing.B) {
	board, r := &kill.Board{}, &ride{}
	b.ReportAllocs()
	for b.Loop() {
		stay, _ := board.Enter(r, kill.Scope{Kind: kill.Route, Name: "/v1/chat"})
		board.Join(stay, kill.Scope{Kind: kill.Tenant, Name: "acme"})
		board.Leave(stay)
	}
}
