package email

import (
	"context"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/mail/mtasts"
)

var mtaSTSMode = &lr.Check{
	ID:       "email/mta-sts-mode",
	Title:    "MTA-STS is enforced",
	Why:      "`mode: testing` lets senders deliver in clear text and tell you afterwards; `none` takes the policy back.",
	Fix:      "Read the TLS reports for two weeks, then set `mode: enforce` and a new `id` in the record.",
	Severity: lr.Low,
	Refs:     []lr.Ref{rfc("8461", "5")},
	Needs:    lr.Domain,
	Run: func(ctx context.Context, t *lr.Trial) error {
		s, err := transport(ctx, t)
		if err != nil || !s.readable(t) {
			return err
		}
		d := t.Target.Domain.Name
		if s.policy.Mode != mtasts.Enforce {
			t.Fail(s.shown(d), mtasts.URL(d), "the mode is %s: senders deliver without TLS", s.policy.Mode)
			return nil
		}
		t.Pass(s.shown(d), mtasts.URL(d), "senders enforce the policy")
		return nil
	},
}
