package limits

import (
	"context"

	lr "github.com/launchready/launchready"
)

var concurrentRuns = &lr.Check{
	ID:    "limits/concurrent-runs",
	Title: "One user has a bounded number of answers under way",
	Why: "A limit of questions in a minute does not see how long each takes. A user who opens long answers side by side holds connections, workers and the provider's own quota for minutes, " +
		"and every other customer waits behind them.",
	Fix:      "Take a place per user before the model is called and give it back when the answer ends, also when the reader goes. Refuse with 429 and `Retry-After`, or queue for a moment, what finds none.",
	Guard:    "limits",
	Severity: lr.Medium,
	Refs:     []lr.Ref{consumption, unbounded, unbounded26, cwe770},
	Needs:    lr.Chat | lr.Credentials,
	Effect:   lr.Loads,
	Run:      runConcurrentRuns,
}

func runConcurrentRuns(ctx context.Context, t *lr.Trial) error {
	at := streaming(t)
	subject := at.Skills().Subject
	c, err := ofOneUser(ctx, t)
	if err != nil {
		return undecided(ctx, t, subject, err)
	}
	c.judged(t, subject, "that one user opened at once")
	return nil
}

// ofOneUser is the crowd of one user, gathered once a run.
func ofOneUser(ctx context.Context, t *lr.Trial) (*crowd, error) {
	return lr.Recall(ctx, t.Memo, "limits/together", func(ctx context.Context) (*crowd, error) {
		as, _, err := newcomer(ctx, t)
		if err != nil {
			return nil, err
		}
		return gather(ctx, t, streaming(t), []*lr.Account{as}, together, nil)
	})
}
