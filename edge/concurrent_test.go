package edge_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/launchready/launchready/edge"
)

// TestConcurrent lets somebody else change a set after the plan was made.
func TestConcurrent(t *testing.T) {
	for _, at := range places() {
		t.Run(at.name, func(t *testing.T) {
			b := at.make(t, hooks{})
			p, _ := b.plan(t, intent())
			b.meddle()
			before := b.dump()
			dir := t.TempDir()
			_, err := b.run(dir).Do(t.Context(), []*edge.Plan{p})
			if !errors.Is(err, edge.ErrConcurrent) || !strings.Contains(err.Error(), "_dmarc.harbor.test TXT") {
				t.Errorf("the error is %v", err)
			}
			if b.dump() != before {
				t.Error("something was changed all the same")
			}
			if _, err := os.Stat(filepath.Join(dir, edge.JournalFile)); err == nil {
				t.Error("a journal was begun")
			}
			// The driver itself refuses as well, should it happen between look and leap.
			for _, c := range p.Changes() {
				if c.Key.Name == "_dmarc.harbor.test" {
					if err := b.driver.Apply(t.Context(), []edge.Change{c}); !errors.Is(err, edge.ErrConcurrent) {
						t.Errorf("the driver says %v", err)
					}
				}
			}
			if b.dump() != before {
				t.Error("the driver changed something all the same")
			}
		})
	}
}

// TestBeside lets somebody add a record of their own to a set of ours between
// apply and roll-back: it stays.
func TestBeside(t *testing.T) {
	for _, at := range places() {
		t.Run(at.name, func(t *testing.T) {
			b := at.make(t, hooks{})
			before := b.dump()
			p, _ := b.plan(t, intent())
			dir := t.TempDir()
			if _, err := b.run(dir).Do(t.Context(), []*edge.Plan{p}); err != nil {
				t.Fatal(err)
			}
			b.beside()
			if _, err := b.run(dir).Back(t.Context()); err != nil {
				t.Fatal(err)
			}
			d := diff(before, b.dump())
			if strings.Count(d, "\n") != 0 || !strings.HasPrefix(d, "+ ") || !strings.Contains(d, "another=verification") {
				t.Errorf("only the other's record should be new:\n%s", d)
			}
		})
	}
}

// TestRollbackRefuses lets somebody change our own record: that is theirs now.
func TestRollbackRefuses(t *testing.T) {
	b := updateBench(t, hooks{})
	p, _ := b.plan(t, intent())
	dir := t.TempDir()
	if _, err := b.run(dir).Do(t.Context(), []*edge.Plan{p}); err != nil {
		t.Fatal(err)
	}
	var c edge.Change
	for _, i := range p.Items {
		if i.Key.Name == "_dmarc."+zone {
			c = i.Change
		}
	}
	theirs := edge.Change{Key: c.Key, Before: c.After, After: append(edge.Minus(c.After, c.Added()), edge.Value{Data: `"v=DMARC1; p=reject"`, TTL: 3600})}
	if err := b.driver.Apply(t.Context(), []edge.Change{theirs}); err != nil {
		t.Fatal(err)
	}
	before := b.dump()
	if _, err := b.run(dir).Back(t.Context()); !errors.Is(err, edge.ErrConcurrent) {
		t.Errorf("the error is %v", err)
	}
	if b.dump() != before {
		t.Error("something was changed all the same")
	}
}

// TestUnfinished does not begin another plan over one that was interrupted.
func TestUnfinished(t *testing.T) {
	b := updateBench(t, hooks{})
	p, _ := b.plan(t, intent())
	dir := t.TempDir()
	j := &edge.Journal{State: edge.Applying, Plans: []*edge.Plan{p}}
	if err := j.Write(filepath.Join(dir, edge.JournalFile)); err != nil {
		t.Fatal(err)
	}
	in := intent()
	in.STS = ""
	other, _ := b.plan(t, in)
	if _, err := b.run(dir).Do(t.Context(), []*edge.Plan{other}); !errors.Is(err, edge.ErrUnfinished) {
		t.Errorf("the error is %v", err)
	}
	done, err := b.run(dir).Do(t.Context(), nil)
	if err != nil || len(done) != 1 || done[0].ID() != p.ID() {
		t.Errorf("the interrupted apply was not finished: %v", err)
	}
}
