package ownership_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/launchready/launchready/guard/ownership"
	"github.com/launchready/launchready/guard/ownership/storetest"
)

func TestMemory(t *testing.T) {
	storetest.Run(t, func(*testing.T) ownership.Store { return &ownership.Memory{} })
}

func TestRecent(t *testing.T) {
	for _, most := range []int{0, 1} {
		t.Run(fmt.Sprint("max ", most), func(t *testing.T) {
			storetest.Run(t, func(*testing.T) ownership.Store { return &ownership.Recent{Store: &ownership.Memory{}, Max: most} })
		})
	}
}

// TestFull: a full memory takes no more, and keeps what it has.
func TestFull(t *testing.T) {
	m := &ownership.Memory{Max: 2}
	claim := func(ids ...string) error {
		var cs []ownership.Claim
		for _, id := range ids {
			cs = append(cs, ownership.Claim{Object: ownership.Object{Kind: "chat", ID: id}, Tenant: "acme"})
		}
		_, err := m.Claim(t.Context(), cs)
		return err
	}
	if err := claim("1"); err != nil {
		t.Fatal(err)
	}
	if err := claim("2", "3"); !errors.Is(err, ownership.ErrFull) {
		t.Errorf("two more than fit: %v", err)
	}
	if is, _ := m.Owner(t.Context(), ownership.Object{Kind: "chat", ID: "2"}); is.Tenant != "" {
		t.Error("half of a claim was kept")
	}
	if err := claim("1", "2"); err != nil {
		t.Errorf("what fits: %v", err)
	}
}

// failing is a store that can fail.
type failing struct {
	ownership.Store
	down  bool
	full  bool // for claims only
	asked int
}

var errDown = errors.New("the disk is gone")

func (f *failing) Owner(ctx context.Context, o ownership.Object) (ownership.Owner, error) {
	f.asked++
	if f.down {
		return ownership.Owner{}, errDown
	}
	return f.Store.Owner(ctx, o)
}

func (f *failing) Claim(ctx context.Context, cs []ownership.Claim) ([]ownership.Owner, error) {
	if f.down || f.full {
		return nil, errDown
	}
	return f.Store.Claim(ctx, cs)
}

// TestForgotten: what was evicted is asked again, that nobody is known is never
// remembered, and a store that fails is an error for all but what is in memory.
func TestForgotten(t *testing.T) {
	now := time.Unix(1, 0)
	f := &failing{Store: &ownership.Memory{}}
	r := &ownership.Recent{Store: f, Max: 1, Now: func() time.Time { return now }}
	a, b := ownership.Object{Kind: "chat", ID: "a"}, ownership.Object{Kind: "chat", ID: "b"}
	owner := func(o ownership.Object) string {
		is, err := r.Owner(t.Context(), o)
		if err != nil {
			return err.Error()
		}
		return is.Tenant
	}
	first, again := owner(a), owner(a)
	if first != "" || again != "" || f.asked != 2 {
		t.Errorf("asked %d times for what nobody has", f.asked)
	}
	for _, c := range []ownership.Claim{{Object: a, Tenant: "acme"}, {Object: b, Tenant: "globex"}} {
		if _, err := r.Claim(t.Context(), []ownership.Claim{c}); err != nil {
			t.Fatal(err)
		}
	}
	if got := owner(b); got != "globex" || f.asked != 2 {
		t.Errorf("the last: %s, asked %d", got, f.asked)
	}
	if got := owner(a); got != "acme" || f.asked != 3 {
		t.Errorf("the evicted: %s, asked %d", got, f.asked)
	}
	now = now.Add(time.Hour)
	if err := f.Move(t.Context(), ownership.Claim{Object: a, Tenant: "initech"}); err != nil {
		t.Fatal(err)
	}
	if got := owner(a); got != "initech" {
		t.Errorf("moved behind its back an hour ago: %s", got)
	}
	f.down, now = true, now.Add(time.Hour)
	if owner(a) != "initech" || owner(b) != errDown.Error() {
		t.Errorf("while the store fails: %s, %s", owner(a), owner(b))
	}
}

func TestCanonicalID(t *testing.T) {
	for in, want := range map[string]string{
		"7": "7", "007": "7", "000": "0", "": "", "7a": "7a", "07a": "07a", "chat_X": "chat_X", "+7": "+7", "٧": "٧",
		"0B9F0C4E-0000-4000-8000-00000000ABCD": "0b9f0c4e-0000-4000-8000-00000000abcd",
		"0B9F0C4E-0000-4000-8000-00000000ABCX": "0B9F0C4E-0000-4000-8000-00000000ABCX",
	} {
		if got := ownership.Canonical(in, false); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
	if got := ownership.Canonical("Acme-Notes", true); got != "acme-notes" {
		t.Errorf("folded: %q", got)
	}
}
