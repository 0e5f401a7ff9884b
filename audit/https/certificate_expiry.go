package https

import (
	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/probe/tls"
)

var certificateExpiry = &lr.Check{
	ID:    "https/certificate-expiry",
	Title: "Certificates are renewed in time",
	Why: "An expired certificate takes the product down for everybody at once. What is left is judged against the whole life: certificates live 200 days at the " +
		"most now and soon 47, so an alarm at 30 days is too early for one and too late to be useful for another.",
	Fix: "Renew by machine (ACME, or the provider's managed certificates) when a third of the life is left, reload the server afterwards, and watch what is " +
		"served rather than what lies on disk.",
	Severity: lr.Critical,
	Refs:     []lr.Ref{refCertificate, {Source: "CWE", ID: "298"}},
	Needs:    lr.Domain,
	Run:      shown(gravity{tls.Expired: 0, tls.NotYet: 0, tls.Expiring: lr.High}, "its certificate is within its life"),
}
