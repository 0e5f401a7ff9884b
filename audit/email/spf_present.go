package email

import (
	"context"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/mail/spf"
)

var spfPresent = &lr.Check{
	ID:    "email/spf-present",
	Title: "The domain publishes an SPF record",
	Why: "Without one nobody can tell your mail from a stranger's that carries your name: it lands in spam, and phishing in your name in inboxes. " +
		"Google, Yahoo and Microsoft ask it of everybody who sends.",
	Fix: "Publish one TXT record at the domain that names what sends for it and ends in `-all` or `~all`, for example `v=spf1 include:_spf.google.com -all`. " +
		"A domain that sends nothing says `v=spf1 -all`.",
	Severity: lr.High,
	Refs:     []lr.Ref{rfc("7208", "4.5"), mvspMail, googleBulk},
	Needs:    lr.Domain,
	Run: func(ctx context.Context, t *lr.Trial) error {
		for _, name := range names(t) {
			rep, err := inspection(ctx, t, name)
			if err != nil {
				return err
			}
			switch {
			case len(rep.Records) > 0:
				t.Pass(shown(rep, name), "SPF of "+name, "there is an SPF record")
			case len(rep.Has(spf.NoRecord)) > 0:
				t.Fail(facts(name+". TXT: no text begins with v=spf1"), "SPF of "+name, "%s has no SPF record", name)
			default:
				t.Unknown("SPF of "+name, "%s", unasked(rep))
			}
		}
		return nil
	},
}
