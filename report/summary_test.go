package report_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/report"
	"github.com/launchready/launchready/report/sample"
)

func ids(list []report.Entry) []string {
	var out []string
	for _, e := range list {
		out = append(out, e.Check.ID)
	}
	return out
}

func TestSummarise(t *testing.T) {
	s := report.Summarise(report.Tidy(sample.Flawed()))
	for _, c := range []struct {
		name      string
		got, want []string
	}{
		{"blockers are confirmed, worst first", ids(s.Blockers), []string{"auth/no-credential", "auth/alg-none", "isolation/foreign-read", "isolation/foreign-read", "email/dmarc-present"}},
		{"others are below the gate", ids(s.Others), []string{"auth/user-enumeration", "isolation/existence-oracle"}},
		{"suspects decide nothing", ids(s.Suspects), []string{"isolation/predictable-id"}},
		{"a waiver accepts", ids(s.Accepted), []string{"https/hsts-preload"}},
	} {
		if !reflect.DeepEqual(c.got, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, c.got, c.want)
		}
	}
	if s.Hours != 15.25 || s.Rows[lr.Passed] != 7 || s.Rows[lr.Unknown] != 2 || len(s.Unknown) != 4 {
		t.Errorf("got %v hours, rows %v, %d unknown", s.Hours, s.Rows, len(s.Unknown))
	}
}

func TestBlockersBelowTheGate(t *testing.T) {
	r := sample.Flawed()
	r.FailOn = lr.Critical
	r.Rows = r.Rows[7:8] // DMARC is missing: high, and decides whatever the gate
	if s := report.Summarise(r); len(s.Blockers) != 1 || len(s.Others) != 0 {
		t.Errorf("not ready: got %d blockers, %d others", len(s.Blockers), len(s.Others))
	}
	r.Readiness = lr.Ready
	if s := report.Summarise(r); len(s.Blockers) != 0 || len(s.Others) != 1 {
		t.Errorf("ready: got %d blockers, %d others", len(s.Blockers), len(s.Others))
	}
}

// TestGapSaysASubjectOnce: a reason that quotes the first open subject is left
// out, since the subjects follow.
func TestGapSaysASubjectOnce(t *testing.T) {
	open := []string{"POST /reset: the token goes by mail"}
	for reason, want := range map[string]string{
		"1 of 1 subjects could not be asked, the first: " + open[0]: "",
		"the run was interrupted":                                   "the run was interrupted",
	} {
		s := report.Summarise(&lr.Report{Rows: []lr.RowReport{{ID: "auth", Checks: []lr.CheckReport{{ID: "auth/x", Verdict: lr.Unknown, Reason: reason, Open: open}}}}})
		if len(s.Unknown) != 1 || s.Unknown[0].Why != want || len(s.Unknown[0].Open) != 1 {
			t.Errorf("%q: got %+v, want the reason %q", reason, s.Unknown, want)
		}
	}
}

func TestWordsOfTheVerdict(t *testing.T) {
	const keep = "launchready audit --mutate --baseline report.json --fail-on-new" // not the run that was just done
	for _, c := range []struct {
		name                 string
		r                    *lr.Report
		word, headline, next string
	}{
		{"not ready", sample.Flawed(), "Not ready", "5 blockers in 3 rows of the scorecard stand in the way.", "launchready audit replay lr-"},
		{"ready", sample.Clean(), "Ready", "Every row of the scorecard passed.", keep},
		{"risks", &lr.Report{Readiness: lr.ReadyWithRisks, Waivers: make([]lr.Waiver, 2)}, "Ready with accepted risks", "Every row passed; 2 risks accepted by a named owner.", keep},
		{"all there is", &lr.Report{Readiness: lr.NotEnoughTested, Partial: true, Rows: sample.Clean().Rows[:2]}, "2 of 13 rows passed", "2 of the scorecard's 13 rows were asked for, and 2 passed.", keep},
		{"fixed", &lr.Report{Readiness: lr.NotEnoughTested, Partial: true, Rows: sample.Clean().Rows[:2], Baseline: &lr.Baseline{Fixed: make([]lr.FixedFinding, 1)}}, "2 of 13 rows passed", "2 of the scorecard's 13 rows were asked for, and 2 passed.", "launchready export --regression"},
		{"partial", &lr.Report{Readiness: lr.NotEnoughTested, Partial: true, Only: []string{"auth", "isolation"}, Rows: sample.Clean().Rows[:2]}, "2 of 13 rows passed", "2 of the scorecard's 13 rows were asked for, and 2 passed.", "launchready audit --mutate -o html=report.html"},
		{"partial, failed below the gate", &lr.Report{Readiness: lr.NotEnoughTested, Partial: true, Rows: []lr.RowReport{{ID: "hygiene", Verdict: lr.Failed}, {ID: "cors", Verdict: lr.Passed}}}, "No blocker in 2 of 13 rows", "2 of the scorecard's 13 rows were asked for, and 1 passed.", "launchready audit"},
		{"interrupted", &lr.Report{Readiness: lr.NotEnoughTested, Interrupted: true}, "Not enough tested", "The run was interrupted: what it did not reach is unknown.", "launchready audit"},
		{"wants consent", &lr.Report{Readiness: lr.NotEnoughTested, Partial: true, Rows: []lr.RowReport{{ID: "auth", Verdict: lr.Unknown, Checks: []lr.CheckReport{
			{ID: "auth/x", Verdict: lr.Unknown, Reason: "it writes, which needs consent: give --mutate"}}}}}, "Not enough tested", "1 of the scorecard's 13 rows were asked for, and 0 passed.", "launchready audit --mutate"},
		{"lacks an identity", &lr.Report{Readiness: lr.NotEnoughTested, Rows: []lr.RowReport{{ID: "auth", Verdict: lr.Unknown, Checks: []lr.CheckReport{
			{ID: "auth/x", Verdict: lr.Unknown, Required: true, Reason: "it needs identities in two tenants"}}}}}, "Not enough tested", "1 row could not be decided; nothing was found that stands in the way.", "launchready audit plan --mutate"},
		{"unknown", &lr.Report{Readiness: lr.NotEnoughTested, Rows: []lr.RowReport{{ID: "auth"}}}, "Not enough tested", "1 row could not be decided; nothing was found that stands in the way.", "launchready audit doctor"},
		{"zero", &lr.Report{}, "Not enough tested", "0 rows could not be decided; nothing was found that stands in the way.", "launchready audit"},
		{"a row alone", &lr.Report{Readiness: lr.NotReady}, "Not ready", "A row of the scorecard failed.", "launchready audit"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := report.Summarise(c.r)
			_, next := report.Next(c.r, s)
			if w, h := report.Word(c.r), report.Headline(c.r, s); w != c.word || h != c.headline || !strings.HasPrefix(next, c.next) {
				t.Errorf("got %q, %q, %q", w, h, next)
			}
		})
	}
}

// TestReasons: beside the verdict stand the first reasons, not forty of them,
// and none that the scorecard says again.
func TestReasons(t *testing.T) {
	many := []string{"auth/a: A", "auth/b: B", "auth/c: C", "auth/d: D", "auth/e: E", "auth/f: F", "auth/g: G"}
	unknown := "row ops is unknown: could not be asked: ops/x"
	for name, c := range map[string]struct {
		readiness lr.Readiness
		reasons   []string
		want      []string
		more      int
	}{
		"none":                        {lr.Ready, nil, nil, 0},
		"few":                         {lr.NotReady, many[:2], many[:2], 0},
		"one more than fits is shown": {lr.NotReady, many[:6], many[:6], 0},
		"many":                        {lr.NotReady, many, many[:5], 2},
		"the scorecard says the row":  {lr.NotReady, append(slices.Clone(many[:1]), unknown), many[:1], 0},
		"the row is all there is":     {lr.NotEnoughTested, []string{unknown}, []string{unknown}, 0},
		"what a target said is inert": {lr.NotReady, []string{"a\x1b[31mb"}, []string{report.Line("a\x1b[31mb")}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			got, more := report.Reasons(&lr.Report{Readiness: c.readiness, Reasons: c.reasons})
			if !slices.Equal(got, c.want) || more != c.more {
				t.Errorf("got %q and %d more, want %q and %d", got, more, c.want, c.more)
			}
		})
	}
}

func TestTidyLeavesTheReportAlone(t *testing.T) {
	r, same := sample.Flawed(), sample.Flawed()
	fs := r.Rows[1].Checks[0].Findings
	fs[0], fs[1] = fs[1], fs[0]
	first := fs[0].ID
	got := report.Tidy(r)
	if fs[0].ID != first {
		t.Error("the report was sorted in place")
	}
	if !reflect.DeepEqual(got, report.Tidy(same)) {
		t.Error("the order of findings is not stable")
	}
	if !reflect.DeepEqual(report.Tidy(got), got) {
		t.Error("tidying twice is not tidying once")
	}
	empty := report.Tidy(&lr.Report{Rows: []lr.RowReport{{Checks: []lr.CheckReport{{Severity: lr.High, Findings: []lr.Finding{{}}}}}}})
	if f := empty.Rows[0].Checks[0].Findings[0]; f.Severity != lr.High || f.Evidence == nil || empty.Reasons == nil || empty.FailOn != lr.High {
		t.Errorf("got %+v", empty)
	}
}

func TestCompare(t *testing.T) {
	flawed, clean := sample.Flawed(), sample.Clean()
	lost := sample.Clean()
	lost.Rows = lost.Rows[2:] // auth and isolation were not asked again
	undecided := sample.Clean()
	undecided.Rows[1].Checks[0].Verdict = lr.Unknown
	subject := sample.Clean()
	subject.Rows[1].Checks[0].Open = []string{"GET /v1/chats/{chat_id}: the budget is spent"}
	other := sample.Clean()
	other.Rows[1].Checks[0].Open = []string{"GET /v1/chats/{chat_id}/messages: the budget is spent"}
	for _, c := range []struct {
		name                       string
		before, after              *lr.Report
		fixed, unproven, new, open int
	}{
		{"fixed", flawed, clean, 9, 0, 0, 0},
		{"new", clean, flawed, 0, 0, 9, 0},
		{"still open", flawed, flawed, 0, 0, 0, 9},
		{"rows not asked again are not fixed", flawed, lost, 2, 7, 0, 0},
		{"a check without an answer is not fixed", flawed, undecided, 7, 2, 0, 0},
		{"a subject without an answer is not fixed", flawed, subject, 8, 1, 0, 0},
		{"another subject without an answer", flawed, other, 9, 0, 0, 0},
		{"nothing", clean, clean, 0, 0, 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := report.Compare(c.before, c.after)
			if len(d.Fixed) != c.fixed || len(d.Unproven) != c.unproven || len(d.New) != c.new || len(d.Open) != c.open {
				t.Errorf("got %d fixed, %d unproven, %d new, %d open", len(d.Fixed), len(d.Unproven), len(d.New), len(d.Open))
			}
			if len(d.Rows) != 13 {
				t.Errorf("%d rows", len(d.Rows))
			}
		})
	}
}
