package email

import (
	"context"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/mail/dmarc"
)

var dmarcRemovedTags = &lr.Check{
	ID:    "email/dmarc-removed-tags",
	Title: "DMARC uses no tag that was withdrawn",
	Why: "`pct`, `rf` and `ri` are gone since 2026: new receivers ignore them. With `pct` below 100 old receivers let a part of forged mail pass and new ones none, " +
		"so the record means two things.",
	Fix:      "Take `pct`, `rf` and `ri` out.",
	Severity: lr.Low,
	Refs:     []lr.Ref{rfc("9989", "4.7")},
	Needs:    lr.Domain,
	Extra:    true,
	Run: func(ctx context.Context, t *lr.Trial) error {
		return eachRecord(ctx, t, func(p *policies, rec *dmarc.Record) error {
			says := problems(rec, dmarc.Removed)
			subject := dmarcSubject(p.walk.At)
			switch {
			case len(says) == 0:
				t.Pass(p.shown(), subject, "it uses no withdrawn tag")
			case rec.Percent < 100:
				fail(t, lr.Medium, p.shown(), subject, "pct=%d: old receivers apply the policy to that part of forged mail only. %s", rec.Percent, joined(says))
			default:
				t.Fail(p.shown(), subject, "%s", joined(says))
			}
			return nil
		})
	},
}
