package https

import (
	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/probe/tls"
)

var tlsCiphers = &lr.Check{
	ID:    "https/tls-ciphers",
	Title: "No broken cipher is taken",
	Why: "A client that is talked into one of these has no protection: NULL encrypts nothing, anonymous key exchange lets anybody answer, export ciphers are " +
		"broken in minutes, RC4 leaks cookies, 3DES and DES fall to their size.",
	Fix: "Take the list of Mozilla's intermediate profile: `ssl_ciphers " +
		"ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDH" +
		"E-RSA-CHACHA20-POLY1305`.",
	Severity: lr.High,
	Refs:     []lr.Ref{refStrength, {Source: "RFC", ID: "9325 section 4.1"}, {Source: "RFC", ID: "7465"}, {Source: "CWE", ID: "327"}},
	Needs:    lr.Domain,
	Run:      spoken(gravity{tls.Null: lr.Critical, tls.Anonymous: lr.Critical, tls.Export: lr.Critical, tls.RC4: 0, tls.DES: 0, tls.TripleDES: lr.Medium}, "takes no broken cipher"),
}
