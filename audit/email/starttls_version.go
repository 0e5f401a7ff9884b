package email

import (
	"context"
	"crypto/tls"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/probe/smtp"
)

var starttlsVersion = &lr.Check{
	ID:       "email/starttls-version",
	Title:    "Every MX host speaks TLS 1.2 or later",
	Why:      "TLS 1.0 and 1.1 are deprecated and broken in parts; senders that obey a policy do not deliver by them. That a host still takes an old version beside a new one is better than clear text, and no finding.",
	Fix:      "Update the mail server, and allow TLS 1.2 and 1.3.",
	Severity: lr.Medium,
	Refs:     []lr.Ref{rfc("8996", "4"), rfc("9325", "3.1.1"), {Source: "CWE", ID: "326"}},
	Needs:    lr.Domain,
	Run: func(ctx context.Context, t *lr.Trial) error {
		return serverCheck(ctx, t, func(s *smtp.Server) {
			switch {
			case s.TLS == nil && (s.At == smtp.Offer || s.BrokenTLS()):
				t.NotApplicable("%s has no TLS", s.Host)
			case s.TLS == nil:
				unreached(t, s)
			case s.TLS.Version < tls.VersionTLS12:
				t.Fail(certificate(s), s.Host, "the best that %s speaks is %s", s.Host, tls.VersionName(s.TLS.Version))
			default:
				t.Pass(certificate(s), s.Host, "it speaks %s", tls.VersionName(s.TLS.Version))
			}
		})
	},
}

// version is what a handshake agreed on.
func version(s *tls.ConnectionState) string {
	return tls.VersionName(s.Version) + " " + tls.CipherSuiteName(s.CipherSuite)
}
