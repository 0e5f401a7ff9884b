package auth

import (
	"context"

	lr "github.com/launchready/launchready"
)

var garbageCredential = &lr.Check{
	ID:    "auth/garbage-credential",
	Title: "A credential that nobody issued is refused",
	Why: "Some routes only look whether a credential is there, or go on after it could not be read. Any text in the header then opens them, " +
		"and logs show an authenticated request.",
	Fix: "Let the one place that authenticates return either a verified identity or an error, and let handlers get their user from it and from nowhere else. " +
		"Do not go on after an error of the token's parser, whatever kind it is.",
	Guard:    "authenticate",
	Severity: lr.Critical,
	Refs:     []lr.Ref{{Source: "OWASP API", ID: "API2:2023"}, {Source: "CWE", ID: "287"}, {Source: "ASVS", ID: "v5.0.0-9.1.1"}},
	Needs:    lr.Routes | lr.Credentials,
	Run: func(ctx context.Context, t *lr.Trial) error {
		return askWrong(ctx, t, "A credential that nobody issued is let in", garbageForms, "")
	},
}
