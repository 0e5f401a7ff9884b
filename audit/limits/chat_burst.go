package limits

import (
	"context"
	"fmt"

	lr "github.com/launchready/launchready"
)

var chatBurst = &lr.Check{
	ID:    "limits/chat-burst",
	Title: "One user cannot ask the model without limit",
	Why: "Each question costs money. An account that is stolen, a script in a loop or a competitor's trial spends it as fast as the provider answers, and the bill is the first alarm. " +
		"A buyer asks what one user can cost in an hour.",
	Fix:      "Count questions by user before the model is called, and refuse with 429 and `Retry-After` what is above an ordinary user's need. Count all endpoints that reach the model in one place.",
	Guard:    "limits",
	Severity: lr.High,
	Refs:     []lr.Ref{consumption, unbounded, unbounded26, cwe770},
	Needs:    lr.Chat | lr.Credentials,
	Effect:   lr.Loads,
	Run:      runChatBurst,
}

func runChatBurst(ctx context.Context, t *lr.Trial) error {
	subject := t.Assistant.Skills().Subject
	b, err := alone(ctx, t)
	if err != nil {
		return undecided(ctx, t, subject, err)
	}
	out := lr.Outcome{Confidence: lr.Confirmed, Subject: subject, Evidence: b.evidence(), Allowance: b.allowance(t, lr.AllowanceUser, 0)}
	switch {
	case b.limited():
		out.Verdict, out.Message = lr.Passed, fmt.Sprintf("a burst of one user met a limit: %s", b)
		t.Report(out)
	case b.taken*10 < b.sent*9:
		t.Unknown(subject, "a burst of one user met no refusal, and not every question was answered: %s", b)
	default:
		out.Verdict, out.Message = lr.Failed, fmt.Sprintf("a burst of %d questions of one user met no limit: %s", b.sent, b)
		t.Report(out)
	}
	return nil
}

// newTalk is a newcomer's at the usual endpoint.
func newTalk(ctx context.Context, t *lr.Trial) (*talk, error) {
	as, _, err := newcomer(ctx, t)
	if err != nil {
		return nil, err
	}
	return open(ctx, t.Assistant, as)
}

// alone is the burst of one user at the usual endpoint, sent once a run.
func alone(ctx context.Context, t *lr.Trial) (*tally, error) {
	return lr.Recall(ctx, t.Memo, "limits/alone", func(ctx context.Context) (*tally, error) {
		k, err := newTalk(ctx, t)
		if err != nil {
			return nil, err
		}
		return k.burst(ctx, size(t))
	})
}

// mostInTurn is how many questions show what may be asked one after another.
const mostInTurn = 12

// inTurn is what one user is answered who asks one question after another, sent once a
// run where the burst shows too few: what it met may bound the answers under way.
func inTurn(ctx context.Context, t *lr.Trial) (*tally, error) {
	return lr.Recall(ctx, t.Memo, "limits/in turn", func(ctx context.Context) (*tally, error) {
		k, err := newTalk(ctx, t)
		if err != nil {
			return nil, err
		}
		return k.until(ctx, mostInTurn)
	})
}
