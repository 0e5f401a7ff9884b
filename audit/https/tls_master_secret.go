package https

import (
	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/probe/tls"
)

var tlsMasterSecret = &lr.Check{
	ID:    "https/tls-master-secret",
	Title: "Keys of TLS 1.2 are bound to the handshake",
	Why: "Without the extended master secret two connections can be brought to the same keys (triple handshake), and who trusts a channel by its keys trusts " +
		"the wrong one.",
	Fix:      "Update the TLS library: OpenSSL has it since 1.1.0, and middleboxes in front may have to be told.",
	Severity: lr.Medium,
	Refs:     []lr.Ref{refConfiguration, {Source: "RFC", ID: "7627"}, {Source: "RFC", ID: "9325 section 3.5"}},
	Needs:    lr.Domain,
	Run:      spoken(gravity{tls.NoMasterSecret: 0}, "binds its keys to the handshake, or speaks TLS 1.3 alone"),
}
