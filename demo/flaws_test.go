package demo

import (
	"slices"
	"testing"
)

// symptom shows whether the fault is there: it does what an attacker would.
type symptom func(w *world) bool

var coreFlaws = []map[string]symptom{tokenFlaws, accountFlaws, accessFlaws, graphFlaws, tenantFlaws, contentFlaws, hygieneFlaws, corsFlaws, modelFlaws, toolFlaws, malformedFlaws, inputFlaws, askFlaws, limitFlaws, abuseFlaws}

// seenFlaws are those whose symptoms only look: what one of them asked changes
// nothing for the next, so that they share the Harbors without and with all flaws.
var seenFlaws = []map[string]symptom{estateFlaws, mailFlaws, nameFlaws, webFlaws, edgeFlaws}

// TestFlaws starts Harbor with each flaw alone, where the symptom must show;
// with none, where it must not; and with all, where no other may hide it.
func TestFlaws(t *testing.T) {
	for _, table := range coreFlaws {
		for id, show := range table {
			t.Run(id, func(t *testing.T) {
				t.Parallel()
				inEach(t, show, start(t, id), start(t), start(t, "all"))
			})
		}
	}
	none, all := start(t), start(t, "all")
	for _, table := range seenFlaws {
		for id, show := range table {
			t.Run(id, func(t *testing.T) {
				t.Parallel()
				inEach(t, show, start(t, id), none, all)
			})
		}
	}
}

func inEach(t *testing.T, show symptom, with, without, beside *world) {
	t.Helper()
	if !with.sees(t, show) {
		t.Error("with the flaw: no symptom")
	}
	if without.sees(t, show) {
		t.Error("without the flaw: symptom")
	}
	if !beside.sees(t, show) {
		t.Error("with all flaws: hidden by another")
	}
}

// TestEveryFlawHasASymptom holds the tables of tests against the list of flaws.
func TestEveryFlawHasASymptom(t *testing.T) {
	shown := map[string]bool{}
	for _, table := range append(slices.Concat(coreFlaws, seenFlaws), databaseFlaws) {
		for id := range table {
			shown[id] = true
		}
	}
	for _, id := range flawIDs() {
		if !shown[id] {
			t.Errorf("the flaw %s has no symptom", id)
		}
		delete(shown, id)
	}
	for id := range shown {
		t.Errorf("a symptom of %s, which is no flaw", id)
	}
}

func TestFlawsAreDescribed(t *testing.T) {
	ids := flawIDs()
	for _, f := range Flaws() {
		if f.What == "" {
			t.Errorf("%s: what is wrong is not said", f.ID)
		}
		for _, other := range f.Trips {
			if !slices.Contains(ids, other) || other == f.ID {
				t.Errorf("%s trips %q, which is no other flaw", f.ID, other)
			}
		}
	}
	slices.Sort(ids)
	if n := len(slices.Compact(ids)); n != len(flaws) {
		t.Errorf("%d ids for %d flaws", n, len(flaws))
	}
}
