package term_test

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/launchready/launchready/plan"
	"github.com/launchready/launchready/report/term"
)

func abused(product string) *plan.Abuse {
	return &plan.Abuse{
		Product: product, Target: "https://staging.acme.test", Price: plan.TokenPrice{In: 0.8, Out: 2, Guess: true},
		Cases: []plan.AbuseCase{
			{Who: "user", Question: "ordinary", Limited: true, PerHour: plan.Span{Low: 80, High: 1200}, PromptTokens: 500, ReplyTokens: 100, Told: true,
				Tokens: plan.Span{Low: 48000, High: 720000}, USD: plan.Span{Low: 0.048, High: 0.72}, How: "20 of 40 were taken, and a refusal names 60 s"},
			{Who: "organisation", Question: "heaviest", PerHour: plan.Span{Low: 72000, High: 72000, Open: true}, PromptTokens: 3000, ReplyTokens: 1000,
				Tokens: plan.Span{Low: 288e6, High: 288e6, Open: true}, USD: plan.Span{Low: 316.8, High: 316.8, Open: true}, How: "nothing stopped 100 questions in 5 s: at that speed for an hour"},
		},
		Unknown: []string{"nobody said what the model costs"},
	}
}

func TestAbuseGolden(t *testing.T) {
	for file, c := range map[string]struct {
		a *plan.Abuse
		o term.Options
	}{
		"abuse.txt":       {abused("Acme Assist"), term.Options{}},
		"abuse-empty.txt": {&plan.Abuse{Price: plan.TokenPrice{In: 1, Out: 2, Model: "m"}, Unknown: []string{"how often one user may ask was not found out"}}, term.Options{Width: 60}},
	} {
		var b bytes.Buffer
		if err := term.Abuse(&b, c.a, c.o); err != nil {
			t.Fatal(err)
		}
		golden(t, file, b.Bytes())
	}
}

func TestAbuseIsInert(t *testing.T) {
	var b bytes.Buffer
	if err := term.Abuse(&b, abused("\x1b[31m\u202eAcme\x07"), term.Options{}); err != nil {
		t.Fatal(err)
	}
	for _, no := range []string{"\x1b", "\u202e", "\x07"} {
		if strings.Contains(b.String(), no) {
			t.Errorf("the page holds %q", no)
		}
	}
	if err := term.Abuse(broken{}, abused(""), term.Options{}); !errors.Is(err, os.ErrClosed) {
		t.Errorf("got %v", err)
	}
}
