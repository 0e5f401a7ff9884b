package https

import (
	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/probe/tls"
)

var certificateName = &lr.Check{
	ID:    "https/certificate-name",
	Title: "Certificates name the host that they are shown at",
	Why: "A certificate for another name is a warning page for users and a refused connection for clients. It often means that a host was added and its " +
		"certificate was not, or that another customer's server answers.",
	Fix:      "Issue a certificate whose subject alternative names have the host; a wildcard covers one label only. Names in the subject (CN) no longer count.",
	Severity: lr.Critical,
	Refs:     []lr.Ref{refCertificate, {Source: "RFC", ID: "9525"}, {Source: "CWE", ID: "297"}},
	Needs:    lr.Domain,
	Run:      shown(gravity{tls.WrongName: 0}, "its certificate names it"),
}
