package https

import (
	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/probe/tls"
)

var tlsForwardSecrecy = &lr.Check{
	ID:    "https/tls-forward-secrecy",
	Title: "Every connection agrees on a key of its own",
	Why: "With a static RSA key exchange whoever gets the server's key later reads all that was recorded before, and a server that answers padding errors " +
		"unevenly (ROBOT) gives it away without that.",
	Fix:      "Leave the suites `TLS_RSA_WITH_…` out: every client of the last ten years has ECDHE.",
	Severity: lr.Medium,
	Refs:     []lr.Ref{refStrength, {Source: "RFC", ID: "9325 section 4.1"}, {Source: "CWE", ID: "327"}},
	Needs:    lr.Domain,
	Run:      spoken(gravity{tls.NoForwardSecrecy: 0}, "agrees on a fresh key each time"),
}
