package email

import (
	"context"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/mail/dmarc"
)

var dmarcSubdomains = &lr.Check{
	ID:       "email/dmarc-subdomains",
	Title:    "Subdomains are protected as the domain is",
	Why:      "With a weaker `sp` or `np` a stranger sends as billing.example.com, which need not even exist, and the mail is delivered.",
	Fix:      "Take `sp` and `np` out, so that `p` holds for subdomains too, or make them as strict. A subdomain that is not ready yet can have a record of its own.",
	Severity: lr.Medium,
	Refs:     []lr.Ref{rfc("9989", "4.7"), spoofing},
	Needs:    lr.Domain,
	Run: func(ctx context.Context, t *lr.Trial) error {
		return eachRecord(ctx, t, func(p *policies, rec *dmarc.Record) error {
			if rec.Policy == dmarc.NoPolicy {
				t.NotApplicable("the record has no policy that can be read")
				return nil
			}
			var says []string
			below := rec.Policy
			if s := rec.Subdomains; s != dmarc.NoPolicy {
				if rec.Policy.Stricter(s) {
					says = append(says, "sp="+string(s)+" is weaker than p="+string(rec.Policy)+": a stranger may send as any subdomain.")
				}
				below = s
			}
			if n := rec.NonExistent; n != dmarc.NoPolicy && below.Stricter(n) {
				says = append(says, "np="+string(n)+" is weaker than the policy of subdomains that exist: a stranger may send as any that does not.")
			}
			subject := dmarcSubject(p.walk.At)
			if len(says) > 0 {
				t.Fail(p.shown(), subject, "%s", joined(says))
				return nil
			}
			t.Pass(p.shown(), subject, "the policy holds for subdomains")
			return nil
		})
	},
}
