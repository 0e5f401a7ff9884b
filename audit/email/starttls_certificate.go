package email

import (
	"context"
	"fmt"
	"strings"
	"time"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/mail/mtasts"
	"github.com/launchready/launchready/probe/smtp"
)

var starttlsCertificate = &lr.Check{
	ID:    "email/starttls-certificate",
	Title: "The certificate of every MX host is good for its name",
	Why: "A sender that verifies, as MTA-STS demands of it, delivers nothing to a host whose certificate is expired, unknown or another's. " +
		"One that does not verify can be led to anybody's server.",
	Fix:      "Issue the mail server a certificate for the name in the MX record, with its chain, and renew it by itself.",
	Severity: lr.Medium,
	Refs:     []lr.Ref{rfc("8461", "4.2"), rfc("7817", "3"), {Source: "CWE", ID: "295"}},
	Needs:    lr.Domain,
	Run: func(ctx context.Context, t *lr.Trial) error {
		p, err := transport(ctx, t)
		if err != nil {
			return err
		}
		return serverCheck(ctx, t, func(s *smtp.Server) {
			switch {
			case s.TLS == nil && (s.At == smtp.Offer || s.BrokenTLS()):
				t.NotApplicable("%s has no TLS", s.Host)
			case s.TLS == nil:
				unreached(t, s)
			case s.Trust == nil:
				t.Pass(certificate(s), s.Host, "its certificate is good for its name")
			case p.policy != nil && p.policy.Mode == mtasts.Enforce:
				fail(t, lr.High, certificate(s), s.Host, "the certificate of %s is not good, and the MTA-STS policy demands one: mail does not arrive. %v", s.Host, s.Trust)
			default:
				t.Fail(certificate(s), s.Host, "the certificate of %s is not good: %v", s.Host, s.Trust)
			}
		})
	},
}

// certificate is what a server showed, as evidence.
func certificate(s *smtp.Server) lr.Evidence {
	e := talked(s)
	if s.TLS == nil || len(s.TLS.PeerCertificates) == 0 {
		return e
	}
	c := s.TLS.PeerCertificates[0]
	e.Records = append(e.Records, version(s.TLS),
		clip(fmt.Sprintf("certificate for %s, by %s, until %s", strings.Join(c.DNSNames, ", "), c.Issuer, c.NotAfter.UTC().Format(time.RFC3339))))
	return e
}
