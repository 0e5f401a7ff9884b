package launchready_test

import (
	"testing"

	lr "github.com/launchready/launchready"
)

func TestAllPassed(t *testing.T) {
	row := func(v lr.Verdict, checks ...lr.CheckReport) lr.RowReport {
		return lr.RowReport{Verdict: v, Checks: checks}
	}
	needed := lr.CheckReport{Required: true, Verdict: lr.Unknown}
	extra := lr.CheckReport{Verdict: lr.Unknown}
	for _, c := range []struct {
		name string
		rep  lr.Report
		want bool
	}{
		{"a row passed", lr.Report{Rows: []lr.RowReport{row(lr.Passed)}}, true},
		{"an extra check is open", lr.Report{Rows: []lr.RowReport{row(lr.Passed, extra)}}, true},
		{"a low failure blocks nothing", lr.Report{Rows: []lr.RowReport{row(lr.Failed)}}, true},
		{"a failure hides an open check", lr.Report{Rows: []lr.RowReport{row(lr.Failed, needed)}}, false},
		{"a row is unknown", lr.Report{Rows: []lr.RowReport{row(lr.Passed), row(lr.Unknown)}}, false},
		{"nothing was asked", lr.Report{}, false},
		{"it was interrupted", lr.Report{Interrupted: true, Rows: []lr.RowReport{row(lr.Passed)}}, false},
		{"it is not ready", lr.Report{Readiness: lr.NotReady, Rows: []lr.RowReport{row(lr.Failed)}}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := c.rep.AllPassed(); got != c.want {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

func TestRowIDs(t *testing.T) {
	ids := lr.RowIDs()
	if len(ids) != 13 || ids[0] != "auth" || ids[12] != "operations" {
		t.Errorf("got %v, want the thirteen rows in the checklist's order", ids)
	}
	ids[0] = "changed"
	if lr.RowIDs()[0] != "auth" {
		t.Error("a caller can change the scorecard")
	}
}

func TestExitCode(t *testing.T) {
	passed := []lr.RowReport{{Verdict: lr.Passed}}
	for _, c := range []struct {
		name string
		rep  lr.Report
		want int
	}{
		{"ready", lr.Report{Readiness: lr.Ready, Rows: passed}, 0},
		{"with accepted risks", lr.Report{Readiness: lr.ReadyWithRisks, Rows: passed}, 0},
		{"not ready", lr.Report{Readiness: lr.NotReady, Rows: passed}, 1},
		{"not enough tested", lr.Report{Readiness: lr.NotEnoughTested, Rows: passed}, 3},
		{"some rows, and all passed", lr.Report{Readiness: lr.NotEnoughTested, Partial: true, Rows: passed}, 0},
		{"some rows, and one is open", lr.Report{Readiness: lr.NotEnoughTested, Partial: true, Rows: []lr.RowReport{{}}}, 3},
		{"interrupted", lr.Report{Readiness: lr.NotReady, Interrupted: true}, 130},
		{"only what is new counts", lr.Report{Readiness: lr.NotReady, Rows: passed, Baseline: &lr.Baseline{Exit: new(int)}}, 0},
		{"a baseline alone decides nothing", lr.Report{Readiness: lr.NotReady, Rows: passed, Baseline: &lr.Baseline{}}, 1},
		{"interrupted beside a baseline", lr.Report{Interrupted: true, Baseline: &lr.Baseline{Exit: new(int)}}, 130},
		{"nothing", lr.Report{Readiness: lr.NotEnoughTested}, 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := c.rep.ExitCode(); got != c.want {
				t.Errorf("got %d, want %d", got, c.want)
			}
		})
	}
}
