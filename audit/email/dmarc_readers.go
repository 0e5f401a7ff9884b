package email

import (
	"context"
	"fmt"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/mail/dmarc"
)

var dmarcReaders = &lr.Check{
	ID:    "email/dmarc-readers",
	Title: "Old and new readers of DMARC come to the same policy",
	Why: "Since May 2026 receivers find the policy by walking up the DNS; those of before use a list of public suffixes, know no `np`, and want `p` behind `v`. " +
		"Where they differ, a part of the world does not apply your policy, and tests show it only from the other part.",
	Fix:      "Write `v=DMARC1; p=…` in this order; give `sp` beside `np`; publish a record at the domain that mail is sent from.",
	Severity: lr.Low,
	Refs:     []lr.Ref{rfc("9989", "4.10"), rfc("7489", "6.6.3")},
	Needs:    lr.Domain,
	Extra:    true,
	Run: func(ctx context.Context, t *lr.Trial) error {
		return eachRecord(ctx, t, func(p *policies, rec *dmarc.Record) error {
			subject := dmarcSubject(p.walk.At)
			if p.old.Err != nil {
				t.Unknown(subject, "a question had no answer: %v", p.old.Err)
				return nil
			}
			var says []string
			if rec.Policy != dmarc.NoPolicy && p.walk.Policy != p.old.Policy {
				says = append(says, fmt.Sprintf("Readers of RFC 9989 apply %s, those of RFC 7489 %s.", spelled(p.walk.Policy), spelled(p.old.Policy)))
			}
			if p.walk.Organization != p.old.Organization {
				says = append(says, fmt.Sprintf("The organisation is %s to the former and %s to the latter, so that they disagree on what is aligned.", p.walk.Organization, p.old.Organization))
			}
			if rec.NonExistent != dmarc.NoPolicy && rec.Subdomains == dmarc.NoPolicy && rec.NonExistent != rec.Policy {
				says = append(says, "np is unknown to readers of RFC 7489, and there is no sp for them.")
			}
			e := facts(line(dmarcSubject(p.walk.At), rec.Text), "RFC 9989: "+p.walk.Why, "RFC 7489: "+p.old.Why)
			if len(says) > 0 {
				t.Fail(e, subject, "%s", joined(says))
				return nil
			}
			t.Pass(e, subject, "both apply %s", spelled(p.walk.Policy))
			return nil
		})
	},
}

// spelled is a policy in a sentence.
func spelled(p dmarc.Policy) string {
	if p == dmarc.NoPolicy {
		return "none at all"
	}
	return string(p)
}
