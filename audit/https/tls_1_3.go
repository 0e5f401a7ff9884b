package https

import (
	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/probe/tls"
)

var tls13 = &lr.Check{
	ID:       "https/tls-1-3",
	Title:    "TLS 1.3 is spoken",
	Why:      "It has none of the choices that older versions get wrong, hides the certificate on the way and connects a round trip earlier.",
	Fix:      "Turn it on: `ssl_protocols TLSv1.2 TLSv1.3` in nginx with OpenSSL 1.1.1 or newer, the TLS 1.3 setting of the edge.",
	Severity: lr.Low,
	Refs:     []lr.Ref{refConfiguration, {Source: "RFC", ID: "9325 section 3.1.1"}},
	Needs:    lr.Domain,
	Extra:    true,
	Run:      spoken(gravity{tls.NoTLS13: 0}, "speaks TLS 1.3"),
}
