package report_test

import (
	"slices"
	"testing"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/report"
)

func TestBehind(t *testing.T) {
	find := func(id, guard string) lr.Finding {
		return lr.Finding{ID: id, Subject: "GET /" + id, Guard: guard, Confidence: lr.Confirmed}
	}
	check := func(id string, v lr.Verdict, open []string, fs ...lr.Finding) lr.CheckReport {
		return lr.CheckReport{ID: id, Verdict: v, Findings: fs, Open: open}
	}
	of := func(cs ...lr.CheckReport) *lr.Report { return &lr.Report{Rows: []lr.RowReport{{Checks: cs}}} }
	suspected := find("guess", "x")
	suspected.Confidence = lr.Suspected
	whole := find("whole", "x")
	whole.Subject = "application"
	direct := of(
		check("a/blocked", lr.Failed, nil, find("a", "x"), suspected), check("a/two", lr.Failed, nil, find("b", "x"), find("c", "x")),
		check("a/unknown", lr.Failed, nil, find("d", "x")), check("a/code", lr.Failed, nil, find("e", "")),
		check("a/known", lr.Failed, nil, find("f", "x")), check("a/lost", lr.Failed, nil, find("g", "x")), check("a/whole", lr.Failed, nil, whole),
		check("a/open", lr.Failed, nil, find("h", "x")))
	behind := of(
		check("a/blocked", lr.Passed, nil), check("a/two", lr.Failed, nil, find("c", "x")), check("a/unknown", lr.Unknown, nil),
		check("a/known", lr.Passed, nil), check("a/whole", lr.Failed, nil, find("z", "x")), check("a/open", lr.Failed, []string{"GET /h: no answer"}, find("z", "x")))
	want := map[string]string{"a": report.Blocked, "b": report.Blocked, "c": report.Through, "d": report.Undecided, "e": report.NotGuards,
		"f": report.NotGuards, "g": report.Undecided, "whole": report.Through, "h": report.Undecided}
	got := report.Behind(direct, behind, map[string]string{"f": "it is not built"})
	for _, g := range got {
		if g.Behind != want[g.ID] {
			t.Errorf("%s: %s (%s), want %s", g.ID, g.Behind, g.Why, want[g.ID])
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d findings, want %d", len(got), len(want))
	}
}

// TestSettled: a second audit decides what the first left open, and nothing else.
func TestSettled(t *testing.T) {
	g := func(id, subject, behind, why string) report.Guarded {
		return report.Guarded{ID: id, Check: "auth/" + id, Subject: subject, Behind: behind, Why: why}
	}
	first := []report.Guarded{
		g("a", "GET /1", report.Blocked, ""),
		g("b", "GET /1", report.Undecided, "busy"),
		g("b", "GET /2", report.Undecided, "busy"),
		g("c", "GET /1", report.Undecided, "busy"),
		g("d", "GET /1", report.Undecided, "busy"),
	}
	if got := report.OpenChecks(first); !slices.Equal(got, []string{"auth/b", "auth/c", "auth/d"}) {
		t.Errorf("got the open checks %v", got)
	}
	got := report.Settled(first, []report.Guarded{
		g("a", "GET /1", report.Through, "shown"),
		g("b", "GET /1", report.Blocked, ""),
		g("b", "GET /2", report.Through, "shown"),
		g("c", "GET /1", report.Undecided, "still busy"),
	})
	want := []report.Guarded{
		g("a", "GET /1", report.Blocked, ""),
		g("b", "GET /1", report.Blocked, "asked again, by itself"),
		g("b", "GET /2", report.Through, "shown"),
		g("c", "GET /1", report.Undecided, "busy"),
		g("d", "GET /1", report.Undecided, "busy"),
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	if first[1].Behind != report.Undecided {
		t.Error("the first list was changed")
	}
}
