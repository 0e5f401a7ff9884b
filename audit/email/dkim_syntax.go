package email

import (
	"context"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/mail/dkim"
)

var dkimSyntax = &lr.Check{
	ID:       "email/dkim-syntax",
	Title:    "Each DKIM key can be read, and is one record",
	Why:      "A key with a quote, a line break or a letter lost on its way into the DNS verifies nothing: all mail signed with it counts as unsigned.",
	Fix:      "Publish the record again as the service shows it, in one TXT record of strings of up to 255 bytes each. Delete other records at the same name.",
	Severity: lr.High,
	Refs:     []lr.Ref{rfc("6376", "3.6.1"), rfc("6376", "3.6.2.2")},
	Needs:    lr.Domain,
	Run: func(ctx context.Context, t *lr.Trial) error {
		k, err := keys(ctx, t)
		if err != nil {
			return err
		}
		for _, s := range k.asked {
			if !s.sure && k.wild(s) {
				continue
			}
			switch s.State {
			case dkim.Multiple:
				t.Fail(s.evidence(), s.subject(), "there is more than one record at the selector, so that receivers may take none")
			case dkim.NoKey:
				if s.sure && !k.wild(s) {
					t.Fail(s.evidence(), s.subject(), "there is a record at the selector, and it is no key")
				}
			}
		}
		return keyLint{codes: []dkim.Code{dkim.Syntax, dkim.Duplicate, dkim.Version, dkim.MissingKey, dkim.BadKey, dkim.UnknownKind, dkim.OtherUse},
			right: "the key can be read"}.run(ctx, t)
	},
}
