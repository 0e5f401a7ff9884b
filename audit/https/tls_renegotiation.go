package https

import (
	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/probe/tls"
)

var tlsRenegotiation = &lr.Check{
	ID:       "https/tls-renegotiation",
	Title:    "Renegotiation is bound to its connection",
	Why:      "Without the extension a man in the middle puts a request of their own before a user's, under the user's credential (CVE-2009-3555).",
	Fix:      "Update the TLS library, or turn renegotiation off.",
	Severity: lr.High,
	Refs:     []lr.Ref{refConfiguration, {Source: "RFC", ID: "5746"}, {Source: "CWE", ID: "300"}},
	Needs:    lr.Domain,
	Run:      spoken(gravity{tls.NoRenegotiation: 0}, "binds a renegotiation to its connection, or speaks TLS 1.3 alone"),
}
