package secrets

import (
	"context"
	"fmt"
	"strings"
	"testing"

	lr "github.com/launchready/launchready"
)

func huggingFaceKey() string { return "h" + "f_" + "qWnTzLbVkRxPyHdGmJsCfAuEoIwQtZvXbN" }

// TestVerify asks a stand-in for the providers: the severity follows what the key opens.
func TestVerify(t *testing.T) {
	files := map[string]string{"a.ts": "const k = \"" + stripeKey() + "\"\n", "b.ts": "const p = \"whsec_" + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw" + "\"\n"}
	for _, tc := range []struct {
		state    lr.KeyState
		want     string
		severity lr.Severity
	}{
		{lr.KeyActive, "stripe says that it is active", lr.Critical},
		{lr.KeyRevoked, "stripe says that it is revoked", lr.Low},
		{lr.KeyUnknown, "whether it is active is unknown: it was asked too often", 0},
	} {
		t.Run(string(tc.state), func(t *testing.T) {
			asked := map[string]string{}
			target := lr.Target{Material: lr.Material{Repository: tree(t, files)}, AskKey: func(_ context.Context, rule, _ string, key lr.Secret) (lr.KeyState, string) {
				asked[rule] = key.Reveal()
				return tc.state, "it was asked too often"
			}}
			var got []lr.Outcome
			out := putAll(t, repository, target, &got)
			out.holds(t, []string{"failed a.ts (k)", "failed b.ts (p)"})
			if len(asked) != 1 || asked["stripe-access-token"] != stripeKey() {
				t.Errorf("asked about %d keys", len(asked))
			}
			for _, o := range got {
				switch o.Subject {
				case "a.ts (k)":
					if !strings.Contains(o.Message, tc.want) || o.Severity != tc.severity || !strings.Contains(strings.Join(o.Evidence.Records, "\n"), "asked stripe: "+string(tc.state)) {
						t.Errorf("got %s %s %v", o.Severity, o.Message, o.Evidence.Records)
					}
				case "b.ts (p)":
					if !strings.Contains(o.Message, "nobody can be asked") || o.Severity != 0 {
						t.Errorf("got %s %s", o.Severity, o.Message)
					}
				}
				if strings.Contains(fmt.Sprintf("%+v %#v", o, o), stripeKey()) {
					t.Errorf("%s shows the key", o.Subject)
				}
				if !strings.Contains(o.Fix, "dashboard.stripe.com/apikeys") || !strings.Contains(o.Fix, "\n5. ") {
					t.Errorf("the runbook is %q", o.Fix)
				}
			}
		})
	}
}

// TestVerifyTellsTheWorstFirst has two keys under one name in one file: the finding is the active one's.
func TestVerifyTellsTheWorstFirst(t *testing.T) {
	target := lr.Target{Material: lr.Material{Repository: tree(t, map[string]string{"a.ts": "k = \"" + stripeKey() + "\"\nk = \"" + huggingFaceKey() + "\"\n"})},
		AskKey: func(_ context.Context, rule, _ string, _ lr.Secret) (lr.KeyState, string) {
			if rule == "huggingface-access-token" {
				return lr.KeyActive, "it took it"
			}
			return lr.KeyRevoked, "it does not take it"
		}}
	var got []lr.Outcome
	putAll(t, repository, target, &got)
	if len(got) != 2 || got[0].Subject != got[1].Subject || got[0].Severity != lr.Critical || got[1].Severity != lr.Low {
		t.Errorf("got %+v", got)
	}
}

// TestWithoutVerify asks nobody, and says nothing of a state.
func TestWithoutVerify(t *testing.T) {
	var got []lr.Outcome
	putAll(t, repository, lr.Target{Material: lr.Material{Repository: tree(t, map[string]string{"a.ts": "const k = \"" + stripeKey() + "\"\n"})}}, &got)
	if len(got) != 1 || got[0].Severity != 0 || strings.Contains(got[0].Message, "active") || strings.Contains(strings.Join(got[0].Evidence.Records, ""), "asked") {
		t.Errorf("got %+v", got)
	}
}

// TestVerifyReadsTheWholeHistory: what earlier runs kept has no value that could be asked about.
func TestVerifyReadsTheWholeHistory(t *testing.T) {
	dir := tree(t, map[string]string{"a.ts": "const k = \"" + stripeKey() + "\"\n"})
	git(t, dir, "init -q", "add -A", "commit -qm one", "rm -q a.ts", "commit -qm two")
	target := lr.Target{Material: lr.Material{Repository: dir, Cache: t.TempDir()}}
	put(t, history, nil, target).holds(t, []string{"failed a.ts (k)"})
	n := 0
	target.AskKey = func(context.Context, string, string, lr.Secret) (lr.KeyState, string) {
		n++
		return lr.KeyActive, "it took it"
	}
	put(t, history, nil, target).holds(t, []string{"failed a.ts (k): a secret of stripe (stripe-access-token) stands in the history"})
	if n != 1 {
		t.Errorf("asked %d times", n)
	}
}

// putAll asks a check that reads files only, and keeps its outcomes.
func putAll(t *testing.T, c *lr.Check, target lr.Target, all *[]lr.Outcome) asked {
	t.Helper()
	seen := *c
	seen.Run = func(ctx context.Context, trial *lr.Trial) error {
		report := trial.Report
		trial.Report = func(o lr.Outcome) {
			*all = append(*all, o)
			report(o)
		}
		return c.Run(ctx, trial)
	}
	return put(t, &seen, nil, target)
}
