package email

import (
	"context"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/mail/dmarc"
)

var dmarcPolicy = &lr.Check{
	ID:    "email/dmarc-policy",
	Title: "DMARC has forged mail refused or set aside",
	Why: "`p=none` watches. Mail that a stranger sends in your name is delivered as before, " +
		"and the customer whom it robs asks why you knew and let it pass.",
	Fix: "Read the reports until every sender of yours is aligned, then publish `p=quarantine`, and some weeks later `p=reject`. " +
		"`pct` is gone: a careful step is `p=quarantine; t=y` for a short while.",
	Severity: lr.High,
	Refs:     []lr.Ref{rfc("9989", "4.7"), mvspMail, spoofing},
	Needs:    lr.Domain,
	Run: func(ctx context.Context, t *lr.Trial) error {
		return eachRecord(ctx, t, func(p *policies, rec *dmarc.Record) error {
			subject := dmarcSubject(p.walk.At)
			switch {
			case rec.Policy == dmarc.NoPolicy:
				t.NotApplicable("the record has no policy that can be read")
			case p.walk.Policy == dmarc.None:
				t.Fail(p.shown(), subject, "the policy for %s is none (by %s): forged mail is delivered", p.walk.Domain, p.walk.Tag)
			case p.walk.Policy == dmarc.Quarantine:
				t.Pass(p.shown(), subject, "forged mail is set aside; reject would have it refused")
			default:
				t.Pass(p.shown(), subject, "forged mail is refused")
			}
			return nil
		})
	},
}
