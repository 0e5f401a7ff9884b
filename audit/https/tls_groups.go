package https

import (
	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/probe/tls"
)

var tlsGroups = &lr.Check{
	ID:    "https/tls-groups",
	Title: "Keys are agreed on in strong groups",
	Why: "The discrete logarithm in a shared group of 1024 bits was in reach of states ten years ago (Logjam), and one computation opens every connection of " +
		"everybody who uses the group.",
	Fix: "Drop DHE suites altogether, or give the server a group of 2048 bits and more (`ssl_dhparam` with ffdhe2048 of RFC 7919). For curves take X25519 and " +
		"P-256.",
	Severity: lr.High,
	Refs:     []lr.Ref{refStrength, {Source: "RFC", ID: "9325 section 4.1"}, {Source: "RFC", ID: "7919"}, {Source: "CWE", ID: "326"}},
	Needs:    lr.Domain,
	Run:      spoken(gravity{tls.WeakPrime: 0, tls.WeakGroup: 0}, "agrees on keys in strong groups"),
}
