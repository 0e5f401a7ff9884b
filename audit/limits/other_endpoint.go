package limits

import (
	"context"

	lr "github.com/launchready/launchready"
)

var otherEndpoint = &lr.Check{
	ID:    "limits/other-endpoint",
	Title: "Every way to the model has a limit",
	Why: "The page's endpoint is limited, and the one for OpenAI clients, the stream or the quick answer is not: whoever reads the documentation takes that one. " +
		"The bill does not know by which door the question came.",
	Fix:      "Count in the one function that calls the model, not in the handlers. Give every endpoint that reaches it the same limit.",
	Guard:    "limits",
	Severity: lr.High,
	Refs:     []lr.Ref{consumption, unbounded, unbounded26, cwe770},
	Needs:    lr.Chat | lr.Credentials,
	Effect:   lr.Loads,
	Run:      runOtherEndpoint,
}

func runOtherEndpoint(ctx context.Context, t *lr.Trial) error {
	all := endpoints(t)
	if len(all) < 2 {
		t.NotApplicable("there is one way to the model")
		return nil
	}
	tallies := make([]*tally, len(all))
	held := ""
	for i, at := range all {
		as, _, err := newcomer(ctx, t)
		if err != nil {
			return undecided(ctx, t, at.Skills().Subject, err)
		}
		k, err := open(ctx, at, as)
		if err != nil {
			if err := undecided(ctx, t, at.Skills().Subject, err); err != nil {
				return err
			}
			continue
		}
		if tallies[i], err = k.burst(ctx, size(t)); err != nil {
			return err
		}
		if tallies[i].limited() {
			held = at.Skills().Subject
		}
	}
	if held == "" {
		t.Unknown(all[0].Skills().Subject, "%v", errNoLimit)
		return nil
	}
	for i, at := range all {
		switch b := tallies[i]; {
		case b == nil:
		case b.limited():
			t.Pass(b.evidence(), at.Skills().Subject, "a burst met a limit: %s", b)
		case b.taken*10 < b.sent*9:
			t.Unknown(at.Skills().Subject, "a burst met no refusal, and not every question was answered: %s", b)
		default:
			t.Fail(b.evidence(), at.Skills().Subject, "a burst of %d questions met no limit here, while %s has one: %s", b.sent, held, b)
		}
	}
	return nil
}
