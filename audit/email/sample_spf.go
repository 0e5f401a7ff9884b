package email

import (
	"context"
	"fmt"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/mail/spf"
)

var sampleSPF = &lr.Check{
	ID:       "email/sample-spf",
	Title:    "A real message comes from an address that SPF passes",
	Why:      "The record may look right and leave out the very machine that sends. Receivers then put the mail into spam, or refuse it.",
	Fix:      "Add the address, or the include of the service that it belongs to, to the SPF record of the domain in Return-Path.",
	Severity: lr.High,
	Refs:     []lr.Ref{rfc("7208", "2.6"), googleBulk},
	Needs:    lr.Domain,
	Extra:    true,
	Run: func(ctx context.Context, t *lr.Trial) error {
		return sampleCheck(ctx, t, func(s *sample) {
			if s.spf == nil {
				t.Unknown(s.subject, "the message does not say which address handed it over: it has no Received or Received-SPF field of the receiver; save it as it was received")
				return
			}
			e := facts(fmt.Sprintf("MAIL FROM <%s>, HELO %s, address %s: %s (%s)", clip(s.trace.sender), clip(s.trace.helo), s.trace.ip, s.spf.Result, s.spf.Why))
			if s.trace.by != "" {
				e.Records = append(e.Records, "Received:"+s.trace.by)
			}
			switch s.spf.Result {
			case spf.Pass:
				t.Pass(e, s.subject, "SPF of %s passes %s", s.trace.domain(), s.trace.ip)
			case spf.TempError:
				t.Unknown(s.subject, "a question had no answer: %s", s.spf.Why)
			default:
				t.Fail(e, s.subject, "SPF of %s says %s for %s, which handed the message over: %s", s.trace.domain(), s.spf.Result, s.trace.ip, s.spf.Why)
			}
		})
	},
}
