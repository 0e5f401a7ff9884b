package https

import (
	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/probe/tls"
)

var certificateTrust = &lr.Check{
	ID:    "https/certificate-trust",
	Title: "Certificates lead to an authority that browsers trust",
	Why: "A browser stops at a certificate that signs itself or leads to nobody it knows, and so does every client of the API. Who tells users to click the " +
		"warning away has taught them to accept an attacker.",
	Fix: "Let the edge or an ACME client (Caddy, certbot, cert-manager) issue the certificate, and name every host of the domain in it. For an authority of " +
		"your own on a rehearsal name its PEM file under `target.ca_file`.",
	Severity: lr.Critical,
	Refs:     []lr.Ref{refCertificate, {Source: "CWE", ID: "295"}},
	Needs:    lr.Domain,
	Run:      shown(gravity{tls.SelfSigned: 0, tls.Untrusted: 0, tls.WrongUse: 0, tls.NoCertificate: 0}, "its certificate leads to a trusted authority"),
}
