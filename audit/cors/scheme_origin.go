package cors

import (
	"context"

	lr "github.com/launchready/launchready"
)

var schemeOrigin = &lr.Check{
	ID:    "cors/scheme-origin",
	Title: "A page without TLS is not let in where its secure twin is",
	Why: "Whoever is on the same network, in a café or at a conference, can put a page of their own at `http://app.example.com`. " +
		"A policy that compares the host alone lets it read what TLS protects.",
	Fix:      "Compare the whole origin, scheme included: `https://app.example.com` and nothing else.",
	Guard:    "cors",
	Severity: lr.Medium,
	Refs:     []lr.Ref{misconfigured, permissive, unvalidated, asvsOrigin, rfcOrigin},
	Needs:    lr.Routes | lr.Credentials,
	Run:      func(ctx context.Context, t *lr.Trial) error { return schemes.run(ctx, t) },
}

// schemes asks as the plain twin of an allowed origin.
var schemes = attack{like: origin.plain, before: []attack{anyOrigin, begun, finishing}, said: "the scheme of an origin is not compared"}
