package email

import (
	"context"
	"fmt"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/mail/dmarc"
)

var dmarcReports = &lr.Check{
	ID:       "email/dmarc-reports",
	Title:    "DMARC reports go to an address that takes them",
	Why:      "Reports are how you learn that a service of yours fails, and that somebody sends in your name. Without them every change of policy is a guess.",
	Fix:      "Add `rua=mailto:` with an address that somebody, or a service, reads, at a domain that has an MX record.",
	Severity: lr.Medium,
	Refs:     []lr.Ref{rfc("9990", "3"), rfc("9989", "4.7")},
	Needs:    lr.Domain,
	Run: func(ctx context.Context, t *lr.Trial) error {
		return eachRecord(ctx, t, func(p *policies, rec *dmarc.Record) error {
			r, err := resolver(ctx, t)
			if err != nil {
				return err
			}
			subject := dmarcSubject(p.walk.At)
			if len(rec.Aggregate) == 0 {
				t.Fail(p.shown(), subject, "there is no rua: nobody hears of mail that fails")
				return nil
			}
			for _, u := range rec.Aggregate {
				if u.Host == "" {
					continue // another scheme: nothing that can be asked
				}
				ok, fact, err := takes(ctx, r, u.Host)
				switch {
				case err != nil:
					if err := spent(err); err != nil {
						return err
					}
					t.Unknown(u.Text, "whether %s takes mail could not be asked: %v", u.Host, err)
				case !ok:
					e := p.shown()
					e.Records = append(e.Records, fact)
					t.Fail(e, u.Text, "reports go to %s, which takes no mail", u.Host)
				default:
					t.Pass(facts(fact), u.Text, "%s", fmt.Sprintf("%s takes mail", u.Host))
				}
			}
			return nil
		})
	},
}
