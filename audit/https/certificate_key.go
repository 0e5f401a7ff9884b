package https

import (
	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/probe/tls"
)

var certificateKey = &lr.Check{
	ID:       "https/certificate-key",
	Title:    "Certificate keys are strong enough",
	Why:      "An RSA key of 1024 bits is within reach of a state or a rented cluster, and browsers refuse it.",
	Fix:      "Issue the certificate for a key on P-256, or of RSA with 2048 bits and more (`certbot --key-type ecdsa`).",
	Severity: lr.High,
	Refs:     []lr.Ref{refStrength, {Source: "CWE", ID: "326"}},
	Needs:    lr.Domain,
	Run:      shown(gravity{tls.WeakKey: 0}, "its key is strong enough"),
}
