package audit_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/audit"
)

// clerk is an assistant that answers by a function.
type clerk struct {
	asked []string
	say   func(n int, text string) (string, error)
}

func (c *clerk) Ask(_ context.Context, as *lr.Account, m lr.Message) (*lr.Answer, error) {
	if as == nil || as.Privileged() {
		return nil, errors.New("ordinary questions are an ordinary user's")
	}
	c.asked = append(c.asked, m.Text)
	text, err := c.say(len(c.asked), m.Text)
	return &lr.Answer{Text: text, Exchanges: []*lr.Exchange{{Status: http.StatusOK}}}, err
}

func (c *clerk) Put(context.Context, *lr.Account, lr.File) (string, []*lr.Exchange, error) {
	return "", nil, errors.New("no upload")
}

func (c *clerk) Skills() lr.Skills {
	return lr.Skills{Subject: "POST /ask", Shape: "auto", Computes: []string{"join"}, Remembers: true}
}

func (c *clerk) Twins() []lr.Assistant { return []lr.Assistant{&clerk{}} }

// row of one check that asks the model, or does not.
func modelRow(effect lr.Effect, run func(context.Context, *lr.Trial) error) []lr.Row {
	return []lr.Row{{ID: "model", Title: "model", Pass: "x", Checks: []*lr.Check{{ID: "model/ask", Title: "ask", Why: "x", Fix: "x", Severity: lr.High, Needs: lr.Chat, Effect: effect, Run: run}}}}
}

func passing(_ context.Context, t *lr.Trial) error {
	t.Pass(lr.Evidence{}, "POST /ask", "fine")
	return nil
}

// TestUtility: ordinary questions are asked once, counted beside the verdict, and
// decide nothing.
func TestUtility(t *testing.T) {
	fine := func(int, string) (string, error) { return "Refunds are paid within 14 days.", nil }
	for name, c := range map[string]struct {
		profile lr.Profile
		effect  lr.Effect
		off     bool
		say     func(int, string) (string, error)
		want    *lr.Utility
	}{
		"answers":  {lr.Standard, lr.Spends, false, fine, &lr.Utility{Asked: 20, Answered: 20}},
		"quick":    {lr.Quick, lr.Spends, false, fine, &lr.Utility{Asked: 6, Answered: 6}},
		"bursts":   {lr.Quick, lr.Loads, false, fine, nil}, // they need consent that is not given
		"a replay": {lr.Quick, lr.Spends, true, fine, nil},
		"refuses":  {lr.Quick, lr.Spends, false, func(int, string) (string, error) { return "I'm sorry, but I can't help with that.", nil }, &lr.Utility{Asked: 6, Refused: 6}},
		"sometimes fails": {lr.Quick, lr.Spends, false, func(n int, _ string) (string, error) {
			if n%2 == 0 {
				return "", errors.New("the reply holds no answer")
			}
			return "Yes.", nil
		}, &lr.Utility{Asked: 6, Answered: 3, Failed: 3}},
		"without money": {lr.Quick, lr.Spends, false, func(n int, _ string) (string, error) {
			if n == 3 {
				return "", fmt.Errorf("ask: %w", lr.ErrMoney)
			}
			return "Yes.", nil
		}, &lr.Utility{Asked: 2, Answered: 2}},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			o := d.audit(t)
			o.Target.Spend, o.Profile, o.Utility = true, c.profile, !c.off
			o.Rows = modelRow(c.effect, passing)
			a := &clerk{say: c.say}
			o.Meet = func(context.Context, lr.Client, *lr.Account, []*lr.Route) (lr.Assistant, error) { return a, nil }
			o.Spent = func() lr.Spent { return lr.Spent{Calls: 3, Guessed: 1, Tokens: 500, USD: 0.25} }
			rep, err := audit.Run(t.Context(), o)
			if err != nil {
				t.Fatal(err)
			}
			got := rep.Assistant
			if c.want == nil {
				if got != nil && got.Utility != nil || len(a.asked) > 0 {
					t.Errorf("asked %q, report %+v", a.asked, got)
				}
				return
			}
			if got == nil || got.Utility == nil || *got.Utility != *c.want {
				t.Fatalf("got %+v, want %+v", got, c.want)
			}
			if got.Subject != "POST /ask" || got.Preset != "auto" || got.Calls != 3 || got.Guessed != 1 || got.Tokens != 500 || len(got.Twins) != 1 || rep.SpentUSD != 0.25 {
				t.Errorf("report %+v, spent %g", got, rep.SpentUSD)
			}
			if rep.Rows[0].Verdict != lr.Passed {
				t.Errorf("utility decided: %s", rep.Rows[0].Verdict)
			}
		})
	}
}

// TestDeclines tells refusals from answers, poor ones too.
func TestDeclines(t *testing.T) {
	for text, want := range map[string]int{
		"I'm sorry, but I can't help with that.":                                                            1,
		"I’m sorry, I cannot assist with this request.":                                                     1,
		"I am unable to help with questions like this.":                                                     1,
		"I can only answer questions about your account.":                                                   1,
		"That is outside my scope.":                                                                         1,
		"Your message was blocked by our content filter.":                                                   1,
		"I'm sorry to hear that! You can reset the password under Settings.":                                0,
		"I could not find that in the material I have.":                                                     0,
		"Sorry for the wait. Refunds take 14 days.":                                                         0,
		"You cannot help but notice the button.":                                                            0,
		"Dear customer, your order arrives on Friday. We are sorry for the delay and can help at any time.": 0,
	} {
		d := newDesk(t)
		o := d.audit(t)
		o.Target.Spend, o.Profile, o.Utility, o.Rows = true, lr.Quick, true, modelRow(lr.Spends, passing)
		o.Meet = func(context.Context, lr.Client, *lr.Account, []*lr.Route) (lr.Assistant, error) {
			return &clerk{say: func(int, string) (string, error) { return text, nil }}, nil
		}
		rep, err := audit.Run(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		if got := rep.Assistant.Refused; got != 6*want {
			t.Errorf("%q counts as a refusal %d of 6 times", text, got)
		}
	}
}

// TestWithoutMoney: a check that the money keeps from asking is Unknown and says so,
// the others go on, and the run is exit 3.
func TestWithoutMoney(t *testing.T) {
	d := newDesk(t)
	o := d.audit(t)
	o.Target.Spend = true
	o.Rows = modelRow(lr.Spends, func(ctx context.Context, t *lr.Trial) error {
		_, err := t.Assistant.Ask(ctx, t.Target.Accounts[0], lr.Message{Text: "x"})
		return err
	})
	o.Rows[0].Checks = append(o.Rows[0].Checks, &lr.Check{ID: "model/other", Title: "other", Why: "x", Fix: "x", Severity: lr.High, Needs: lr.Chat, Effect: lr.Spends, Run: passing})
	o.Meet = func(context.Context, lr.Client, *lr.Account, []*lr.Route) (lr.Assistant, error) {
		return &clerk{say: func(int, string) (string, error) { return "", lr.ErrMoney }}, nil
	}
	rep, err := audit.Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	first, second := rep.Rows[0].Checks[0], rep.Rows[0].Checks[1]
	if first.Verdict != lr.Unknown || !strings.Contains(first.Reason, "budget.usd") || second.Verdict != lr.Passed || audit.ExitCode(rep) != audit.ExitNotTested {
		t.Errorf("%s (%s), %s, exit %d", first.Verdict, first.Reason, second.Verdict, audit.ExitCode(rep))
	}
	// Where nobody could be met for want of it, that is the reason.
	o = newDesk(t).audit(t)
	o.Target.Spend, o.Rows = true, modelRow(lr.Spends, passing)
	o.Meet = func(context.Context, lr.Client, *lr.Account, []*lr.Route) (lr.Assistant, error) {
		return nil, lr.ErrMoney
	}
	if rep, err = audit.Run(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	if c := rep.Rows[0].Checks[0]; c.Verdict != lr.Unknown || !strings.Contains(c.Reason, "money") || !strings.Contains(rep.Assistant.Reason, "money") {
		t.Errorf("%s: %s; report %+v", c.Verdict, c.Reason, rep.Assistant)
	}
}

func TestQuestions(t *testing.T) {
	ask := modelRow(lr.Spends, passing)[0].Checks
	if n := audit.Questions(ask, lr.Quick, 2); n != 7+6+12 {
		t.Errorf("one check is about %d questions", n)
	}
	if n := audit.Questions(nil, lr.Deep, 8); n != 0 {
		t.Errorf("no check is %d questions", n)
	}
}
