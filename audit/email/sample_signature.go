package email

import (
	"context"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/mail/dkim"
)

var sampleSignature = &lr.Check{
	ID:    "email/sample-signature",
	Title: "The signature covers the whole message",
	Why: "With `l=` anybody may add to the body and the signature still verifies; a field that is not signed, such as the subject, may be replaced. " +
		"A message of yours then says what somebody else wrote.",
	Fix:      "Sign without `l=`, and sign From, To, Subject, Date, Message-ID, Reply-To and the MIME fields.",
	Severity: lr.Medium,
	Refs:     []lr.Ref{rfc("6376", "8.2"), rfc("6376", "5.4.1"), {Source: "CWE", ID: "345"}},
	Needs:    lr.Domain,
	Extra:    true,
	Run: func(ctx context.Context, t *lr.Trial) error {
		return sampleCheck(ctx, t, func(s *sample) {
			asked := 0
			for _, v := range s.dkim.Signatures {
				if !verified(v) || !within(v.Domain, registrable(s.from)) {
					continue
				}
				asked++
				subject := "sample, signature of " + v.Domain + " " + v.Selector
				var says []string
				worst := lr.Severity(0)
				for _, p := range v.Problems {
					switch p.Code {
					case dkim.BodyLength:
						worst, says = max(worst, lr.Medium), append(says, p.Text)
					case dkim.Unprotected:
						worst, says = max(worst, lr.Low), append(says, p.Text)
					}
				}
				if len(says) > 0 {
					e := s.signatures()
					e.Records = append(e.Records, clip("DKIM-Signature:"+v.Value))
					fail(t, worst, e, subject, "%s", joined(says))
					continue
				}
				t.Pass(s.signatures(), subject, "it covers the whole message")
			}
			if asked == 0 {
				t.NotApplicable("the message has no signature of the domain that verifies")
			}
		})
	},
}
