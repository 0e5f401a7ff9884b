package email

import (
	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/mail/dkim"
)

var dkimKeyLength = &lr.Check{
	ID:    "email/dkim-key-length",
	Title: "DKIM keys have 2048 bits",
	Why: "Receivers must not accept keys under 1024 bits, and whoever factors one signs as you. 1024 bits are within reach of those who have reason to pay for it; " +
		"a buyer's review asks for 2048.",
	Fix:      "Make a key of 2048 bits at a new selector, sign with it, and revoke the old one a week later.",
	Severity: lr.High,
	Refs:     []lr.Ref{rfc("8301", "3.2"), {Source: "CWE", ID: "326"}, {Source: "NIST", ID: "SP800-57pt1r5"}},
	Needs:    lr.Domain,
	Run: keyLint{codes: []dkim.Code{dkim.TooShort, dkim.Weak}, right: "the key is long enough", severity: func(p dkim.Problem) lr.Severity {
		if p.Code == dkim.TooShort {
			return lr.High
		}
		return lr.Medium
	}}.run,
}
