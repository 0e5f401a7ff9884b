package https

import (
	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/probe/tls"
)

var certificateSignature = &lr.Check{
	ID:       "https/certificate-signature",
	Title:    "No certificate of the chain is signed with SHA-1 or MD5",
	Why:      "For these two a second certificate with the same signature can be made, so browsers refuse the chain.",
	Fix:      "Issue the certificate anew under a chain of today. An old intermediate certificate in the bundle has the same effect: take it out.",
	Severity: lr.High,
	Refs:     []lr.Ref{refStrength, {Source: "CWE", ID: "328"}},
	Needs:    lr.Domain,
	Run:      shown(gravity{tls.WeakHash: 0}, "its chain is signed with what still holds"),
}
