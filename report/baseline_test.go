package report_test

import (
	"slices"
	"testing"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/report"
)

// of is a report of one check with findings at the subjects; "whole:a,b" is one
// of the application that showed at a and b.
func of(findings ...lr.Finding) *lr.Report {
	for i := range findings {
		f := &findings[i]
		f.ID = lr.Fingerprint("auth/a", f.Subject)
		if f.Severity == 0 {
			f.Severity, f.Confidence = lr.High, lr.Confirmed
		}
	}
	return &lr.Report{Run: "r0", Rows: []lr.RowReport{{ID: "auth", Checks: []lr.CheckReport{{ID: "auth/a", Verdict: lr.Failed, Findings: findings}}}}}
}

func at(subject string) lr.Finding { return lr.Finding{Subject: subject} }

func all(subjects ...string) lr.Finding {
	return lr.Finding{Subject: "application", Subjects: subjects}
}

func TestAgainst(t *testing.T) {
	suspected, medium := at("GET /a"), at("GET /a")
	suspected.Confidence, suspected.Severity = lr.Suspected, lr.High
	medium.Confidence, medium.Severity = lr.Confirmed, lr.Medium
	for name, c := range map[string]struct {
		before, after   *lr.Report
		passed          []string // subjects that were asked and are right
		states          []string // of after's findings
		fixed, unproven []string // subjects
	}{
		"nothing then, nothing now":               {of(), of(), nil, nil, nil, nil},
		"new":                                     {of(), of(at("GET /a")), nil, []string{"new"}, nil, nil},
		"unchanged":                               {of(at("GET /a")), of(at("GET /a")), nil, []string{"unchanged"}, nil, nil},
		"unchanged but for the case":              {of(at("GET /A")), of(at("GET /a")), nil, []string{"unchanged"}, nil, nil},
		"fixed":                                   {of(at("GET /a")), of(), []string{"GET /a"}, nil, []string{"GET /a"}, nil},
		"gone, and another one asked":             {of(at("GET /a")), of(), []string{"GET /b"}, nil, nil, []string{"GET /a"}},
		"gone, with nothing asked":                {of(at("GET /a")), &lr.Report{}, nil, nil, nil, []string{"GET /a"}},
		"suspected then, confirmed now":           {of(suspected), of(at("GET /a")), nil, []string{"new"}, nil, nil},
		"confirmed then, suspected now":           {of(at("GET /a")), of(suspected), nil, []string{"unchanged"}, nil, nil},
		"worse than it was":                       {of(medium), of(at("GET /a")), nil, []string{"new"}, nil, nil},
		"less than it was":                        {of(at("GET /a")), of(medium), nil, []string{"unchanged"}, nil, nil},
		"folded now":                              {of(at("GET /a"), at("GET /b")), of(all("GET /a", "GET /b")), nil, []string{"unchanged"}, nil, nil},
		"folded now with one more":                {of(at("GET /a")), of(all("GET /a", "GET /b")), nil, []string{"new"}, nil, nil},
		"folded then, one is left":                {of(all("GET /a", "GET /b")), of(at("GET /a")), []string{"GET /b"}, []string{"unchanged"}, nil, nil},
		"folded then, another one now":            {of(all("GET /a", "GET /b")), of(at("GET /c")), []string{"GET /a", "GET /b"}, []string{"new"}, []string{"application"}, nil},
		"folded then, all right now":              {of(all("GET /a", "GET /b")), of(), []string{"GET /a", "GET /b"}, nil, []string{"application"}, nil},
		"folded then, one not asked again":        {of(all("GET /a", "GET /b")), of(), []string{"GET /a"}, nil, nil, []string{"application"}},
		"of the application by itself":            {of(at("application")), of(), []string{"application"}, nil, []string{"application"}, nil},
		"the application beside another subject":  {of(at("application"), at("jku")), of(at("jku")), []string{"application"}, []string{"unchanged"}, []string{"application"}, nil},
		"what passed and failed at once is there": {of(at("GET /a")), of(at("GET /a")), []string{"GET /a"}, []string{"unchanged"}, nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			report.Against(c.before, c.after, func(check, subject string) bool { return check == "auth/a" && slices.Contains(c.passed, subject) })
			var states []string
			for _, row := range c.after.Rows {
				for _, ch := range row.Checks {
					for _, f := range ch.Findings {
						states = append(states, f.State)
					}
				}
			}
			if !slices.Equal(states, c.states) {
				t.Errorf("states: got %q, want %q", states, c.states)
			}
			b := c.after.Baseline
			if b == nil || b.Run != "r0" {
				t.Fatalf("baseline: got %+v", b)
			}
			if got := subjects(b.Fixed); !slices.Equal(got, c.fixed) {
				t.Errorf("fixed: got %q, want %q", got, c.fixed)
			}
			if got := subjects(b.Unproven); !slices.Equal(got, c.unproven) {
				t.Errorf("unproven: got %q, want %q", got, c.unproven)
			}
			fresh, same := report.States(c.after)
			if fresh+same != len(states) {
				t.Errorf("counted %d new and %d unchanged of %d", fresh, same, len(states))
			}
		})
	}
}

func subjects(list []lr.FixedFinding) []string {
	var out []string
	for _, f := range list {
		out = append(out, f.Subject)
	}
	return out
}
