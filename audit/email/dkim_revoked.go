package email

import (
	"context"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/mail/dkim"
)

var dkimRevoked = &lr.Check{
	ID:       "email/dkim-revoked",
	Title:    "No key that mail is signed with is revoked",
	Why:      "An empty `p=` says that the key is withdrawn: mail that is still signed with it fails. At a selector that is out of use it is right.",
	Fix:      "Sign with the new selector everywhere, or publish the key again.",
	Severity: lr.High,
	Refs:     []lr.Ref{rfc("6376", "3.6.1")},
	Needs:    lr.Domain,
	Run: func(ctx context.Context, t *lr.Trial) error {
		k, err := keys(ctx, t)
		if err != nil {
			return err
		}
		found := k.found()
		for _, s := range found {
			switch {
			case s.Key.Has(dkim.Revoked) && s.sure:
				t.Fail(s.evidence(), s.subject(), "mail is signed with the selector %s, by %s, and its key is revoked", s.label, s.source)
			case s.Key.Has(dkim.Revoked):
				t.Pass(s.evidence(), s.subject(), "the key is revoked, and nothing shows that it is still used")
			default:
				t.Pass(s.evidence(), s.subject(), "the key is in force")
			}
		}
		if len(found) == 0 {
			k.nothing(t)
		}
		return nil
	},
}
