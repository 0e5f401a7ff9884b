package audit

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	lr "github.com/launchready/launchready"
)

func fails(subjects ...string) []lr.Outcome {
	var out []lr.Outcome
	for _, s := range subjects {
		o := failed
		o.Subject = s
		out = append(out, o)
	}
	return out
}

// TestWaiversOfOneFinding: a waiver of a place accepts what is there and hides
// nothing else of the check.
func TestWaiversOfOneFinding(t *testing.T) {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	five := fails("GET /v1/a", "GET /v1/b", "GET /v1/c", "GET /v1/d", "GET /v2/e")
	for name, c := range map[string]struct {
		outcomes []lr.Outcome
		waived   []string // subjects of the waivers
		want     lr.Verdict
		accepted int // findings
		warns    int // waivers that match nothing
	}{
		"one of two":                        {fails("GET /v1/a", "GET /v1/b"), []string{"GET /v1/a"}, lr.Failed, 1, 0},
		"both by two":                       {fails("GET /v1/a", "GET /v1/b"), []string{"GET /v1/a", "GET /v1/b"}, lr.Skipped, 2, 0},
		"both by a pattern":                 {fails("GET /v1/a", "GET /v1/b"), []string{"/v1/**"}, lr.Skipped, 2, 0},
		"the wrong method":                  {fails("GET /v1/a"), []string{"POST /v1/a"}, lr.Failed, 0, 1},
		"a suspected one stands beside":     {append(fails("GET /v1/a"), suspected), []string{"GET /v1/a"}, lr.Skipped, 1, 0},
		"the whole application by its word": {five, []string{"application"}, lr.Skipped, 1, 0},
		"the whole application in part":     {five, []string{"/v1/**"}, lr.Failed, 0, 0},
		"the whole application in parts":    {five, []string{"/v1/**", "GET /v2/e"}, lr.Skipped, 1, 0},
		"nothing is wrong":                  {[]lr.Outcome{passed}, []string{"GET /v1/a"}, lr.Passed, 0, 1},
		"what it covers is open":            {append(times(9, passed), lr.Outcome{Verdict: lr.Unknown, Subject: "GET /v1/a", Message: "busy: 429"}), []string{"GET /v1/a"}, lr.Passed, 0, 0},
		"the check could not be asked":      {nil, []string{""}, lr.Unknown, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			r := rolled(made("a", lr.High, c.outcomes...))
			for _, s := range c.waived {
				r.Waivers = append(r.Waivers, lr.Waiver{Check: "auth/a", Subject: s, Owner: "cto", Reason: "later", Until: "2026-12-31"})
			}
			got := r.checkReport(r.rows[0].Checks[0], now)
			accepted := 0
			for _, f := range got.Findings {
				if f.Waived != nil {
					accepted++
				}
			}
			if got.Verdict != c.want || accepted != c.accepted || (got.Waived != nil) != (c.want == lr.Skipped) {
				t.Errorf("got %s with %d findings accepted, waiver %v; want %s and %d", got.Verdict, accepted, got.Waived, c.want, c.accepted)
			}
			rep := &lr.Report{Waivers: r.Waivers, Rows: []lr.RowReport{{ID: "auth", Checks: []lr.CheckReport{got}}}}
			if warns := idleWaivers(rep, now); len(warns) != c.warns {
				t.Errorf("got warnings %q, want %d", warns, c.warns)
			}
		})
	}
}

func TestReadinessWithWaivers(t *testing.T) {
	started := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	w := &lr.Waiver{Check: "isolation/a", Subject: "GET /a", Owner: "cto", Reason: "later", Until: "2026-12-31"}
	finding := func(subject string, w *lr.Waiver) lr.Finding {
		return lr.Finding{Subject: subject, Severity: lr.Critical, Confidence: lr.Confirmed, Waived: w}
	}
	rep := func(v lr.Verdict, whole *lr.Waiver, waivers []lr.Waiver, fs ...lr.Finding) *lr.Report {
		return &lr.Report{Started: started, FailOn: lr.High, Waivers: waivers, Rows: []lr.RowReport{{ID: "isolation", Verdict: v,
			Checks: []lr.CheckReport{{ID: "isolation/a", Title: "A", Verdict: v, Required: true, Findings: fs, Waived: whole}}}}}
	}
	for name, c := range map[string]struct {
		rep  *lr.Report
		want lr.Readiness
		says string
	}{
		"all accepted":       {rep(lr.Skipped, w, nil, finding("GET /a", w)), lr.ReadyWithRisks, "isolation/a at GET /a is accepted by cto until 2026-12-31: later"},
		"one of two":         {rep(lr.Failed, nil, nil, finding("GET /a", w), finding("GET /b", nil)), lr.NotReady, "isolation/a: A (critical, 1 finding)"},
		"the waiver is over": {rep(lr.Failed, nil, []lr.Waiver{{Check: "isolation/a", Until: "2026-11-01"}}, finding("GET /a", nil)), lr.NotReady, "its waiver ended on 2026-11-01"},
	} {
		t.Run(name, func(t *testing.T) {
			got, reasons := readiness(c.rep)
			if got != c.want || len(reasons) != 1 || !strings.Contains(reasons[0], c.says) {
				t.Errorf("got %s because %q, want %s because %q", got, reasons, c.want, c.says)
			}
		})
	}
}

func TestExitCodeOfNew(t *testing.T) {
	rep := func(state string, conf lr.Confidence, s lr.Severity, change ...func(*lr.Report)) *lr.Report {
		r := &lr.Report{FailOn: lr.High, Partial: true, Rows: []lr.RowReport{{ID: "cors", Verdict: lr.Failed, Checks: []lr.CheckReport{
			{ID: "cors/a", Verdict: lr.Failed, Required: true, Findings: []lr.Finding{{Severity: s, Confidence: conf, State: state}}}}}}}
		for _, c := range change {
			c(r)
		}
		return r
	}
	untested := func(r *lr.Report) {
		r.Rows[0].Checks = append(r.Rows[0].Checks, lr.CheckReport{ID: "cors/b", Required: true})
	}
	for name, c := range map[string]struct {
		rep  *lr.Report
		want int
	}{
		"new and above the gate": {rep(lr.StateNew, lr.Confirmed, lr.High), ExitNotReady},
		"new and below":          {rep(lr.StateNew, lr.Confirmed, lr.Medium), ExitReady},
		"new and suspected":      {rep(lr.StateNew, lr.Suspected, lr.Critical), ExitReady},
		"there before":           {rep(lr.StateUnchanged, lr.Confirmed, lr.Critical), ExitReady},
		"without a baseline":     {rep("", lr.Confirmed, lr.Critical), ExitNotReady},
		"new and waived": {rep(lr.StateNew, lr.Confirmed, lr.Critical, func(r *lr.Report) {
			r.Rows[0].Checks[0].Findings[0].Waived = &lr.Waiver{}
		}), ExitReady},
		"something could not be asked":   {rep(lr.StateUnchanged, lr.Confirmed, lr.Critical, untested), ExitNotTested},
		"new, and something left open":   {rep(lr.StateNew, lr.Confirmed, lr.Critical, untested), ExitNotReady},
		"interrupted":                    {rep(lr.StateNew, lr.Confirmed, lr.Critical, func(r *lr.Report) { r.Interrupted = true }), ExitInterrupted},
		"nothing was asked":              {&lr.Report{}, ExitNotTested},
		"medium in auth, fail on it all": {rep(lr.StateNew, lr.Confirmed, lr.Low, func(r *lr.Report) { r.FailOn = lr.Low }), ExitNotReady},
	} {
		t.Run(name, func(t *testing.T) {
			if got := ExitCodeOfNew(c.rep); got != c.want {
				t.Errorf("got %d, want %d", got, c.want)
			}
		})
	}
}

// TestReplayJudges walks what a check may say of the subject that was asked for.
func TestReplayJudges(t *testing.T) {
	pass := func(s string) lr.Outcome { return lr.Outcome{Verdict: lr.Passed, Subject: s, Message: "refused"} }
	unknown := func(s string) lr.Outcome { return lr.Outcome{Verdict: lr.Unknown, Subject: s, Message: "busy"} }
	for name, c := range map[string]struct {
		subject  string
		outcomes []lr.Outcome
		early    string
		want     Answer
		says     string
	}{
		"fails again":                      {"GET /b", []lr.Outcome{pass("GET /b"), failed}, "", Open, ""},
		"fails by shape":                   {"GET /c", []lr.Outcome{suspected}, "", Open, "by shape only"},
		"passed":                           {"GET /b", []lr.Outcome{pass("GET /b"), pass("GET /b")}, "", Fixed, "refused"},
		"passed, in other letters":         {"get /B", []lr.Outcome{pass("GET /b")}, "", Fixed, ""},
		"passed for one, open for another": {"GET /b", []lr.Outcome{pass("GET /b"), unknown("GET /b")}, "", Inconclusive, "busy"},
		"passed, then the target died":     {"GET /b", []lr.Outcome{pass("GET /b")}, "the target stopped answering", Inconclusive, "stopped answering"},
		"failed, then the target died":     {"GET /b", []lr.Outcome{failed}, "the target stopped answering", Open, ""},
		"open":                             {"GET /d", []lr.Outcome{unknown("GET /d")}, "", Inconclusive, "busy"},
		"another one was asked":            {"GET /b", []lr.Outcome{pass("GET /a")}, "", Inconclusive, "did not ask it"},
		"nothing was asked":                {"GET /b", nil, "it needs identities in two tenants", Inconclusive, "two tenants"},
		"does not arise":                   {"GET /b", []lr.Outcome{{Verdict: lr.Skipped, Message: "no GraphQL"}}, "", Inconclusive, "no GraphQL"},
		"application, still":               {"application", fails("a", "b", "c", "d", "e"), "", Open, "5 of 5 asked"},
		"application, in part":             {"application", append(fails("GET /a", "GET /b"), pass("GET /c")), "", Open, "2 of the 3 routes asked still fail: GET /a, GET /b"},
		"application, all right":           {"application", []lr.Outcome{pass("GET /a"), pass("GET /b")}, "", Fixed, "all of the 2 routes"},
		"application, mostly open":         {"application", []lr.Outcome{pass("GET /a"), unknown("GET /b")}, "", Inconclusive, "could not be asked"},
		"application by itself, fixed":     {"application", []lr.Outcome{pass("application")}, "", Fixed, "refused"},
		"application, nothing asked":       {"application", nil, "", Inconclusive, "nothing could be decided"},
	} {
		t.Run(name, func(t *testing.T) {
			res := made("a", lr.High, c.outcomes...)
			res.reason = c.early
			r := rolled(res)
			r.Client, r.Now = counted{}, time.Now
			a := &Replayed{Check: res.check, Subject: c.subject, Report: r.report(context.Background())}
			a.judge(res.outcomes, c.early)
			if a.Answer != c.want || !strings.Contains(a.Reason, c.says) {
				t.Errorf("got %s because %q, want %s because %q", a.Answer, a.Reason, c.want, c.says)
			}
			if (a.Finding != nil) != (c.want == Open) {
				t.Errorf("finding: got %+v", a.Finding)
			}
			if want := map[Answer]int{Open: 1, Fixed: 0, Inconclusive: 3}[c.want]; a.ExitCode() != want {
				t.Errorf("exit code: got %d, want %d", a.ExitCode(), want)
			}
			if !slices.Contains([]Answer{Open, Fixed, Inconclusive}, a.Answer) {
				t.Errorf("answer %q", a.Answer)
			}
		})
	}
}

// counted is a client that only tells how much it sent.
type counted struct{ Client }

func (counted) Requests() int { return 7 }
