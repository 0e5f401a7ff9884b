package email

import (
	"context"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/mail/dmarc"
)

var dmarcTesting = &lr.Check{
	ID:       "email/dmarc-testing",
	Title:    "The DMARC policy is no test",
	Why:      "`t=y` asks receivers to do less than the policy says: quarantine counts as none, and reject as quarantine.",
	Fix:      "Take `t=y` out once the reports show that every sender of yours passes.",
	Severity: lr.High,
	Refs:     []lr.Ref{rfc("9989", "4.7")},
	Needs:    lr.Domain,
	Run: func(ctx context.Context, t *lr.Trial) error {
		return eachRecord(ctx, t, func(p *policies, rec *dmarc.Record) error {
			subject := dmarcSubject(p.walk.At)
			if rec.Testing {
				t.Fail(p.shown(), subject, "t=y: receivers apply %s in place of %s", rec.Policy.Lower(), rec.Policy)
				return nil
			}
			t.Pass(p.shown(), subject, "the policy is in force")
			return nil
		})
	},
}
