package email

import (
	"context"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/probe/smtp"
)

var starttls = &lr.Check{
	ID:       "email/starttls",
	Title:    "Every MX host takes mail under TLS",
	Why:      "Without STARTTLS every message to you crosses the net in clear text: password resets, contracts, customers' questions. Some senders refuse to deliver so.",
	Fix:      "Turn STARTTLS on at the mail server and give it a certificate for its name. Where a firewall rewrites SMTP (it answers 500 to EHLO or hides STARTTLS), turn that off.",
	Severity: lr.High,
	Refs:     []lr.Ref{rfc("3207", "2"), rfc("8461", "4.2"), {Source: "CWE", ID: "319"}},
	Needs:    lr.Domain,
	Run: func(ctx context.Context, t *lr.Trial) error {
		return serverCheck(ctx, t, func(s *smtp.Server) {
			switch {
			case s.At == smtp.Offer:
				t.Fail(talked(s), s.Host, "%s does not offer STARTTLS", s.Host)
			case s.BrokenTLS():
				e := talked(s)
				e.Records = append(e.Records, s.Err.Error())
				t.Fail(e, s.Host, "%s offers STARTTLS, and it fails: %v", s.Host, s.Err)
			case s.At == smtp.Ended:
				t.Pass(talked(s), s.Host, "it takes mail under TLS")
			default:
				unreached(t, s)
			}
		})
	},
}
