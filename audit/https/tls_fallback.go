package https

import (
	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/probe/tls"
)

var tlsFallback = &lr.Check{
	ID:    "https/tls-fallback",
	Title: "A connection cannot be forced down to an older version",
	Why: "Where several old versions are spoken, an attacker on the way who breaks the first tries makes a client come back with a worse version (POODLE). The " +
		"signal for that is not heeded.",
	Fix:      "Turn the versions before TLS 1.2 off; then nothing is left to fall back to.",
	Severity: lr.Medium,
	Refs:     []lr.Ref{refConfiguration, {Source: "RFC", ID: "7507"}, {Source: "CWE", ID: "757"}},
	Needs:    lr.Domain,
	Run:      spoken(gravity{tls.NoFallback: 0}, "refuses a hello that was forced down, or has no older version"),
}
