package plan_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/plan"
)

// drawn is a report by chance: checks of the table and others, with findings of
// every kind, some of them waived.
func drawn(r *rand.Rand) []lr.RowReport {
	efforts := plan.Efforts()
	r.Shuffle(len(efforts), func(i, j int) { efforts[i], efforts[j] = efforts[j], efforts[i] })
	var checks []lr.CheckReport
	for i, e := range efforts[:r.IntN(len(efforts))] {
		c := check(e.Check, lr.Failed)
		for n := range r.IntN(4) {
			c.Findings = append(c.Findings, drawnFinding(r, fmt.Sprintf("f%d-%d", i, n)))
		}
		if r.IntN(5) == 0 {
			c.Verdict, c.Waived = lr.Skipped, &lr.Waiver{Check: c.ID, Owner: "cto", Until: "2027-01-31"}
		}
		checks = append(checks, c)
	}
	return rows(checks...)
}

func drawnFinding(r *rand.Rand, id string) lr.Finding {
	f := found(id, []string{"application", "GET /v1/chats/{id}", "POST /v1/files", "acme.test"}[r.IntN(4)], []string{"", "ownership", "roles"}[r.IntN(3)], lr.Severity(1+r.IntN(5)))
	if r.IntN(4) == 0 {
		f.Confidence = lr.Suspected
	}
	return f
}

func hoursByItem(items []lr.WorkItem) (low, middle, high float64, by map[string]float64) {
	by = map[string]float64{}
	for _, it := range items {
		by[it.ID] = it.Hours
		low, middle, high = low+it.HoursLow, middle+it.Hours, high+it.HoursHigh
	}
	return low, middle, high, by
}

// TestProperties holds, over many drawn reports: every confirmed finding that
// stands is in exactly one item and nothing else is; a further finding never
// takes hours away; the hours of two halves are never less than of the whole, and
// equal where they share no job; the same report gives the same plan.
func TestProperties(t *testing.T) {
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 1))
		report := drawn(r)
		in := plan.Input{Rows: report, Owners: named}
		items, flags := plan.Make(in)
		again, flagsAgain := plan.Make(in)
		if !reflect.DeepEqual(items, again) || !reflect.DeepEqual(flags, flagsAgain) {
			t.Fatalf("seed %d: two plans of one report", seed)
		}
		where := map[string]int{}
		for _, it := range items {
			if it.HoursLow <= 0 || it.HoursLow > it.Hours || it.Hours > it.HoursHigh || it.Covered > len(it.Findings) || len(it.Findings) == 0 {
				t.Errorf("seed %d: %+v", seed, it)
			}
			for _, id := range it.Findings {
				where[id]++
			}
		}
		stands := 0
		for _, row := range report {
			for _, c := range row.Checks {
				for _, f := range c.Findings {
					if c.Waived == nil && f.Confidence == lr.Confirmed {
						stands++
						if where[f.ID] != 1 {
							t.Errorf("seed %d: %s is in %d items", seed, f.ID, where[f.ID])
						}
					}
				}
			}
		}
		if len(where) != stands {
			t.Errorf("seed %d: %d findings in the plan, %d stand", seed, len(where), stands)
		}
		for i := 1; i < len(items); i++ {
			a, b := items[i-1], items[i]
			if b.Blocks && !a.Blocks || a.Blocks == b.Blocks && (b.Worst > a.Worst || a.Worst == b.Worst && a.Hours > b.Hours) {
				t.Errorf("seed %d: %s before %s is not what to do first", seed, a.ID, b.ID)
			}
		}
		monotone(t, seed, r, report, items)
		additive(t, seed, r, report, items)
	}
}

func monotone(t *testing.T, seed uint64, r *rand.Rand, report []lr.RowReport, before []lr.WorkItem) {
	t.Helper()
	if len(report) == 0 {
		return
	}
	row := &report[r.IntN(len(report))]
	c := &row.Checks[r.IntN(len(row.Checks))]
	kept := c.Findings
	c.Findings = append(slices.Clone(kept), drawnFinding(r, "new"))
	after, _ := plan.Make(plan.Input{Rows: report, Owners: named})
	c.Findings = kept
	l1, m1, h1, by1 := hoursByItem(before)
	l2, m2, h2, by2 := hoursByItem(after)
	if l2 < l1 || m2 < m1 || h2 < h1 {
		t.Errorf("seed %d: with one more finding %g-%g-%g hours, without %g-%g-%g", seed, l2, m2, h2, l1, m1, h1)
	}
	for id, h := range by1 {
		if by2[id] < h {
			t.Errorf("seed %d: %s falls from %g to %g hours with one more finding", seed, id, h, by2[id])
		}
	}
}

func additive(t *testing.T, seed uint64, r *rand.Rand, report []lr.RowReport, items []lr.WorkItem) {
	t.Helper()
	at := 0
	if len(report) > 0 {
		at = r.IntN(len(report))
	}
	a, _ := plan.Make(plan.Input{Rows: report[:at], Owners: named})
	b, _ := plan.Make(plan.Input{Rows: report[at:], Owners: named})
	_, whole, _, _ := hoursByItem(items)
	_, first, _, byA := hoursByItem(a)
	_, second, _, byB := hoursByItem(b)
	shared := false
	for id := range byA {
		_, both := byB[id]
		shared = shared || both
	}
	if first+second < whole || !shared && first+second != whole {
		t.Errorf("seed %d: %g and %g hours apart, %g together, jobs shared: %v", seed, first, second, whole, shared)
	}
}
