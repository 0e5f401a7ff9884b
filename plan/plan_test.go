package plan_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/plan"
)

// found is a confirmed finding; its guard directive may be "".
func found(id, subject, guard string, s lr.Severity) lr.Finding {
	return lr.Finding{ID: id, Subject: subject, Guard: guard, Severity: s, Confidence: lr.Confirmed, Fix: "fix " + id[:1], Replay: "launchready audit --only x"}
}

func check(id string, v lr.Verdict, fs ...lr.Finding) lr.CheckReport {
	return lr.CheckReport{ID: id, Title: "title of " + id, Verdict: v, Asked: 10, Passed: 5, Findings: fs}
}

func rows(checks ...lr.CheckReport) []lr.RowReport {
	var out []lr.RowReport
	for _, c := range checks {
		row, _, _ := strings.Cut(c.ID, "/")
		if n := len(out); n > 0 && out[n-1].ID == row {
			out[n-1].Checks = append(out[n-1].Checks, c)
			continue
		}
		out = append(out, lr.RowReport{ID: row, Title: "Row " + row, Checks: []lr.CheckReport{c}})
	}
	return out
}

// named is a configuration with people in it.
var named = plan.Owners{Default: "team", Incidents: map[string]string{"outage": "oncall"}}

func TestMake(t *testing.T) {
	suspected := lr.Finding{ID: "s1", Subject: "GET /c", Severity: lr.Critical, Guard: "ownership"}
	for _, c := range []struct {
		name   string
		rows   []lr.RowReport
		failOn lr.Severity
		want   []string // id how owner package worst blocks low-middle-high guard covered findings
	}{
		{"nothing", nil, 0, nil},
		{"what passed, is suspected or was waived is no work", rows(
			check("auth/no-credential", lr.Passed, found("p1", "GET /a", "", lr.Critical)),
			check("isolation/foreign-read", lr.Failed, suspected),
			check("isolation/list-leak", lr.Skipped, found("w1", "GET /b", "", lr.Critical))), 0, nil},
		{"one finding", rows(check("auth/alg-none", lr.Failed, found("a1", "application", "authenticate", lr.Critical))), 0, []string{
			"auth-tokens guard team application critical blocks 2-4-8 [authenticate] 1 a1"}},
		{"further findings cost less", rows(check("isolation/foreign-read", lr.Failed, found("a1", "GET /a", "ownership", lr.Critical), found("a2", "GET /b", "ownership", lr.Critical), found("a3", "GET /c", "ownership", lr.Critical))), 0, []string{
			"isolation-scope guard team application critical blocks 2.75-5.5-11 [ownership] 3 a1,a2,a3"}},
		{"the same code is read once", rows(
			check("isolation/foreign-read", lr.Failed, found("a1", "GET /a", "ownership", lr.Critical)),
			check("isolation/list-leak", lr.Failed, found("b1", "GET /b", "tenant_binding", lr.Critical)),
			check("isolation/graphql-object", lr.Failed, found("c1", "POST /graphql", "", lr.Critical))), 0, []string{
			"isolation-scope code team application critical blocks 3.75-7.5-15 [ownership tenant_binding] 2 a1,b1,c1"}},
		{"a fault of the application that nothing stops in front", rows(check("isolation/predictable-id", lr.Failed, found("a1", "application", "", lr.Critical))), 0, []string{
			"isolation-traces senior engineer team application critical blocks 4-8-16 [] 0 a1"}},
		{"the edge", rows(check("email/dmarc-present", lr.Failed, found("a1", "acme.test", "", lr.High))), 0, []string{
			"email edge team mail high blocks 0.75-1-1.5 [] 0 a1"}},
		{"the owner of the incident that it prevents", rows(check("monitoring/alert", lr.Failed, found("a1", "application", "", lr.Low))), 0, []string{
			"monitoring code oncall monitoring low later 3-6-12 [] 0 a1"}},
		{"a row of a newer version", rows(check("billing/open", lr.Failed, found("a1", "GET /a", "", lr.Low))), 0, []string{
			"billing code team application low later 1-2-4 [] 0 a1"}},
		{"what the launch waits for, then the worst, then the soonest", rows(
			check("auth/user-enumeration", lr.Failed, found("a1", "POST /x", "", lr.Low)),
			check("auth/no-credential", lr.Failed, found("b1", "GET /a", "authenticate", lr.Critical)),
			check("auth/alg-none", lr.Failed, found("c1", "GET /a", "authenticate", lr.Critical)),
			check("cors/reflected", lr.Failed, found("d1", "GET /a", "cors", lr.Medium)),
			check("hygiene/stack", lr.Failed, found("e1", "GET /a", "", lr.Medium))), 0, []string{
			"auth-tokens guard team application critical blocks 1-2-4 [authenticate] 1 c1",
			"auth-gate guard team application critical blocks 1.5-3-6 [authenticate] 1 b1",
			"cors guard oncall edge medium later 0.75-1-1.5 [cors] 1 d1",
			"hygiene code oncall monitoring medium later 0.5-1-2 [] 0 e1",
			"auth-sessions code team application low later 1-2-4 [] 0 a1"}},
		{"the gate decides what blocks", rows(check("hygiene/stack", lr.Failed, found("e1", "GET /a", "", lr.Medium))), lr.Medium, []string{
			"hygiene code oncall monitoring medium blocks 0.5-1-2 [] 0 e1"}},
		{"a bypass blocks whatever the gate", rows(check("auth/function-level", lr.Failed, found("a1", "GET /a", "roles", lr.High))), lr.Critical, []string{
			"auth-roles guard team application high blocks 1.5-3-6 [roles] 1 a1"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			items, _ := plan.Make(plan.Input{Rows: c.rows, FailOn: c.failOn, Owners: named})
			if items == nil {
				t.Fatal("got null, want a list")
			}
			var got []string
			for _, it := range items {
				blocks := "later"
				if it.Blocks {
					blocks = "blocks"
				}
				got = append(got, fmt.Sprintf("%s %s %s %s %s %s %g-%g-%g %v %d %s", it.ID, it.How, it.Owner, it.Package, it.Worst, blocks,
					it.HoursLow, it.Hours, it.HoursHigh, it.Guard, it.Covered, strings.Join(it.Findings, ",")))
			}
			if !reflect.DeepEqual(got, c.want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(c.want, "\n"))
			}
		})
	}
}

func TestSteps(t *testing.T) {
	mild, worse := found("a1", "GET /a", "ownership", lr.Low), found("b1", "GET /b", "tenant_binding", lr.Critical)
	again := found("a2", "GET /c", "ownership", lr.Low)
	again.Replay += " -c 'a --mutate b.yaml'" // a word of the user's, and no flag
	reading, writing := check("isolation/foreign-read", lr.Failed, mild, again), check("isolation/foreign-update", lr.Failed, worse)
	if items, _ := plan.Make(plan.Input{Rows: rows(reading)}); !strings.HasSuffix(items[0].Steps[1], "--only isolation/foreign-read`") {
		t.Errorf("a check that reads is asked again by %q", items[0].Steps)
	}
	writing.Mutates = true
	items, _ := plan.Make(plan.Input{Rows: rows(reading, writing), Owners: named})
	want := []string{"fix b", "fix a", "Ask again: `launchready audit --only isolation/foreign-read,isolation/foreign-update --mutate`"}
	if len(items) != 1 || !reflect.DeepEqual(items[0].Steps, want) {
		t.Errorf("got %+v, want the steps %q", items, want)
	}
	if got := items[0].HoursGuard; got != 4.25 { // ownership 2, tenant_binding 1.5, three findings asked again
		t.Errorf("in front: got %g hours, want 4.25", got)
	}
}

func TestOwners(t *testing.T) {
	finding := rows(check("auth/no-credential", lr.Failed, found("a1", "GET /a", "", lr.High)))
	for name, c := range map[string]struct {
		owners plan.Owners
		want   string
	}{
		"nobody":            {plan.Owners{}, ""},
		"backup alone":      {plan.Owners{Backup: "b"}, "b"},
		"default":           {plan.Owners{Default: "d", Backup: "b"}, "d"},
		"another incident":  {plan.Owners{Default: "d", Incidents: map[string]string{"outage": "o"}}, "d"},
		"the incident's":    {plan.Owners{Default: "d", Incidents: map[string]string{"leak": "l"}}, "l"},
		"the row's":         {plan.Owners{Default: "d", Incidents: map[string]string{"leak": "l"}, Rows: map[string]string{"auth": "r"}}, "r"},
		"another row's":     {plan.Owners{Default: "d", Rows: map[string]string{"email": "r"}}, "d"},
		"an empty name":     {plan.Owners{Default: "d", Rows: map[string]string{"auth": ""}}, "d"},
		"incident, no name": {plan.Owners{Default: "d", Incidents: map[string]string{"leak": ""}}, "d"},
	} {
		t.Run(name, func(t *testing.T) {
			items, _ := plan.Make(plan.Input{Rows: finding, Owners: c.owners})
			if len(items) != 1 || items[0].Owner != c.want {
				t.Errorf("got %+v, want owner %q", items, c.want)
			}
		})
	}
}
