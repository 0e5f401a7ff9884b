package limits

import (
	"context"
	"fmt"

	"golang.org/x/sync/errgroup"

	lr "github.com/launchready/launchready"
)

// colleagues is how many users of one organisation ask together.
const colleagues = 5

var organisation = &lr.Check{
	ID:    "limits/organisation",
	Title: "The users of one organisation together cannot ask without limit",
	Why: "A limit for each user is none for whoever can invite: ten accounts ask ten times as much. The organisation is what pays, so what it may use has to be counted for it as a whole; " +
		"without that one customer's script spends what the others paid for.",
	Fix:      "Count questions by organisation beside the user's count, in the same place and before the model is called. Let the plan that the customer pays decide the limit.",
	Guard:    "limits",
	Severity: lr.Medium,
	Refs:     []lr.Ref{consumption, unbounded, unbounded26, cwe770},
	Needs:    lr.Chat | lr.Credentials,
	Effect:   lr.Loads,
	Run:      runOrganisation,
}

// share is how many questions each colleague asks: fewer than one user may, so
// that a refusal is the organisation's.
func share(t *lr.Trial, one *tally) int {
	n := size(t) * 2 / 5
	if one.limited() {
		n = min(n, one.taken*4/5)
	}
	return n
}

func runOrganisation(ctx context.Context, t *lr.Trial) error {
	subject := t.Assistant.Skills().Subject
	one, err := alone(ctx, t)
	if err != nil {
		return undecided(ctx, t, subject, err)
	}
	n, turns := share(t, one), false
	if n < 4 { // those who have one question under way each may still ask many
		if one, err = inTurn(ctx, t); err != nil {
			return undecided(ctx, t, subject, err)
		}
		n, turns = min(size(t)*2/5, one.taken*4/5), true
	}
	if n < 4 {
		t.Unknown(subject, "one user may ask %d questions, which is too few to tell an organisation's limit from a user's", one.taken)
		return nil
	}
	var talks []*talk
	seen := map[string]bool{}
	for range colleagues {
		as, fresh, err := colleague(ctx, t, home(t))
		if err != nil {
			return undecided(ctx, t, subject, err)
		}
		if !fresh && seen[as.Name] {
			break
		}
		seen[as.Name] = true
		k, err := open(ctx, t.Assistant, as)
		if err != nil {
			if len(talks) == 0 {
				return undecided(ctx, t, subject, err)
			}
			break
		}
		talks = append(talks, k)
	}
	if len(talks) < 3 {
		t.Unknown(subject, "it takes three users of one organisation, and there are %d: configure spare identities, or a route that makes members", len(talks))
		return nil
	}
	b, err := askTogether(ctx, talks, n, turns)
	if err != nil {
		return err
	}
	out := lr.Outcome{Confidence: lr.Confirmed, Subject: subject, Evidence: b.evidence(), Allowance: b.allowance(t, lr.AllowanceOrganisation, 0)}
	switch {
	case b.limited():
		out.Verdict, out.Message = lr.Passed, fmt.Sprintf("%d users of one organisation met a limit together: %s", len(talks), b)
		t.Report(out)
	case turns:
		t.Unknown(subject, "answers under way at once are bounded; %d users of one organisation who asked one question after another met no limit together: %s", len(talks), b)
	case b.taken*10 < b.sent*9:
		t.Unknown(subject, "a burst of %d users of one organisation met no refusal, and not every question was answered: %s", len(talks), b)
	default:
		out.Verdict, out.Message = lr.Failed, fmt.Sprintf("%d users of one organisation asked %d questions together and met no limit: %s", len(talks), b.sent, b)
		t.Report(out)
	}
	return nil
}

// askTogether has each of the talks ask n questions, all at once; or, by turns, each talk one
// question after another until it is refused.
func askTogether(ctx context.Context, talks []*talk, n int, turns bool) (*tally, error) {
	var m counter
	if !turns {
		b, err := burst(ctx, n*len(talks), func(ctx context.Context, i int) (*lr.Exchange, bool, error) {
			one := *talks[i%len(talks)]
			one.end, one.told = i, m.add
			return one.ask(ctx, nil)
		})
		m.into(b)
		return b, err
	}
	b := &tally{}
	all := make([]*tally, len(talks))
	g, ctx := errgroup.WithContext(ctx)
	for i, k := range talks {
		k.told = m.add
		g.Go(func() (err error) {
			all[i], err = k.until(ctx, n)
			return err
		})
	}
	err := g.Wait()
	for _, one := range all {
		b.join(one)
	}
	m.into(b)
	return b, err
}
