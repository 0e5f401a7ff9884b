package email

import (
	"context"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/mail"
	"github.com/launchready/launchready/mail/tlsrpt"
)

var tlsReports = &lr.Check{
	ID:       "email/tls-reports",
	Title:    "Senders report where TLS to the domain fails",
	Why:      "Mail that does not arrive because of a certificate makes no noise at your end. Reports say so, within a day.",
	Fix:      "Publish `v=TLSRPTv1; rua=mailto:…` at `_smtp._tls` of the domain, with an address that somebody or a service reads.",
	Severity: lr.Low,
	Refs:     []lr.Ref{rfc("8460", "3")},
	Needs:    lr.Domain,
	Run: func(ctx context.Context, t *lr.Trial) error {
		r, err := resolver(ctx, t)
		if err != nil {
			return err
		}
		x, err := exchangers(ctx, t, t.Target.Domain.Name)
		if err != nil {
			return err
		}
		a := tlsrpt.Ask(ctx, r, t.Target.Domain.Name)
		if err := spent(a.Err); err != nil {
			return err
		}
		switch {
		case a.State == tlsrpt.Unknown:
			t.Unknown(a.Name, "a question had no answer: %v", a.Err)
		case a.State == tlsrpt.Absent && x.err == nil && len(x.hosts) == 0:
			t.NotApplicable("the domain takes no mail")
		case a.State == tlsrpt.Absent:
			t.Fail(facts(a.Name+". TXT: none"), a.Name, "nobody is told where TLS fails")
		case a.State == tlsrpt.Multiple:
			fail(t, lr.Medium, facts(a.Name+". TXT: more than one record v=TLSRPTv1"), a.Name, "there is more than one record, which senders take as none")
		case !a.Record.Valid():
			var says []string
			for _, p := range a.Record.Problems {
				says = append(says, p.Text)
			}
			fail(t, lr.Medium, facts(line(a.Name, a.Record.Text)), a.Name, "senders cannot use the record: %s", joined(says))
		default:
			return arrives(ctx, t, r, a)
		}
		return nil
	},
}

// arrives asks whether each address takes mail. One by HTTPS is the service's.
func arrives(ctx context.Context, t *lr.Trial, r mail.Resolver, a *tlsrpt.Answer) error {
	for _, u := range a.Record.Reports {
		if !u.Mail {
			t.Pass(facts(line(a.Name, a.Record.Text)), u.Text, "reports go to %s", u.Host)
			continue
		}
		ok, fact, err := takes(ctx, r, u.Host)
		switch {
		case err != nil:
			if err := spent(err); err != nil {
				return err
			}
			t.Unknown(u.Text, "whether %s takes mail could not be asked: %v", u.Host, err)
		case !ok:
			fail(t, lr.Medium, facts(line(a.Name, a.Record.Text), fact), u.Text, "reports go to %s, which takes no mail", u.Host)
		default:
			t.Pass(facts(line(a.Name, a.Record.Text), fact), u.Text, "%s takes mail", u.Host)
		}
	}
	return nil
}
