package email

import (
	"context"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/mail/dmarc"
)

var dmarcReportConsent = &lr.Check{
	ID:    "email/dmarc-report-consent",
	Title: "Whoever gets the DMARC reports has agreed to",
	Why: "Receivers send reports to another organisation only where that publishes its consent: without it they send none, " +
		"and the owner takes silence for health.",
	Fix:      "Have the service publish a TXT record `v=DMARC1` at the name that the evidence shows, or let reports go to an address of your own domain.",
	Severity: lr.Medium,
	Refs:     []lr.Ref{rfc("9990", "4")},
	Needs:    lr.Domain,
	Run: func(ctx context.Context, t *lr.Trial) error {
		return eachRecord(ctx, t, func(p *policies, rec *dmarc.Record) error {
			r, err := resolver(ctx, t)
			if err != nil {
				return err
			}
			all := dmarc.Destinations(ctx, r, p.walk.At, rec, dmarc.RFC9989)
			for _, d := range all {
				e := facts(line(dmarcSubject(p.walk.At), rec.Text), d.Why)
				switch d.Consent {
				case dmarc.Unknown:
					t.Unknown(d.URI.Text, "whether %s agreed could not be asked: %s", d.URI.Host, d.Why)
				case dmarc.Withheld:
					t.Fail(e, d.URI.Text, "%s of %s has not agreed to take reports about %s, so receivers send none", d.Tag, d.URI.Host, p.walk.At)
				default:
					t.Pass(e, d.URI.Text, "%s", d.Why)
				}
			}
			if len(all) == 0 {
				t.NotApplicable("no reports are sent by mail")
			}
			return nil
		})
	},
}
