package https

import (
	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/probe/tls"
)

var certificateLifetime = &lr.Check{
	ID:    "https/certificate-lifetime",
	Title: "Certificates live no longer than browsers allow",
	Why: "Browsers refuse a certificate of the web's authorities that was issued for longer than the limit of its day: 398 days, 200 since March 2026, 100 from " +
		"March 2027.",
	Fix:      "Let the authority issue a new one under today's profile, by machine.",
	Severity: lr.High,
	Refs:     []lr.Ref{refCertificate},
	Needs:    lr.Domain,
	Run:      shown(gravity{tls.LongLived: 0}, "its certificate lives no longer than is allowed"),
}
