package https

import (
	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/probe/tls"
)

var certificateStaple = &lr.Check{
	ID:    "https/certificate-staple",
	Title: "A certificate that demands a stapled status comes with one",
	Why: "With this demand (must-staple) a browser that gets no status refuses the connection. No status and no demand is usual today: the authorities stopped " +
		"answering OCSP.",
	Fix:      "Order the certificate without must-staple; where it must stay, turn stapling on (`ssl_stapling on` in nginx).",
	Severity: lr.High,
	Refs:     []lr.Ref{refCertificate, {Source: "RFC", ID: "7633"}},
	Needs:    lr.Domain,
	Run:      shown(gravity{tls.NoStaple: 0}, "it demands no status, or has one"),
}
