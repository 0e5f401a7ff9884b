package https

import (
	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/probe/tls"
)

var certificateInternalName = &lr.Check{
	ID:    "https/certificate-internal-name",
	Title: "Certificates tell no names of the inside",
	Why: "Every certificate is in a public log. A name such as `db.internal` or an address of the inner network tells an attacker what to look for once they " +
		"are in.",
	Fix:      "Give inner names certificates of an authority of your own, and keep them out of the public one.",
	Severity: lr.Low,
	Refs:     []lr.Ref{refMisconfiguration, {Source: "CWE", ID: "200"}},
	Needs:    lr.Domain,
	Extra:    true,
	Run:      shown(gravity{tls.InternalName: 0}, "its certificate tells public names only"),
}
