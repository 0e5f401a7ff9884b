package email

import (
	"context"
	"fmt"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/mail/dmarc"
)

var sampleAlignment = &lr.Check{
	ID:       "email/sample-alignment",
	Title:    "A real message passes DMARC",
	Why:      "SPF and DKIM may both pass, for another domain than the one that people read. With a strict policy such a message is refused, and it is your own.",
	Fix:      "Have the service sign with the domain of From, or send with a Return-Path at that domain.",
	Severity: lr.High,
	Refs:     []lr.Ref{rfc("9989", "5.3"), rfc("9989", "4.4"), googleBulk},
	Needs:    lr.Domain,
	Extra:    true,
	Run: func(ctx context.Context, t *lr.Trial) error {
		return sampleCheck(ctx, t, func(s *sample) {
			var e lr.Evidence
			for _, a := range s.dmarc.Alignments {
				e.Records = append(e.Records, clip(fmt.Sprintf("%s of %s: pass=%v, aligned=%v (%s)", a.By, a.Domain, a.Pass, a.Aligned, a.Why)))
			}
			e.Records = append(e.Records, s.dmarc.Why)
			switch s.dmarc.Result {
			case dmarc.Pass:
				t.Pass(e, s.subject, "the message passes DMARC for %s", s.from)
			case dmarc.TempError:
				t.Unknown(s.subject, "a question had no answer: %s", s.dmarc.Why)
			case dmarc.ResultNone:
				t.NotApplicable("DMARC does not apply to %s", s.from)
			default:
				if s.spf == nil && len(s.aligned()) == 0 && !s.passes() && len(s.dkim.Signatures) == 0 {
					t.Unknown(s.subject, "the message is not signed, and which address handed it over is not known")
					return
				}
				t.Fail(e, s.subject, "the message fails DMARC for %s: %s", s.from, s.dmarc.Why)
			}
		})
	},
}
