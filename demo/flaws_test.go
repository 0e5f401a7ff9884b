package demo

import (
	"flag"
	"slices"
	"testing"
)

var beside = flag.Bool("beside", false, "show each flaw beside all others as well")

// symptom shows whether the fault is there: it does what an attacker would.
type symptom func(w *world) bool

var coreFlaws = []map[string]symptom{tokenFlaws, accountFlaws, accessFlaws, graphFlaws, tenantFlaws, contentFlaws, hygieneFlaws, corsFlaws, modelFlaws, toolFlaws, malformedFlaws, inputFlaws, askFlaws, limitFlaws, abuseFlaws, estateFlaws, mailFlaws, nameFlaws, webFlaws, edgeFlaws}

// TestFlaws starts Harbor with each flaw alone, where the symptom must show;
// with none, where it must not; and with -beside with all, where no other may hide
// it: the readiness test holds that of every check, and soak of every symptom.
func TestFlaws(t *testing.T) {
	for _, table := range coreFlaws {
		for id, show := range table {
			t.Run(id, func(t *testing.T) {
				t.Parallel()
				if !show(start(t, id)) {
					t.Error("with the flaw: no symptom")
				}
				if show(start(t)) {
					t.Error("without the flaw: symptom")
				}
				if *beside && !show(start(t, "all")) {
					t.Error("with all flaws: hidden by another")
				}
			})
		}
	}
}

// TestEveryFlawHasASymptom holds the tables of tests against the list of flaws.
func TestEveryFlawHasASymptom(t *testing.T) {
	shown := map[string]bool{}
	for _, table := range append(slices.Clip(coreFlaws), databaseFlaws) {
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
