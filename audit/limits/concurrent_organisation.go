package limits

import (
	"context"

	lr "github.com/launchready/launchready"
)

// Users of one organisation who open long answers together, and how many each at
// the most.
const (
	openers  = 3
	mostEach = 8
)

var concurrentOrganisation = &lr.Check{
	ID:    "limits/concurrent-organisation",
	Title: "The users of one organisation have a bounded number of answers under way",
	Why: "A bound for each user is none for whoever can invite. The provider's quota is one for the product: an organisation whose users open long answers side by side takes it from every other customer, " +
		"without any of them asking too often.",
	Fix:      "Take a place of the organisation's beside the user's before the model is called, and let the plan that the customer pays decide how many there are.",
	Guard:    "limits",
	Severity: lr.Medium,
	Refs:     []lr.Ref{consumption, unbounded, unbounded26, cwe770},
	Needs:    lr.Chat | lr.Credentials,
	Effect:   lr.Loads,
	Run:      runConcurrentOrganisation,
}

func runConcurrentOrganisation(ctx context.Context, t *lr.Trial) error {
	at := streaming(t)
	subject := at.Skills().Subject
	one, err := ofOneUser(ctx, t)
	if err != nil {
		return undecided(ctx, t, subject, err)
	}
	each := min(one.most, mostEach)
	if one.most < one.sent-1 {
		each = min(one.most-1, mostEach) // fewer than one user may, so that a refusal is the organisation's
	}
	if each < 2 {
		t.Unknown(subject, "one user has %d answers under way at the most, which is too few to tell an organisation's bound from a user's", one.most)
		return nil
	}
	var as []*lr.Account
	seen := map[string]bool{}
	for range openers {
		a, _, err := colleague(ctx, t, home(t))
		if err != nil {
			return undecided(ctx, t, subject, err)
		}
		if !seen[a.Name] {
			seen[a.Name] = true
			as = append(as, a)
		}
	}
	if len(as) < openers {
		t.Unknown(subject, "it takes %d users of one organisation, and there are %d: configure spare identities, or a route that makes members", openers, len(as))
		return nil
	}
	c, err := gather(ctx, t, at, as, each, one)
	if err != nil {
		return undecided(ctx, t, subject, err)
	}
	c.judged(t, subject, "that three users of one organisation opened at once")
	return nil
}
