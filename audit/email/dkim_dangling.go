package email

import (
	"context"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/mail/dkim"
)

var dkimDangling = &lr.Check{
	ID:    "email/dkim-dangling",
	Title: "No DKIM selector points to a name that is gone",
	Why: "A CNAME that is left of a service which you have quit verifies nothing. Where somebody else can get the name, by a new account of the service or by buying its domain, " +
		"they publish a key of theirs under your name and sign as you.",
	Fix:      "Delete the CNAME, or publish the one that the service shows now.",
	Severity: lr.High,
	Refs:     []lr.Ref{rfc("6376", "3.6.2"), {Source: "CWE", ID: "672"}},
	Needs:    lr.Domain,
	Run: func(ctx context.Context, t *lr.Trial) error {
		k, err := keys(ctx, t)
		if err != nil {
			return err
		}
		r, err := resolver(ctx, t)
		if err != nil {
			return err
		}
		asked := 0
		for _, s := range k.asked {
			switch {
			case s.State == dkim.Unknown && s.sure:
				t.Unknown(s.subject(), "the selector could not be asked: %v", s.Err)
			case s.State == dkim.Unknown:
			case s.Gone:
				target := s.Chain[len(s.Chain)-1]
				e := s.evidence()
				bought, yes, err := free(ctx, r, t.Target.Domain.Name, target)
				switch {
				case err == nil && yes:
					e.Records = append(e.Records, bought+". NS: NXDOMAIN")
					fail(t, lr.Critical, e, s.subject(), "the selector points to %s, and nobody has registered %s: whoever does may sign as this domain", target, bought)
				default:
					t.Fail(e, s.subject(), "the selector points to %s, which does not exist", target)
				}
			default:
				asked++
			}
		}
		if asked > 0 {
			t.Pass(lr.Evidence{}, "DKIM of "+t.Target.Domain.Name, "%d selectors were asked, and none of them points to a name that is gone", asked)
		} else if k.none {
			t.NotApplicable("the domain has no DKIM key")
		}
		return nil
	},
}
