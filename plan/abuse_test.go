package plan_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/plan"
)

func measured(as ...*lr.Allowance) *lr.Report {
	r := &lr.Report{Run: "r1", Product: "Acme", Rows: []lr.RowReport{{ID: "limits"}}}
	for _, a := range as {
		r.Rows[0].Checks = append(r.Rows[0].Checks, lr.CheckReport{ID: "limits/" + a.Of, Allowance: a})
	}
	return r
}

var dear = plan.TokenPrice{In: 2, Out: 10}

func TestPriceAbuse(t *testing.T) {
	t.Parallel()
	answer := &lr.Allowance{Of: lr.AllowanceAnswer, Sent: 1, Taken: 1, ReplyTokens: 1000, Told: true}
	prompt := &lr.Allowance{Of: lr.AllowancePrompt, Sent: 8, Taken: 8, Seconds: 4, PromptTokens: 3000}
	for _, c := range []struct {
		name          string
		as            []*lr.Allowance
		ordinary      plan.Span // questions an hour of one user
		heaviest      plan.Span
		each, heavier float64 // dollars
	}{
		{"no limit", []*lr.Allowance{{Of: lr.AllowanceUser, Sent: 40, Taken: 40, Seconds: 2, PromptTokens: 500, ReplyTokens: 100, Told: true}, prompt, answer},
			plan.Span{Low: 72000, High: 72000, Open: true}, plan.Span{Low: 72000, High: 72000, Open: true}, 0.002, 0.016},
		{"a limit that names a time", []*lr.Allowance{{Of: lr.AllowanceUser, Sent: 40, Taken: 20, Refused: 20, Seconds: 0.5, Wait: 60, PromptTokens: 500, ReplyTokens: 100, Told: true}, prompt, answer},
			plan.Span{Low: 80, High: 1200}, plan.Span{Low: 80, High: 1200}, 0.002, 0.016},
		{"a limit that names none", []*lr.Allowance{{Of: lr.AllowanceUser, Sent: 40, Taken: 20, Refused: 20, Seconds: 0.5, PromptTokens: 500, ReplyTokens: 100, Told: true}, prompt, answer},
			plan.Span{Low: 20, High: 20, Open: true}, plan.Span{Low: 20, High: 20, Open: true}, 0.002, 0.016},
		{"tokens are limited", []*lr.Allowance{{Of: lr.AllowanceUser, Sent: 40, Taken: 20, Refused: 20, Seconds: 0.5, Wait: 60, PromptTokens: 500, ReplyTokens: 100, Told: true},
			{Of: lr.AllowancePrompt, Sent: 4, Taken: 3, Refused: 1, Seconds: 1, Wait: 1800, PromptTokens: 3000}, answer},
			plan.Span{Low: 80, High: 1200}, plan.Span{Low: 5, High: 6}, 0.002, 0.016},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			a, err := plan.PriceAbuse(measured(c.as...), dear)
			if err != nil || len(a.Cases) != 2 {
				t.Fatalf("got %v, %+v, want two cases", err, a)
			}
			for i, want := range []struct {
				n    plan.Span
				each float64
			}{{c.ordinary, c.each}, {c.heaviest, c.heavier}} {
				got := a.Cases[i]
				if got.PerHour != want.n || math.Abs(got.Each-want.each) > 1e-12 {
					t.Errorf("%s: got %+v at $%g each, want %+v at $%g", got.Question, got.PerHour, got.Each, want.n, want.each)
				}
				if usd := got.PerHour.High * want.each; math.Abs(got.USD.High-usd) > 1e-9 || got.USD.Open != want.n.Open {
					t.Errorf("%s: got $%g an hour (open %v), want $%g (open %v)", got.Question, got.USD.High, got.USD.Open, usd, want.n.Open)
				}
			}
			if !strings.Contains(strings.Join(a.Unknown, "\n"), "one organisation may ask was not found out") {
				t.Errorf("what is not known is not said: %q", a.Unknown)
			}
		})
	}
}

// What was not measured is said, and never taken for nothing.
func TestAbuseUnknown(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		r    *lr.Report
		p    plan.TokenPrice
		want []string
	}{
		{"nothing was measured", &lr.Report{}, dear, []string{"one user may ask was not found out", "one organisation may ask was not found out"}},
		{"no tokens", measured(&lr.Allowance{Of: lr.AllowanceUser, Sent: 9, Taken: 9, Seconds: 1}), dear, []string{"does not tell the tokens of an ordinary question", "how much one question of a user may hold"}},
		{"no price", &lr.Report{}, plan.TokenPrice{In: 1, Guess: true}, []string{"nobody said what the model costs"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			a, err := plan.PriceAbuse(c.r, c.p)
			if err != nil || len(a.Cases) != 0 {
				t.Fatalf("got %v, %+v", err, a)
			}
			for _, w := range c.want {
				if !strings.Contains(strings.Join(a.Unknown, "\n"), w) {
					t.Errorf("%q lacks %q", a.Unknown, w)
				}
			}
			if b, err := json.Marshal(a); err != nil || !strings.Contains(string(b), `"cases":[]`) {
				t.Errorf("got %s, %v", b, err)
			}
		})
	}
}

func TestAbuseRefusesNonsense(t *testing.T) {
	t.Parallel()
	for name, a := range map[string]*lr.Allowance{
		"negative":      {Of: lr.AllowanceUser, Taken: -1},
		"negative time": {Of: lr.AllowanceUser, Taken: 1, Wait: -1},
		"no number":     {Of: lr.AllowanceUser, Taken: 1, Seconds: math.NaN()},
		"too many":      {Of: lr.AllowanceAnswer, ReplyTokens: math.MaxInt64},
	} {
		if _, err := plan.PriceAbuse(measured(a), dear); err == nil || !strings.Contains(err.Error(), "limits/") {
			t.Errorf("%s: got %v, want an error that names the check", name, err)
		}
	}
	for _, p := range []plan.TokenPrice{{In: -1}, {Out: math.NaN()}, {In: math.Inf(1)}} {
		if _, err := plan.PriceAbuse(&lr.Report{}, p); err == nil {
			t.Errorf("%+v: want an error", p)
		}
	}
}

// FuzzAbuse: whatever a report says was measured, what comes out is a number, in
// order, and can be written.
func FuzzAbuse(f *testing.F) {
	f.Add(40, 20, 20, 0.5, 60.0, 500, 100)
	f.Add(0, 1, 0, 0.0, 0.0, 0, 0)
	f.Fuzz(func(t *testing.T, sent, taken, refused int, seconds, wait float64, in, out int) {
		a := &lr.Allowance{Of: lr.AllowanceUser, Sent: sent, Taken: taken, Refused: refused, Seconds: seconds, Wait: wait, PromptTokens: in, ReplyTokens: out, Told: true}
		b, c := *a, *a
		b.Of, c.Of = lr.AllowancePrompt, lr.AllowanceAnswer
		got, err := plan.PriceAbuse(measured(a, &b, &c), dear)
		if err != nil {
			return
		}
		for _, k := range got.Cases {
			for _, s := range []plan.Span{k.PerHour, k.Tokens, k.USD} {
				if !(s.Low >= 0 && s.Low <= s.High) || math.IsInf(s.High, 0) {
					t.Errorf("%+v gives %+v", a, s)
				}
			}
		}
		if _, err := json.Marshal(got); err != nil {
			t.Errorf("%+v: %v", got, err)
		}
	})
}
