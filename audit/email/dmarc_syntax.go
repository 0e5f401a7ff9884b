package email

import (
	"context"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/mail/dmarc"
)

var dmarcSyntax = &lr.Check{
	ID:    "email/dmarc-syntax",
	Title: "The DMARC record can be read whole",
	Why: "A misspelt policy counts as none at all, and a misspelt address gets no reports. The record looks set up, and is not: " +
		"that is worse than an absent one, which somebody would notice.",
	Fix:      "Correct what is named. A record reads `v=DMARC1; p=reject; rua=mailto:dmarc@example.com`: `v` first, tags separated by semicolons.",
	Severity: lr.High,
	Refs:     []lr.Ref{rfc("9989", "4.8"), rfc("9989", "4.7")},
	Needs:    lr.Domain,
	Run: func(ctx context.Context, t *lr.Trial) error {
		return eachRecord(ctx, t, func(p *policies, rec *dmarc.Record) error {
			says := problems(rec, dmarc.Syntax, dmarc.BadValue, dmarc.Duplicate, dmarc.MissingP, dmarc.BadURI)
			subject := dmarcSubject(p.walk.At)
			switch {
			case len(says) == 0:
				t.Pass(p.shown(), subject, "every tag can be read")
			case rec.Policy == dmarc.NoPolicy:
				t.Fail(p.shown(), subject, "the record has no policy that can be read: %s", joined(says))
			default:
				fail(t, lr.Medium, p.shown(), subject, "%s", joined(says))
			}
			return nil
		})
	},
}
