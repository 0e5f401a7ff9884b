package audit

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	lr "github.com/launchready/launchready"
)

var (
	passed    = lr.Outcome{Verdict: lr.Passed, Confidence: lr.Confirmed, Subject: "GET /a"}
	failed    = lr.Outcome{Verdict: lr.Failed, Confidence: lr.Confirmed, Subject: "GET /b"}
	suspected = lr.Outcome{Verdict: lr.Failed, Confidence: lr.Suspected, Subject: "GET /c"}
	open      = lr.Outcome{Verdict: lr.Unknown, Subject: "GET /d"}
	skipped   = lr.Outcome{Verdict: lr.Skipped}
)

func times(n int, o lr.Outcome) []lr.Outcome {
	out := make([]lr.Outcome, n)
	for i := range out {
		out[i] = o
		out[i].Subject = fmt.Sprintf("%s%d", o.Subject, i)
	}
	return out
}

func TestVerdictOfACheck(t *testing.T) {
	for name, c := range map[string]struct {
		outcomes []lr.Outcome
		reason   string
		want     lr.Verdict
	}{
		"nothing reported":              {nil, "", lr.Unknown},
		"passed":                        {[]lr.Outcome{passed}, "", lr.Passed},
		"failed beats all":              {slices.Concat(times(9, passed), []lr.Outcome{open, skipped, failed}), "", lr.Failed},
		"failed, then could not go on":  {[]lr.Outcome{failed}, "the target stopped answering", lr.Failed},
		"passed, then could not go on":  {times(9, passed), "the target stopped answering", lr.Unknown},
		"suspected alone":               {[]lr.Outcome{suspected}, "", lr.Unknown},
		"suspected in five":             {append(times(4, passed), suspected), "", lr.Passed},
		"one open in five":              {append(times(4, passed), open), "", lr.Passed},
		"one open in four":              {append(times(3, passed), open), "", lr.Unknown},
		"all open":                      {times(3, open), "", lr.Unknown},
		"does not arise":                {[]lr.Outcome{skipped}, "", lr.Skipped},
		"does not arise in part":        {[]lr.Outcome{skipped, passed}, "", lr.Passed},
		"does not arise, and left open": {[]lr.Outcome{skipped, open}, "", lr.Unknown},
		"could not be asked":            {nil, "it needs identities in two tenants", lr.Unknown},
	} {
		t.Run(name, func(t *testing.T) {
			r := &result{outcomes: c.outcomes, reason: c.reason}
			if got := r.verdict(); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

// rolled is a run of one row "auth" whose checks came to what is given.
func rolled(results ...*result) *run {
	row := lr.Row{ID: "auth", Title: "Auth"}
	r := &run{results: map[string]*result{}}
	for _, res := range results {
		row.Checks = append(row.Checks, res.check)
		r.results[res.check.ID] = res
	}
	r.rows = []lr.Row{row}
	r.Target = &lr.Target{Base: &url.URL{Scheme: "https", Host: "acme.test"}}
	r.Evidence = func(lr.Evidence) []lr.EvidenceItem { return nil }
	return r
}

func made(id string, severity lr.Severity, outcomes ...lr.Outcome) *result {
	return &result{check: &lr.Check{ID: "auth/" + id, Title: id, Severity: severity}, outcomes: outcomes}
}

func lost(id string) *result {
	r := made(id, lr.High)
	r.reason = "the target is gone"
	return r
}

func extra(r *result) *result { r.check.Extra = true; return r }

func TestVerdictOfARow(t *testing.T) {
	for name, c := range map[string]struct {
		results []*result
		want    lr.Verdict
		reason  string
	}{
		"all passed":                  {[]*result{made("a", lr.High, passed), made("b", lr.High, passed)}, lr.Passed, ""},
		"one failed":                  {[]*result{made("a", lr.High, passed), made("b", lr.High, failed), made("c", lr.High)}, lr.Failed, "1 of 3 checks failed"},
		"a required one unknown":      {[]*result{made("a", lr.High, passed), made("b", lr.High)}, lr.Unknown, "could not be asked: auth/b"},
		"many unknown":                {[]*result{lost("a"), made("b", lr.High), made("c", lr.High), made("d", lr.High), made("e", lr.High)}, lr.Unknown, "could not be asked: auth/a, auth/b, auth/c and 2 more"},
		"many for one reason":         {[]*result{lost("a"), lost("b"), lost("c"), lost("d")}, lr.Unknown, "4 checks could not be asked: the target is gone"},
		"an extra one unknown":        {[]*result{made("a", lr.High, passed), extra(made("b", lr.High))}, lr.Passed, ""},
		"an extra one failed":         {[]*result{made("a", lr.High, passed), extra(made("b", lr.High, failed))}, lr.Failed, "1 of 2 checks failed"},
		"one does not apply":          {[]*result{made("a", lr.High, passed), made("b", lr.High, skipped)}, lr.Passed, ""},
		"none applies":                {[]*result{made("a", lr.High, skipped)}, lr.Skipped, "does not apply, or waived"},
		"only an extra one, unknown":  {[]*result{extra(made("a", lr.High))}, lr.Skipped, "does not apply, or waived"},
		"suspected among many passed": {[]*result{made("a", lr.High, append(times(9, passed), suspected)...)}, lr.Passed, ""},
	} {
		t.Run(name, func(t *testing.T) {
			r := rolled(c.results...)
			got := r.row(r.rows[0], time.Now())
			if got.Verdict != c.want || got.Reason != c.reason {
				t.Errorf("got %s because %q, want %s because %q", got.Verdict, got.Reason, c.want, c.reason)
			}
		})
	}
}

func TestFindingsAreFolded(t *testing.T) {
	fails := func(n int) []lr.Outcome { return times(n, failed) }
	by := func(fault string, os []lr.Outcome) []lr.Outcome {
		for i := range os {
			os[i].Fault, os[i].Severity = fault, lr.Low
		}
		return os
	}
	harder := by("any origin", fails(5))
	harder[0].Severity = lr.High
	for name, c := range map[string]struct {
		outcomes []lr.Outcome
		subjects []string
	}{
		"one":                         {fails(1), []string{"GET /b0"}},
		"two identities, one subject": {[]lr.Outcome{failed, failed}, []string{"GET /b"}},
		"four of four":                {fails(4), []string{"GET /b0", "GET /b1", "GET /b2", "GET /b3"}},
		"five of five":                {fails(5), []string{"application"}},
		"eight of ten":                {append(fails(8), times(2, passed)...), []string{"application"}},
		"five of ten":                 {append(fails(5), times(5, passed)...), []string{"GET /b0", "GET /b1", "GET /b2", "GET /b3", "GET /b4"}},
		"open ones do not count":      {append(fails(5), times(9, open)...), []string{"application"}},
		"suspected stay beside":       {append(fails(5), suspected), []string{"application", "GET /c"}},
		"one fault at few of many":    {append(by("any origin", fails(5)), times(20, passed)...), []string{"application"}},
		"a fault at four":             {append(by("any origin", fails(4)), times(20, passed)...), []string{"GET /b0", "GET /b1", "GET /b2", "GET /b3"}},
		"one that weighs more":        {append(harder, times(20, passed)...), []string{"GET /b0", "GET /b1", "GET /b2", "GET /b3", "GET /b4"}},
		"another fault stays beside":  {slices.Concat(by("any origin", fails(5)), times(20, passed), by("no origin", []lr.Outcome{failed})), []string{"application", "GET /b"}},
	} {
		t.Run(name, func(t *testing.T) {
			res := made("a", lr.High, c.outcomes...)
			var got []string
			for _, f := range rolled(res).findings(res.check, res) {
				got = append(got, f.Subject)
				if f.ID != lr.Fingerprint(res.check.ID, f.Subject) {
					t.Errorf("%s: the id %s is not stable", f.Subject, f.ID)
				}
			}
			if !slices.Equal(got, c.subjects) {
				t.Errorf("got findings at %q, want %q", got, c.subjects)
			}
		})
	}
}

// TestWholeShowsWhatWasPlanted: a text that the run wrote can be written again, so
// the finding of many subjects is told by one that shows it, whatever its place.
func TestWholeShowsWhatWasPlanted(t *testing.T) {
	os := times(6, failed)
	for i := range os {
		os[i].Message = "shown at " + os[i].Subject
		os[i].Evidence.Witness = []string{"a text of the help centre"}
	}
	os[3].Evidence.Witness = []string{"lr1-9f8e7d6c-acme-1-c1ecc38d683ff7b9fb555982"}
	res := made("a", lr.High, os...)
	f := rolled(res).findings(res.check, res)[0]
	if f.Subject != "application" || len(f.Subjects) != 6 || !strings.HasSuffix(f.Message, "GET /b5. GET /b3: shown at GET /b3") {
		t.Errorf("got %s of %q: %s", f.Subject, f.Subjects, f.Message)
	}
	os[3].Evidence.Witness = nil
	if f := rolled(res).findings(res.check, res)[0]; !strings.HasSuffix(f.Message, "The first: shown at GET /b0") {
		t.Errorf("where nothing was planted: %s", f.Message)
	}
}

func TestFindingTellsTheSurestOutcome(t *testing.T) {
	res := made("a", lr.Medium, lr.Outcome{Verdict: lr.Failed, Subject: "GET /b", Message: "by shape"},
		lr.Outcome{Verdict: lr.Failed, Confidence: lr.Confirmed, Subject: "GET /b", Message: "by witness", Severity: lr.Critical})
	res.check.Effect = lr.Writes
	f := rolled(res).findings(res.check, res)[0]
	if f.Confidence != lr.Confirmed || f.Severity != lr.Critical || f.Message != "by witness (and 1 more way)" {
		t.Errorf("got %s %s %q", f.Confidence, f.Severity, f.Message)
	}
	if f.Replay != "launchready audit replay "+f.ID+" --mutate" {
		t.Errorf("replay: got %q", f.Replay)
	}
	r := rolled(res)
	r.Again = "-c 'a b.yaml' --target http://127.0.0.1:1"
	if f := r.findings(res.check, res)[0]; f.Replay != "launchready audit replay "+f.ID+" --mutate -c 'a b.yaml' --target http://127.0.0.1:1" {
		t.Errorf("replay with flags: got %q", f.Replay)
	}
}

func TestWaivers(t *testing.T) {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		waiver lr.Waiver
		want   lr.Verdict
	}{
		"in force":            {lr.Waiver{Check: "auth/a", Until: "2026-12-31"}, lr.Skipped},
		"on its last day":     {lr.Waiver{Check: "auth/a", Until: "2026-11-23"}, lr.Skipped},
		"over":                {lr.Waiver{Check: "auth/a", Until: "2026-11-21"}, lr.Failed},
		"of another check":    {lr.Waiver{Check: "auth/b", Until: "2026-12-31"}, lr.Failed},
		"without a date":      {lr.Waiver{Check: "auth/a"}, lr.Failed},
		"with a useless date": {lr.Waiver{Check: "auth/a", Until: "soon"}, lr.Failed},
	} {
		t.Run(name, func(t *testing.T) {
			r := rolled(made("a", lr.High, failed))
			r.Waivers = []lr.Waiver{c.waiver}
			got := r.checkReport(r.rows[0].Checks[0], now)
			if got.Verdict != c.want || (got.Waived != nil) != (c.want == lr.Skipped) {
				t.Errorf("got %s, waived %v, want %s", got.Verdict, got.Waived, c.want)
			}
			if len(got.Findings) != 1 {
				t.Errorf("got %d findings, want the one to stay visible", len(got.Findings))
			}
		})
	}
	r := rolled(made("a", lr.High, passed))
	r.Waivers = []lr.Waiver{{Check: "auth/a", Until: "2026-12-31"}}
	if got := r.checkReport(r.rows[0].Checks[0], now); got.Verdict != lr.Passed || got.Waived != nil {
		t.Errorf("a waiver of what passes: got %s, waived %v", got.Verdict, got.Waived)
	}
}

func TestCheckReportTellsWhatIsOpen(t *testing.T) {
	a := lr.Outcome{Verdict: lr.Unknown, Subject: "GET /a", Message: "busy"}
	r := rolled(made("a", lr.High, append(times(2, passed), a, a)...))
	got := r.checkReport(r.rows[0].Checks[0], time.Now())
	if got.Asked != 4 || got.Passed != 2 || !slices.Equal(got.Open, []string{"GET /a: busy"}) {
		t.Errorf("got asked %d, passed %d, open %q", got.Asked, got.Passed, got.Open)
	}
	if !strings.Contains(got.Reason, "GET /a: busy") {
		t.Errorf("reason: got %q, want the first open subject named", got.Reason)
	}
}

// TestEachByItself: five secrets are five things to change, and five routes that
// fail alike one.
func TestEachByItself(t *testing.T) {
	var many []lr.Outcome
	for _, s := range []string{"a.ts (key)", "b.ts (key)", "c.ts (key)", "d.ts", "e.ts"} {
		many = append(many, lr.Outcome{Verdict: lr.Failed, Confidence: lr.Confirmed, Subject: s, Fix: "Change it at " + s})
	}
	for name, tc := range map[string]struct {
		id    string
		needs lr.Need
		want  int
		says  string
	}{
		"a secret":                       {"secrets/page", 0, 5, ""},
		"what the repository lacks":      {"operations/undeclared-variable", lr.Repository, 5, ""},
		"lines of logs":                  {"operations/security-event", lr.Logs, 5, ""},
		"what is set in one place":       {"https/hsts", 0, 1, "5 of 5 asked fail alike"},
		"routes, which one place guards": {"auth/no-credential", lr.Routes, 1, "5 of 5 routes asked fail alike"},
	} {
		res := &result{check: &lr.Check{ID: tc.id, Needs: tc.needs, Fix: "Fix"}, outcomes: slices.Clone(many)}
		if tc.needs == lr.Routes {
			for i := range res.outcomes {
				res.outcomes[i].Subject = "GET /" + res.outcomes[i].Subject
			}
		}
		got := rolled(res).findings(res.check, res)
		if len(got) != tc.want || !strings.Contains(got[0].Message, tc.says) {
			t.Errorf("%s: got %d findings, the first %q; want %d and %q", name, len(got), got[0].Message, tc.want, tc.says)
		}
		if tc.want == 5 && !strings.Contains(got[4].Fix, "Change it at e.ts") {
			t.Errorf("%s: what to do about the last one is lost: %q", name, got[4].Fix)
		}
	}
}

func TestCoverage(t *testing.T) {
	r := rolled(made("a", lr.High, passed, failed, open, lr.Outcome{Verdict: lr.Passed, Subject: "GET /e as acme_member"}, lr.Outcome{Verdict: lr.Passed, Subject: "GET /undeclared"}))
	for _, p := range []string{"/a", "/b", "/d", "/e", "/never"} {
		r.Target.Routes = append(r.Target.Routes, &lr.Route{Method: "GET", Path: p, Declared: true})
	}
	r.Target.Routes = append(r.Target.Routes, &lr.Route{Method: "GET", Path: "/undeclared"})
	if got, want := r.coverage(), (lr.Coverage{Routes: 5, Probed: 4, Conclusive: 3}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}
