package plan_test

import (
	"slices"
	"strings"
	"testing"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/plan"
)

func TestScatteredAuth(t *testing.T) {
	missing := func(id string, subjects ...string) lr.CheckReport {
		c := check(id, lr.Failed)
		for _, s := range subjects {
			c.Findings = append(c.Findings, found(id+" "+s, s, "", lr.Critical))
		}
		return c
	}
	nowhere := missing("auth/no-credential", "GET /v1/invoices")
	nowhere.Passed = 0
	waived := missing("isolation/foreign-read", "GET /v1/chats/{id}", "GET /v1/files/{id}")
	waived.Verdict = lr.Skipped
	suspected := missing("isolation/foreign-read", "GET /v1/chats/{id}", "GET /v1/files/{id}")
	for i := range suspected.Findings {
		suspected.Findings[i].Confidence = lr.Suspected
	}
	for _, c := range []struct {
		name   string
		checks []lr.CheckReport
		raised bool
	}{
		{"nothing", nil, false},
		{"two decisions on three groups of routes", []lr.CheckReport{missing("auth/no-credential", "GET /v1/invoices"), missing("isolation/foreign-read", "GET /v1/chats/{id}", "GET /v1/files/{id}")}, true},
		{"three decisions on three groups", []lr.CheckReport{missing("auth/no-credential", "GET /v1/invoices"), missing("auth/function-level", "GET /v1/admin/users"), missing("isolation/foreign-read", "GET /v1/chats/{id}")}, true},
		{"a hole each is two mistakes", []lr.CheckReport{missing("auth/no-credential", "GET /v1/invoices"), missing("isolation/foreign-read", "GET /v1/chats/{id}")}, false},
		{"one decision on many routes is one layer", []lr.CheckReport{missing("isolation/foreign-read", "GET /a/{id}", "GET /b/{id}"), missing("isolation/foreign-update", "PUT /c/{id}")}, false},
		{"routes of one group", []lr.CheckReport{missing("auth/no-credential", "GET /api/v1/chats", "GET /api/v2/chats/{id}"), missing("isolation/foreign-read", "GET /chats/{id}/messages", "GET /v1/{tenant}/chats")}, false},
		{"a decision that is missing everywhere", []lr.CheckReport{nowhere, missing("isolation/foreign-read", "GET /v1/chats/{id}", "GET /v1/files/{id}")}, false},
		{"the application's fault is one layer", []lr.CheckReport{missing("auth/no-credential", "application"), missing("isolation/foreign-read", "GET /v1/chats/{id}", "GET /v1/files/{id}", "GET /v1/x/{id}")}, false},
		{"checks that decide nothing of it", []lr.CheckReport{missing("auth/user-enumeration", "POST /v1/a"), missing("auth/alg-none", "GET /v1/b"), missing("isolation/error-text", "GET /v1/c")}, false},
		{"what was accepted", []lr.CheckReport{missing("auth/no-credential", "GET /v1/invoices"), waived}, false},
		{"what is suspected", []lr.CheckReport{missing("auth/no-credential", "GET /v1/invoices"), suspected}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			items, flags := plan.Make(plan.Input{Rows: rows(c.checks...), Owners: named})
			if raised := len(flags) == 1 && flags[0].ID == plan.ScatteredAuth; raised != c.raised || !raised && len(flags) > 0 {
				t.Fatalf("got %+v, want raised %v", flags, c.raised)
			}
			for _, it := range items {
				if senior := it.How == plan.BySenior; c.raised && !senior {
					t.Errorf("%s is evidence and done by %s", it.ID, it.How)
				}
			}
		})
	}
}

func TestScatteredAuthNamesItsEvidence(t *testing.T) {
	c := check("isolation/foreign-read", lr.Failed)
	for _, s := range []string{"a", "b", "c", "d", "e", "f"} {
		c.Findings = append(c.Findings, found(s, "GET /"+s+"/{id}", "ownership", lr.Critical))
	}
	_, flags := plan.Make(plan.Input{Rows: rows(check("auth/no-credential", lr.Failed, found("n", "GET /n", "authenticate", lr.Critical)), c, check("isolation/list-leak", lr.Failed, found("l", "GET /l", "", lr.Critical))), Owners: named})
	if len(flags) != 1 {
		t.Fatalf("got %+v", flags)
	}
	want := []string{
		"the caller's identity is not decided on GET /n, while 5 of 10 questions of the same checks passed (auth/no-credential)",
		"the owner of the data is not decided on GET /a/{id}, GET /b/{id}, GET /c/{id}, GET /d/{id} and 3 more, while 10 of 20 questions of the same checks passed (isolation/foreign-read, isolation/list-leak)",
	}
	if !slices.Equal(flags[0].Evidence, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(flags[0].Evidence, "\n"), strings.Join(want, "\n"))
	}
}

func TestNoIncidentOwner(t *testing.T) {
	for name, c := range map[string]struct {
		incidents map[string]string
		raised    bool
	}{
		"none":        {nil, true},
		"no names":    {map[string]string{"leak": " ", "outage": ""}, true},
		"one of them": {map[string]string{"leak": "cto"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			_, flags := plan.Make(plan.Input{Owners: plan.Owners{Default: "d", Incidents: c.incidents}})
			if raised := len(flags) == 1 && flags[0].ID == plan.NoIncidentOwner && len(flags[0].Evidence) == 1; raised != c.raised {
				t.Errorf("got %+v, want raised %v", flags, c.raised)
			}
		})
	}
}
