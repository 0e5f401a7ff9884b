package email

import (
	"context"
	"time"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/mail/mtasts"
)

// Ages of a policy: a sender that keeps it for less than a day has none on most
// days; RFC 8461 section 3.2 speaks of weeks.
const (
	leastAge = 24 * time.Hour
	goodAge  = 7 * 24 * time.Hour
)

var mtaSTSAge = &lr.Check{
	ID:       "email/mta-sts-age",
	Title:    "Senders keep the MTA-STS policy for a week at least",
	Why:      "The policy protects a sender that has it already: it is fetched over the same network that an attacker may hold. One that is kept for hours is fetched anew each time.",
	Fix:      "Set `max_age` to 604800 (a week) or more; a month or longer once the policy is enforced and stable.",
	Severity: lr.Low,
	Refs:     []lr.Ref{rfc("8461", "3.2"), rfc("8461", "10.2")},
	Needs:    lr.Domain,
	Run: func(ctx context.Context, t *lr.Trial) error {
		s, err := transport(ctx, t)
		if err != nil || !s.readable(t) {
			return err
		}
		d := t.Target.Domain.Name
		switch {
		case s.policy.MaxAge < leastAge:
			fail(t, lr.Medium, s.shown(d), mtasts.URL(d), "senders keep the policy for %s only", s.policy.MaxAge)
		case s.policy.MaxAge < goodAge:
			t.Fail(s.shown(d), mtasts.URL(d), "senders keep the policy for %s only", s.policy.MaxAge)
		default:
			t.Pass(s.shown(d), mtasts.URL(d), "senders keep the policy for %s", s.policy.MaxAge)
		}
		return nil
	},
}
