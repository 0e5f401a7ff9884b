package email

import (
	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/mail/spf"
)

var spfSyntax = &lr.Check{
	ID:       "email/spf-syntax",
	Title:    "The SPF record and those that it includes can be read",
	Why:      "One misspelt term makes the whole record an error: receivers then treat all mail of the domain as if it were anybody's.",
	Fix:      "Correct the terms that are named; the evidence says at which byte they stand. Mechanisms are all, include, a, mx, ip4, ip6 and exists.",
	Severity: lr.High,
	Refs:     []lr.Ref{rfc("7208", "4.6"), rfc("7208", "12")},
	Needs:    lr.Domain,
	Run:      lint{codes: []spf.Code{spf.Syntax, spf.UnknownMechanism}, right: "every term can be read"}.run,
}
