package report_test

import (
	"strings"
	"testing"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/report"
)

func rated(subject string, hits, n int) lr.Finding {
	f := at(subject)
	f.Rate = &lr.Rate{Hits: hits, N: n}
	return f
}

// asked is a report whose check tried so many times without a hit, over so many
// subjects.
func asked(n, subjects int, findings ...lr.Finding) *lr.Report {
	r := of(findings...)
	c := &r.Rows[0].Checks[0]
	c.Asked, c.Rate = subjects, &lr.Rate{N: n}
	return r
}

// TestAgainstRates: where chance has a say, a difference is told only when it is
// more than chance makes.
func TestAgainstRates(t *testing.T) {
	const a = "POST /ask"
	severe := rated(a, 3, 10)
	severe.Severity, severe.Confidence = lr.Critical, lr.Confirmed
	for name, c := range map[string]struct {
		before, after   *lr.Report
		state           string // of after's finding
		fixed, unproven int
	}{
		"a hit more":                       {of(rated(a, 3, 10)), of(rated(a, 4, 10)), "unchanged", 0, 0},
		"far more":                         {of(rated(a, 1, 10)), of(rated(a, 8, 10)), "new", 0, 0},
		"fewer":                            {of(rated(a, 8, 10)), of(rated(a, 1, 10)), "unchanged", 0, 0},
		"one of five after none of ten":    {asked(10, 1), of(rated(a, 1, 5)), "unchanged", 0, 0},
		"four of five after none of ten":   {asked(10, 1), of(rated(a, 4, 5)), "new", 0, 0},
		"every time after never":           {asked(10, 1), of(rated(a, 1, 1)), "new", 0, 0},
		"none of ten, spread over five":    {asked(10, 5), of(rated(a, 2, 5)), "unchanged", 0, 0},
		"never asked before":               {of(), of(rated(a, 1, 5)), "new", 0, 0},
		"more severe":                      {of(rated(a, 3, 10)), of(severe), "new", 0, 0},
		"certain then, left to chance now": {of(at(a)), of(rated(a, 1, 5)), "unchanged", 0, 0},
		"gone after one of ten":            {of(rated(a, 1, 10)), asked(10, 1), "", 0, 1},
		"gone after eight of ten":          {of(rated(a, 8, 10)), asked(10, 1), "", 1, 0},
		"gone after every time":            {of(rated(a, 1, 1)), asked(5, 1), "", 1, 0},
		"gone, and tried once":             {of(rated(a, 8, 10)), asked(1, 1), "", 0, 1},
		"gone, and no longer left to it":   {of(rated(a, 1, 10)), of(), "", 1, 0},
	} {
		t.Run(name, func(t *testing.T) {
			report.Against(c.before, c.after, func(string, string) bool { return true })
			state, against := "", ""
			for _, f := range c.after.Rows[0].Checks[0].Findings {
				state, against = f.State, f.Against
			}
			if state != c.state {
				t.Errorf("state %q, want %q (%s)", state, c.state, against)
			}
			if b := c.after.Baseline; len(b.Fixed) != c.fixed || len(b.Unproven) != c.unproven {
				t.Errorf("%d fixed and %d unproven, want %d and %d", len(b.Fixed), len(b.Unproven), c.fixed, c.unproven)
			}
		})
	}
}

func TestChance(t *testing.T) {
	compared := rated("x", 3, 10)
	compared.Against = "0 of 10 in the earlier run: worse (p=0.01)"
	for name, c := range map[string]struct {
		f     lr.Finding
		flaky bool
		want  string
	}{
		"no rate":    {at("x"), false, ""},
		"every time": {rated("x", 3, 3), false, "3 of 3 tries"},
		"once":       {rated("x", 1, 1), false, "1 of 1 try"},
		"some":       {rated("x", 3, 10), true, "FLAKY: 3 of 10 tries, so 11 to 60 % of all"},
		"compared":   {compared, true, "FLAKY: 3 of 10 tries, so 11 to 60 % of all; 0 of 10 in the earlier run: worse (p=0.01)"},
	} {
		if got := report.Chance(&c.f); got != c.want || report.Flaky(&c.f) != c.flaky {
			t.Errorf("%s: %q, flaky %t", name, got, report.Flaky(&c.f))
		}
	}
}

func TestTalked(t *testing.T) {
	if got := report.Talked(&lr.Report{}); got != nil {
		t.Errorf("nobody asked, and it says %q", got)
	}
	r := &lr.Report{SpentUSD: 0.5, Assistant: &lr.AssistantReport{Reason: "no way to talk to it was found."}}
	if got := strings.Join(report.Talked(r), "\n"); got != "None was found: no way to talk to it was found." {
		t.Errorf("none: %q", got)
	}
	r.Assistant = &lr.AssistantReport{Subject: "POST /ask", Preset: "auto", Remembers: true, Calls: 1, Guessed: 1, Tokens: 7, Utility: &lr.Utility{Asked: 6, Answered: 4, Refused: 1, Failed: 1}}
	want := "POST /ask, its shape found by asking; it remembers.\n" +
		"1 request reached the model: 7 tokens, $0.5000; 1 of them counted at the worst, because their replies told no usage.\n" +
		"Utility: 4 of 6 ordinary questions answered, 1 refused, 1 without an answer. No verdict rests on it."
	if got := strings.Join(report.Talked(r), "\n"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
