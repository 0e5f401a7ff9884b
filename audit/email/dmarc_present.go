package email

import (
	"context"

	lr "github.com/launchready/launchready"
)

var dmarcPresent = &lr.Check{
	ID:    "email/dmarc-present",
	Title: "A DMARC record applies to the domain",
	Why: "SPF and DKIM say who sent a message; only DMARC ties that to the address that a person sees, and says what to do with the rest. Without it anybody's mail may show your address. " +
		"Google, Yahoo and Microsoft ask for it.",
	Fix: "Publish `v=DMARC1; p=none; rua=mailto:…` at `_dmarc` of the domain, read the reports until every sender of yours passes, " +
		"then go on to `p=quarantine` and `p=reject`.",
	Severity: lr.High,
	Refs:     []lr.Ref{rfc("9989", "4.7"), mvspMail, googleBulk, spoofing},
	Needs:    lr.Domain,
	Run: func(ctx context.Context, t *lr.Trial) error {
		for _, name := range names(t) {
			p, err := policy(ctx, t, name)
			if err != nil {
				return err
			}
			subject := dmarcSubject(name)
			switch {
			case p.walk.Err != nil:
				t.Unknown(subject, "a question had no answer: %v", p.walk.Err)
			case p.walk.Record != nil:
				t.Pass(p.shown(), subject, "a record applies, the one of %s (%s)", p.walk.At, p.walk.Source)
			case len(p.walk.Conflicts()) > 0:
				t.NotApplicable("%s has more than one record", name)
			default:
				t.Fail(p.shown(), subject, "no DMARC record applies to %s", name)
			}
		}
		return nil
	},
}
