package email

import (
	"context"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/mail/spf"
)

var spfVoids = &lr.Check{
	ID:       "email/spf-voids",
	Title:    "No more than two lookups of SPF lead nowhere",
	Why:      "Receivers stop with an error at the third name that does not exist or has no address. Such names are left behind by servers and services that are gone.",
	Fix:      "Delete the terms whose names are gone.",
	Severity: lr.Medium,
	Refs:     []lr.Ref{rfc("7208", "4.6.4")},
	Needs:    lr.Domain,
	Run: func(ctx context.Context, t *lr.Trial) error {
		return eachSPF(ctx, t, func(rep *spf.Report) error {
			subject := "SPF of " + rep.Domain
			e := shown(rep, rep.Domain)
			for _, p := range rep.Has(spf.VoidTarget) {
				e.Records = append(e.Records, p.Term+": "+p.Text)
			}
			four, six := rep.Has(spf.TooManyVoids), rep.Has(spf.VoidsIPv6)
			switch {
			case len(four) > 0:
				t.Fail(e, subject, "%s", four[0].Text)
			case !rep.Complete:
				t.Unknown(subject, "%s", unasked(rep))
			case len(six) > 0: // hosts without IPv6 are right, and few receivers count so
				t.Pass(e, subject, "%d of %d lookups lead nowhere for a sender with IPv4. %s", rep.Voids4, spf.MostVoids, six[0].Text)
			default:
				t.Pass(e, subject, "%d of %d lookups lead nowhere", rep.Voids4, spf.MostVoids)
			}
			return nil
		})
	},
}
