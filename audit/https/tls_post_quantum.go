package https

import (
	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/probe/tls"
)

var tlsPostQuantum = &lr.Check{
	ID:    "https/tls-post-quantum",
	Title: "Keys are agreed on in a way that a quantum computer does not undo",
	Why: "What is recorded today can be opened when such a machine stands. Browsers offer X25519MLKEM768 since 2024, edges take it, and buyers with long " +
		"secrets ask for it.",
	Fix: "Use an edge or a library that has it: Cloudflare and Fastly do, Go 1.24, OpenSSL 3.5, nginx built with it (`ssl_ecdh_curve " +
		"X25519MLKEM768:X25519:prime256v1`).",
	Severity: lr.Low,
	Refs:     []lr.Ref{refConfiguration, {Source: "CWE", ID: "327"}},
	Needs:    lr.Domain,
	Extra:    true,
	Run:      spoken(gravity{tls.NoHybrid: 0}, "agrees on keys by X25519MLKEM768, or does not speak TLS 1.3, which another check tells"),
}
