package email

import (
	"context"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/mail/dkim"
)

var sampleDKIM = &lr.Check{
	ID:       "email/sample-dkim",
	Title:    "A real message carries a DKIM signature of the domain that verifies",
	Why:      "A key in the DNS signs nothing. Only a message shows that the service signs, with your domain, and that nothing on the way breaks it.",
	Fix:      "Turn DKIM for your own domain on at the service that sent the message; let nothing change it afterwards (a footer, a virus scanner, a list).",
	Severity: lr.High,
	Refs:     []lr.Ref{rfc("6376", "6.1"), googleBulk},
	Needs:    lr.Domain,
	Extra:    true,
	Run: func(ctx context.Context, t *lr.Trial) error {
		return sampleCheck(ctx, t, func(s *sample) {
			e := s.signatures()
			own := 0
			for _, v := range s.dkim.Signatures {
				if within(v.Domain, registrable(s.from)) || within(s.from, v.Domain) {
					own++
				}
				if v.Result == dkim.TempError {
					t.Unknown(s.subject, "a question had no answer: %s", v.Why)
					return
				}
			}
			switch {
			case len(s.aligned()) > 0:
				t.Pass(e, s.subject, "the signature of %s verifies", s.aligned()[0].Domain)
			case len(s.dkim.Signatures) == 0:
				t.Fail(e, s.subject, "the message is not signed")
			case own == 0:
				t.Fail(e, s.subject, "the message is signed by others alone, and not by %s", s.from)
			case s.dmarc.Result == "none" && s.passes():
				t.Pass(e, s.subject, "the signature of the domain verifies")
			default:
				t.Fail(e, s.subject, "no signature of the domain verifies")
			}
		})
	},
}

// passes reports a signature that verifies, by a domain that is related to the
// author by its name: DMARC was not there to say what is aligned.
func (s *sample) passes() bool {
	for _, v := range s.dkim.Signatures {
		if verified(v) && (within(v.Domain, registrable(s.from)) || within(s.from, v.Domain)) {
			return true
		}
	}
	return false
}
