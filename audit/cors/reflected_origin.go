package cors

import (
	"context"

	lr "github.com/launchready/launchready"
)

var reflectedOrigin = &lr.Check{
	ID:    "cors/reflected-origin",
	Title: "No page of an unknown origin is let in",
	Why: "A policy that answers every origin with itself is no policy: any website that a customer's user visits reads the API as that user, " +
		"from their own browser, behind their firewall, with their session.",
	Fix: "Compare the request's `Origin` with a list of whole origins, and send no `Access-Control-Allow-Origin` to any other. " +
		"Never copy the request's `Origin` into the reply untested, and do not give a framework `origin: true` or a pattern of `*`.",
	Guard:    "cors",
	Severity: lr.High,
	Refs:     []lr.Ref{misconfigured, permissive, unvalidated, asvsOrigin, corsCheck},
	Needs:    lr.Routes | lr.Credentials,
	Run:      func(ctx context.Context, t *lr.Trial) error { return anyOrigin.run(ctx, t) },
}

// anyOrigin asks as a page that nobody has heard of.
var anyOrigin = attack{page: foreign, extra: true, said: "any origin is answered with itself"}
