package isolation

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"testing"

	lr "github.com/launchready/launchready"
)

// TestRequestsGrowLinearly holds that four times the routes cost four times the
// requests and not more: what a check asks of one route must not depend on how
// many others there are.
func TestRequestsGrowLinearly(t *testing.T) {
	for _, c := range live() {
		t.Run(c.ID, func(t *testing.T) {
			t.Parallel()
			cost := func(n int) float64 {
				a := newApp()
				for i := range n {
					a.crud(fmt.Sprintf("things%c", 'a'+i))
				}
				trial(t, c, a)
				return float64(a.served) / float64(n)
			}
			few, many := cost(4), cost(16)
			if many > few*1.2 {
				t.Errorf("%.1f requests a collection with 16 of them, %.1f with 4", many, few)
			}
		})
	}
}

// TestBareTarget holds that a check survives a target that has nothing: no
// account, one account, one tenant, no route with a body.
func TestBareTarget(t *testing.T) {
	for _, c := range live() {
		t.Run(c.ID, func(t *testing.T) {
			t.Parallel()
			a := newApp()
			a.crud("notes")
			_, tr := trial(t, c, a)
			everyone := tr.Target.Accounts
			for name, accounts := range map[string][]*lr.Account{
				"nobody": nil, "one account": everyone[:1], "one tenant": everyone[:2], "two tenants without ids": nameless(everyone),
			} {
				tr.Target.Accounts = accounts
				tr.Report = func(o lr.Outcome) {
					if o.Verdict == lr.Failed {
						t.Errorf("%s: a finding at %s: %s", name, o.Subject, o.Message)
					}
				}
				if err := c.Run(t.Context(), tr); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			}
		})
	}
}

func nameless(accounts []*lr.Account) []*lr.Account {
	var out []*lr.Account
	for _, a := range accounts {
		b := *a
		b.TenantID, b.UserID, b.WhoAmI, b.Known = "", "", nil, nil
		out = append(out, &b)
	}
	return out
}

// TestDeadTarget holds that a target that stops answering ends the check with an
// error, or leaves its subjects open, and is never a pass of what was not asked.
func TestDeadTarget(t *testing.T) {
	for _, c := range live() {
		t.Run(c.ID, func(t *testing.T) {
			t.Parallel()
			a := newApp()
			// Ids that count, so that the seeded ones alone decide nothing.
			a.nextID = func(n int, _ string) string { return strconv.Itoa(n) }
			a.crud("notes")
			_, tr := trial(t, c, a)
			tr.HTTP = &gone{tr.HTTP}
			tr.Stage = unstaged{tr.Stage}
			tr.Assistant = lost{tr.Assistant}
			tr.Report = func(o lr.Outcome) {
				if o.Verdict == lr.Failed || o.Verdict == lr.Passed {
					t.Errorf("a verdict on a dead target at %s: %s %s", o.Subject, o.Verdict, o.Message)
				}
			}
			if err := c.Run(t.Context(), tr); err != nil && !errors.Is(err, lr.ErrLost) {
				t.Errorf("got %v, want the error that says the target is lost", err)
			}
		})
	}
}

// live are the checks that ask the application; those of the database have tests
// of their own, with one.
func live() []*lr.Check {
	return slices.DeleteFunc(Row().Checks, func(c *lr.Check) bool { return c.Needs&(lr.Database|lr.Repository) != 0 })
}
