package owners_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/launchready/launchready/demo/postgres/pgtest"
	"github.com/launchready/launchready/guard/ownership"
	"github.com/launchready/launchready/guard/ownership/storetest"
	"github.com/launchready/launchready/store/faults"
	"github.com/launchready/launchready/store/owners"
)

func replica(t *testing.T, url string) *owners.Postgres {
	t.Helper()
	p, err := owners.NewPostgres(url)
	if err != nil {
		t.Fatal(err)
	}
	p.Patience = 20 * time.Second // the machine may be busy
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

func TestPostgres(t *testing.T) {
	d := pgtest.New(t)
	storetest.Run(t, func(t *testing.T) ownership.Store {
		p := replica(t, d.URL)
		if err := p.Open(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := d.Run(t.Context(), `TRUNCATE guard_owners`); err != nil {
			t.Fatal(err)
		}
		return p
	})
	t.Run("texts that Postgres cannot hold", func(t *testing.T) {
		p := replica(t, d.URL)
		var claims []ownership.Claim
		for i, id := range []string{"a\x00", `\x6100`, "a\xff", `\x61ff`, `\x`, "é", "e\u0301"} {
			claims = append(claims, ownership.Claim{Object: ownership.Object{Kind: "odd\xff", ID: id}, Tenant: fmt.Sprint("t\x00", i)})
		}
		for range 2 {
			is, err := p.Claim(t.Context(), claims)
			if err != nil {
				t.Fatal(err)
			}
			for i, c := range claims {
				one, err := p.Owner(t.Context(), c.Object)
				if is[i].Tenant != c.Tenant || one != is[i] || err != nil {
					t.Errorf("%q is %+v, alone %+v %v, and not %q", c.ID, is[i], one, err, c.Tenant)
				}
			}
		}
	})
	t.Run("one that says an object twice", func(t *testing.T) {
		p := replica(t, d.URL)
		o := ownership.Object{Kind: "twice", ID: "1"}
		is, err := p.Claim(t.Context(), []ownership.Claim{{Object: o, Tenant: "acme"}, {Object: ownership.Object{Kind: "twice", ID: "0"}, Tenant: "acme"}, {Object: o, Tenant: "globex"}})
		if err != nil || is[0].Tenant != "acme" || is[2].Tenant != "acme" {
			t.Errorf("%+v %v", is, err)
		}
	})
	t.Run("a role that may make no tables", func(t *testing.T) {
		p := replica(t, d.AppURL())
		if err := d.Run(t.Context(), `GRANT SELECT, INSERT, UPDATE ON guard_owners TO harbor_app`); err != nil {
			t.Fatal(err)
		}
		if is, err := p.Claim(t.Context(), []ownership.Claim{{Object: ownership.Object{Kind: "role", ID: "1"}, Tenant: "acme"}}); err != nil || is[0].Tenant != "acme" {
			t.Errorf("%+v %v", is, err)
		}
	})
}

// TestPostgresReplicas: of two replicas that begin at the same time and claim the
// same objects, in any order, exactly one has each, both are told the same, what
// one forgot the other did not, and a tombstone of one holds at the other.
func TestPostgresReplicas(t *testing.T) {
	d := pgtest.New(t)
	const objects, turns = 20, 8
	reps := []*ownership.Recent{{Store: replica(t, d.URL), Max: 3}, {Store: replica(t, d.URL), Max: 3}}
	var mu sync.Mutex
	told := map[string]map[string]bool{} // of each object, whose it was said to be
	var wg sync.WaitGroup
	for r, s := range reps {
		for turn := range turns {
			wg.Go(func() {
				var claims []ownership.Claim
				for i := range objects {
					if turn%2 == 1 {
						i = objects - 1 - i // in the other order: nobody waits for ever
					}
					claims = append(claims, ownership.Claim{Object: ownership.Object{Kind: "chat", ID: fmt.Sprint(i)}, Tenant: fmt.Sprint("tenant ", r, " ", turn)})
				}
				is, err := s.Claim(context.Background(), claims)
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				defer mu.Unlock()
				for i, o := range is {
					if told[claims[i].ID] == nil {
						told[claims[i].ID] = map[string]bool{}
					}
					told[claims[i].ID][o.Tenant] = true
				}
			})
		}
	}
	wg.Wait()
	for id, tenants := range told {
		o := ownership.Object{Kind: "chat", ID: id}
		a, aerr := reps[0].Owner(t.Context(), o)
		b, berr := reps[1].Owner(t.Context(), o)
		if len(tenants) != 1 || a != b || !tenants[a.Tenant] || aerr != nil || berr != nil {
			t.Errorf("%s: said to be of %v; %+v %v and %+v %v", id, tenants, a, aerr, b, berr)
		}
	}
	o := ownership.Object{Kind: "chat", ID: "gone"}
	if _, err := reps[0].Claim(t.Context(), []ownership.Claim{{Object: o, Tenant: "acme"}}); err != nil {
		t.Fatal(err)
	}
	if err := reps[1].Bury(t.Context(), o, "acme"); err != nil {
		t.Fatal(err)
	}
	if is, err := reps[1].Claim(t.Context(), []ownership.Claim{{Object: o, Tenant: "globex"}}); err != nil || is[0] != (ownership.Owner{Tenant: "acme", Gone: true}) {
		t.Errorf("after a tombstone of the other replica: %+v %v", is, err)
	}
}

// TestPostgresDown: a database that is gone or stands still is an error and never
// nobody's object; owners in memory go on; when it is back it is asked again.
func TestPostgresDown(t *testing.T) {
	d := pgtest.New(t)
	url, wire := faults.Before(t, d.URL)
	store, err := owners.NewPostgres(url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() }) // it may be cut
	r := &ownership.Recent{Store: store}
	mine, other := ownership.Object{Kind: "chat", ID: "mine"}, ownership.Object{Kind: "chat", ID: "other"}
	back := func() {
		t.Helper()
		for t.Context().Err() == nil {
			if is, err := r.Owner(t.Context(), other); err == nil {
				if is.Tenant != "" {
					t.Errorf("%+v", is)
				}
				return
			}
			time.Sleep(10 * time.Millisecond)
		}
	}
	down := func(t *testing.T) {
		t.Helper()
		if is, err := r.Owner(t.Context(), mine); err != nil || is.Tenant != "acme" {
			t.Errorf("in memory: %+v %v", is, err)
		}
		if is, err := r.Owner(t.Context(), other); err == nil || is.Tenant != "" || strings.Contains(err.Error(), "password") {
			t.Errorf("Owner says that it knows: %+v %v", is, err)
		}
		if is, err := r.Claim(t.Context(), []ownership.Claim{{Object: other, Tenant: "globex"}}); err == nil || is != nil {
			t.Errorf("Claim says that it is kept: %+v", is)
		}
		if _, err := r.Count(t.Context(), "chat", "acme"); err == nil {
			t.Error("Count says that it knows")
		}
		if r.Bury(t.Context(), mine, "acme") == nil || r.Move(t.Context(), ownership.Claim{Object: other, Tenant: "acme"}) == nil {
			t.Error("a write is said to be kept")
		}
	}
	claim := func() {
		t.Helper()
		if is, err := r.Claim(t.Context(), []ownership.Claim{{Object: mine, Tenant: "acme"}}); err != nil || is[0].Tenant != "acme" {
			t.Fatalf("%+v %v", is, err)
		}
	}
	wire.Cut() // it is down when guard starts
	if is, err := r.Owner(t.Context(), other); err == nil {
		t.Errorf("%+v", is)
	}
	wire.Mend()
	back()
	claim()
	for name, fail := range map[string]func(){"cut": wire.Cut, "stalled": wire.Stall} {
		t.Run(name, func(t *testing.T) {
			store.Patience = 100 * time.Millisecond
			fail()
			down(t)
			wire.Mend()
			store.Patience = 20 * time.Second
			back()
			claim()
		})
	}
}

func TestPostgresAddress(t *testing.T) {
	if _, err := owners.NewPostgres("postgres://guard:hunter2@127.0.0.1:x/y"); err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("%v", err)
	}
	p := replica(t, "postgres://guard:hunter2@127.0.0.1:1/x")
	if is, err := p.Owner(t.Context(), ownership.Object{}); err == nil || is.Tenant != "" || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("%+v %v", is, err)
	}
}
