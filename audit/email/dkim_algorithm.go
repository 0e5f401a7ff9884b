package email

import (
	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/mail/dkim"
)

var dkimAlgorithm = &lr.Check{
	ID:       "email/dkim-algorithm",
	Title:    "DKIM keys allow SHA-256 alone",
	Why:      "Signatures with SHA-1 must not be verified any more. A key that allows nothing else verifies nothing, and one that still allows it is of another time.",
	Fix:      "Take `h=` out of the record, or say `h=sha256`, and sign with rsa-sha256 or ed25519-sha256.",
	Severity: lr.Medium,
	Refs:     []lr.Ref{rfc("8301", "3.1"), {Source: "CWE", ID: "328"}},
	Needs:    lr.Domain,
	Run: keyLint{codes: []dkim.Code{dkim.NoSHA256, dkim.SHA1}, right: "the key allows SHA-256 and no SHA-1", severity: func(p dkim.Problem) lr.Severity {
		if p.Code == dkim.NoSHA256 {
			return lr.Medium
		}
		return lr.Low
	}}.run,
}
