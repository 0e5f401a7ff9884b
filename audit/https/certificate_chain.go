package https

import (
	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/probe/tls"
)

var certificateChain = &lr.Check{
	ID:    "https/certificate-chain",
	Title: "Servers send the certificates between theirs and the root",
	Why: "Without the intermediate certificate a browser that has met it before is let in, and a script, a phone or a customer's integration is not. It works " +
		"on the developer's machine and fails at the buyer's.",
	Fix: "Serve the full chain: `fullchain.pem` and not `cert.pem` in nginx and HAProxy, the bundle in load balancers. `openssl s_client -connect HOST:443 " +
		"-servername HOST` shows what is sent.",
	Severity: lr.High,
	Refs:     []lr.Ref{refCertificate, {Source: "RFC", ID: "8446 section 4.4.2"}, {Source: "CWE", ID: "295"}},
	Needs:    lr.Domain,
	Run:      shown(gravity{tls.Incomplete: 0}, "the chain is whole"),
}
