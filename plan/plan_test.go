package plan_test

import (
	"fmt"
	"strings"
	"testing"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/plan"
)

func TestItems(t *testing.T) {
	finding := func(id, subject, guard string, s lr.Severity) lr.Finding {
		return lr.Finding{ID: id, Subject: subject, Guard: guard, Severity: s, Confidence: lr.Confirmed, Fix: "fix of " + id[:1]}
	}
	rows := []lr.RowReport{
		{ID: "auth", Title: "Auth", Checks: []lr.CheckReport{
			{ID: "auth/passed", Verdict: lr.Passed, Findings: []lr.Finding{{ID: "s0", Severity: lr.Critical}}},
			{ID: "auth/low", Title: "Low", Verdict: lr.Failed, Findings: []lr.Finding{finding("l1", "GET /a", "", lr.Low)}},
			{ID: "auth/wide", Title: "Wide", Verdict: lr.Failed, Findings: []lr.Finding{finding("w1", "application", "", lr.Critical)}},
		}},
		{ID: "isolation", Title: "Tenant isolation", Checks: []lr.CheckReport{
			{ID: "isolation/read", Title: "Read", Verdict: lr.Failed, Findings: []lr.Finding{
				finding("g1", "GET /a", "ownership", lr.High), finding("g2", "GET /b", "ownership", lr.High), {ID: "s1", Guard: "ownership", Severity: lr.Critical}}},
			{ID: "isolation/update", Title: "Update", Verdict: lr.Failed, Findings: []lr.Finding{finding("g3", "PUT /a", "ownership", lr.High)}},
			{ID: "isolation/waived", Verdict: lr.Skipped, Findings: []lr.Finding{finding("v1", "GET /c", "", lr.Critical)}},
		}},
	}
	var got []string
	for _, it := range plan.Items(rows, "cto") {
		got = append(got, fmt.Sprintf("%s %s %s %s %.1f %s %d", it.ID, it.How, it.Owner, it.Worst, it.Hours, strings.Join(it.Findings, ","), len(it.Steps)))
	}
	want := []string{
		"auth/wide senior engineer cto critical 6.0 w1 1",
		"guard-ownership guard cto high 4.0 g1,g2,g3 1",
		"auth/low code cto low 1.5 l1 1",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if items := plan.Items(nil, ""); items == nil || len(items) != 0 {
		t.Errorf("nothing to do: got %v, want an empty list, not null", items)
	}
}
