package https

import (
	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/probe/tls"
)

var tlsOrder = &lr.Check{
	ID:    "https/tls-order",
	Title: "The server takes the better of two suites",
	Why: "Suites with CBC have been broken by their padding again and again (Lucky Thirteen, POODLE, GOLDENDOODLE). A server that leaves the order to clients uses one " +
		"with every client that has an old list, though both have better.",
	Fix:      "Offer suites with AEAD alone (`ssl_ciphers` of Mozilla's intermediate profile without CBC); where CBC must stay for old clients, put it last and let the server choose (`ssl_prefer_server_ciphers on`).",
	Severity: lr.Low,
	Refs:     []lr.Ref{refStrength, {Source: "RFC", ID: "9325"}, {Source: "CWE", ID: "327"}},
	Needs:    lr.Domain,
	Extra:    true,
	Run:      spoken(gravity{tls.ClientOrder: 0}, "takes the better suite whatever stands first, or has no other"),
}
