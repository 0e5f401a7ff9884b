package cors

import (
	"context"

	lr "github.com/launchready/launchready"
)

var nullOrigin = &lr.Check{
	ID:    "cors/null-origin",
	Title: "The origin null is not let in",
	Why: "`null` is not the origin of nobody: every website gets it by putting its script into a sandboxed frame. " +
		"A list with `null` in it, usually for a mobile app or a local file, lets all of them in.",
	Fix:      "Take `null` off the list. Serve the page that needs it from an origin of its own, or have the app send a token instead of a cookie.",
	Guard:    "cors",
	Severity: lr.High,
	Refs:     []lr.Ref{misconfigured, permissive, unvalidated, asvsOrigin, {Source: "RFC", ID: "6454 section 7.3"}, corsCheck},
	Needs:    lr.Routes | lr.Credentials,
	Run:      func(ctx context.Context, t *lr.Trial) error { return sandboxed.run(ctx, t) },
}

// sandboxed asks as a page in a sandboxed frame, whose origin is opaque.
var sandboxed = attack{page: opaque, before: []attack{anyOrigin}, extra: true, said: "the origin null is on the list"}
