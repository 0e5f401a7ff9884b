// Package storetest is what every store of owners must do.
package storetest

import (
	"fmt"
	"sync"
	"testing"

	"github.com/launchready/launchready/guard/ownership"
)

// Run holds the stores that open makes, each empty, to their contract.
func Run(t *testing.T, open func(t *testing.T) ownership.Store) {
	chat := func(id string) ownership.Object { return ownership.Object{Kind: "chat", ID: id} }
	owner := func(t *testing.T, s ownership.Store, o ownership.Object) ownership.Owner {
		t.Helper()
		is, err := s.Owner(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		return is
	}
	claim := func(t *testing.T, s ownership.Store, tenant string, all ...ownership.Object) []ownership.Owner {
		t.Helper()
		var cs []ownership.Claim
		for _, o := range all {
			cs = append(cs, ownership.Claim{Object: o, Tenant: tenant})
		}
		is, err := s.Claim(t.Context(), cs)
		if err != nil || len(is) != len(all) {
			t.Fatalf("%d owners of %d, %v", len(is), len(all), err)
		}
		return is
	}
	count := func(t *testing.T, s ownership.Store, tenant string, want int) {
		t.Helper()
		if n, err := s.Count(t.Context(), "chat", tenant); n != want || err != nil {
			t.Errorf("%s has %d, %v; want %d", tenant, n, err, want)
		}
	}
	acme, globex := ownership.Owner{Tenant: "acme"}, ownership.Owner{Tenant: "globex"}

	t.Run("nobody", func(t *testing.T) {
		s := open(t)
		if is := owner(t, s, chat("1")); is != (ownership.Owner{}) {
			t.Errorf("an empty store knows %+v", is)
		}
		count(t, s, "acme", 0)
	})
	t.Run("first claim stays", func(t *testing.T) {
		s := open(t)
		claim(t, s, "acme", chat("1"))
		if is := claim(t, s, "globex", chat("1"), chat("2")); is[0] != acme || is[1] != globex {
			t.Errorf("the second claim: %+v", is)
		}
		if is := owner(t, s, chat("1")); is != acme {
			t.Errorf("afterwards: %+v", is)
		}
		if is := owner(t, s, ownership.Object{Kind: "file", ID: "1"}); is != (ownership.Owner{}) {
			t.Errorf("another kind of the same id: %+v", is)
		}
		claim(t, s, "acme", chat("1"))
		count(t, s, "acme", 1)
		count(t, s, "globex", 1)
	})
	t.Run("tombstone", func(t *testing.T) {
		s := open(t)
		claim(t, s, "acme", chat("1"))
		for _, tenant := range []string{"globex", "acme", "acme"} {
			if err := s.Bury(t.Context(), chat("1"), tenant); err != nil {
				t.Fatal(err)
			}
			if is := owner(t, s, chat("1")); is != (ownership.Owner{Tenant: "acme", Gone: tenant == "acme"}) {
				t.Errorf("buried by %s: %+v", tenant, is)
			}
		}
		count(t, s, "acme", 0)
		if is := claim(t, s, "globex", chat("1")); is[0].Tenant != "acme" || !is[0].Gone {
			t.Errorf("another claims it: %+v", is)
		}
		if is := claim(t, s, "acme", chat("1")); is[0] != acme {
			t.Errorf("its owner claims it: %+v", is)
		}
		count(t, s, "acme", 1)
		if err := s.Bury(t.Context(), chat("never"), "acme"); err != nil || owner(t, s, chat("never")) != (ownership.Owner{}) {
			t.Errorf("burying what nobody has: %v", err)
		}
	})
	t.Run("move", func(t *testing.T) {
		s := open(t)
		claim(t, s, "acme", chat("1"))
		for _, o := range []ownership.Object{chat("1"), chat("2")} {
			if err := s.Move(t.Context(), ownership.Claim{Object: o, Tenant: "globex"}); err != nil {
				t.Fatal(err)
			}
			if is := owner(t, s, o); is != globex {
				t.Errorf("%+v: %+v", o, is)
			}
		}
		count(t, s, "acme", 0)
		count(t, s, "globex", 2)
	})
	t.Run("at once", func(t *testing.T) {
		s := open(t)
		var wg sync.WaitGroup
		won := make([]ownership.Owner, 16)
		for i := range won {
			wg.Go(func() {
				is, err := s.Claim(t.Context(), []ownership.Claim{{Object: chat("1"), Tenant: fmt.Sprint("t", i)}, {Object: chat(fmt.Sprint("own", i)), Tenant: fmt.Sprint("t", i)}})
				if err == nil {
					won[i] = is[0]
				}
			})
		}
		wg.Wait()
		last := owner(t, s, chat("1"))
		for i, w := range won {
			if w != last || w.Tenant == "" {
				t.Errorf("claim %d was told %+v, and it is %+v", i, w, last)
			}
		}
	})
	t.Run("odd texts", func(t *testing.T) {
		s := open(t)
		for _, id := range []string{"", "a'b", "é", "a\x00b", "%"} {
			if is := claim(t, s, "acme", chat(id)); is[0] != acme || owner(t, s, chat(id)) != acme {
				t.Errorf("%q: %+v", id, is)
			}
		}
		count(t, s, "acme", 5)
	})
}
