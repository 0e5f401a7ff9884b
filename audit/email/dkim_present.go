package email

import (
	"context"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/mail/dkim"
)

var dkimPresent = &lr.Check{
	ID:    "email/dkim-present",
	Title: "The domain publishes a DKIM key for what it signs with",
	Why: "Without a key no signature can be verified. SPF alone breaks where mail is forwarded, so DMARC fails for honest mail, and large receivers ask for DKIM of everybody who sends much. " +
		"That a guessed selector is not there proves nothing: a key is missing where the domain has no `_domainkey` at all, or where the selector that you sign with is not there.",
	Fix: "Turn DKIM on at the service that sends, and publish the record or CNAME that it shows. " +
		"Name the selectors under domain.mail.selectors so that they are watched.",
	Severity: lr.High,
	Refs:     []lr.Ref{rfc("6376", "3.6.2.1"), rfc("8020", "2"), googleBulk},
	Needs:    lr.Domain,
	Run: func(ctx context.Context, t *lr.Trial) error {
		k, err := keys(ctx, t)
		if err != nil {
			return err
		}
		name := t.Target.Domain.Name
		decided := false
		for _, s := range k.asked {
			switch {
			case s.State == dkim.Found && s.Key.Usable() && (s.sure || !k.wild(s)):
				t.Pass(s.evidence(), s.subject(), "there is a key, known from %s", s.source)
				decided = true
			case s.sure && !s.Gone && (s.State == dkim.Absent || s.State == dkim.NoKey && k.wild(s)):
				t.Fail(s.evidence(), s.subject(), "mail is signed with the selector %s, by %s, and it has no key", s.label, s.source)
				decided = true
			case s.sure && s.State == dkim.Unknown:
				t.Unknown(s.subject(), "the selector could not be asked: %v", s.Err)
				decided = true
			}
		}
		switch {
		case decided:
		case k.none:
			t.Fail(facts("_domainkey."+name+". TXT: NXDOMAIN, so nothing exists below it (RFC 8020)"), "DKIM of "+name, "the domain has no DKIM key at any selector")
		case len(k.found()) > 0:
			t.Unknown("DKIM of "+name, "the keys that were found cannot be used, and there may be others")
		default:
			t.Unknown("DKIM of "+name, "%s", k.unknown())
		}
		return nil
	},
}
