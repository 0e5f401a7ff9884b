package https

import (
	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/probe/tls"
)

var tlsVersions = &lr.Check{
	ID:    "https/tls-versions",
	Title: "No version of TLS before 1.2 is spoken",
	Why:   "SSL and TLS 1.0 and 1.1 rest on MD5 and SHA-1 and have known attacks; PCI DSS and every scanner of a buyer's security team fail them.",
	Fix: "`ssl_protocols TLSv1.2 TLSv1.3` in nginx, `ssl-min-ver TLSv1.2` in HAProxy, the security policy of the load balancer " +
		"(`ELBSecurityPolicy-TLS13-1-2-2021-06`), minimum TLS version 1.2 in Cloudflare.",
	Severity: lr.High,
	Refs:     []lr.Ref{refConfiguration, {Source: "RFC", ID: "8996"}, {Source: "RFC", ID: "9325 section 3.1.1"}, {Source: "CWE", ID: "327"}},
	Needs:    lr.Domain,
	Run:      spoken(gravity{tls.OldSSL: lr.Critical, tls.OldTLS: 0, tls.NoTLS12: 0}, "speaks TLS 1.2 or newer alone"),
}
