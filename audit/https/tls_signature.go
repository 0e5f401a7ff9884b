package https

import (
	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/probe/tls"
)

var tlsSignature = &lr.Check{
	ID:    "https/tls-signature",
	Title: "Handshakes are not signed with SHA-1",
	Why:   "A collision in SHA-1 costs a few thousand dollars of rented machines. A server that signs with it when asked can be talked into it.",
	Fix: "Run OpenSSL at its usual security level (`@SECLEVEL=1` and up in version 3), or name the algorithms: `ssl_conf_command SignatureAlgorithms " +
		"ECDSA+SHA256:RSA-PSS+SHA256:RSA+SHA256`.",
	Severity: lr.Low,
	Refs:     []lr.Ref{refStrength, {Source: "RFC", ID: "9155"}, {Source: "CWE", ID: "328"}},
	Needs:    lr.Domain,
	Extra:    true,
	Run:      spoken(gravity{tls.OldSignature: 0}, "does not sign with SHA-1"),
}
