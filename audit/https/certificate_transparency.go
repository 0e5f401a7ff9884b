package https

import (
	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/probe/tls"
)

var certificateTransparency = &lr.Check{
	ID:       "https/certificate-transparency",
	Title:    "Public logs vouch for the certificates",
	Why:      "Chrome and Safari refuse a certificate of the web's authorities that is not in two public logs: it could have been issued behind the owner's back.",
	Fix:      "Every public authority logs by itself, so a missing timestamp means an unusual profile or a request not to log. Ask for the ordinary one.",
	Severity: lr.Medium,
	Refs:     []lr.Ref{refCertificate, {Source: "RFC", ID: "6962 section 3"}},
	Needs:    lr.Domain,
	Run:      shown(gravity{tls.NoTransparency: 0}, "logs vouch for its certificate, or it is of an authority of its own"),
}
