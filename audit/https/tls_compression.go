package https

import (
	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/probe/tls"
)

var tlsCompression = &lr.Check{
	ID:       "https/tls-compression",
	Title:    "TLS does not compress",
	Why:      "The length of what is compressed together with a guess tells whether the guess is right. CRIME reads session cookies that way.",
	Fix:      "Turn it off: `SSL_OP_NO_COMPRESSION`, the default of every server of the last ten years. One that still compresses is old enough to be replaced.",
	Severity: lr.High,
	Refs:     []lr.Ref{refConfiguration, {Source: "RFC", ID: "9325 section 3.3"}, {Source: "CWE", ID: "310"}},
	Needs:    lr.Domain,
	Run:      spoken(gravity{tls.Compresses: 0}, "does not compress"),
}
