package cors

import (
	"context"

	lr "github.com/launchready/launchready"
)

var portOrigin = &lr.Check{
	ID:    "cors/port-origin",
	Title: "Another port of an allowed host is not let in",
	Why: "Another port is another program, often with other people in charge: an administration page, a metrics viewer, a preview server. " +
		"A script that gets onto one of them reads the product's API as the user.",
	Fix:      "Compare the whole origin, port included. `https://app.example.com` does not mean `https://app.example.com:8443`.",
	Guard:    "cors",
	Severity: lr.Medium,
	Refs:     []lr.Ref{misconfigured, permissive, unvalidated, asvsOrigin, rfcOrigin},
	Needs:    lr.Routes | lr.Credentials,
	Run:      func(ctx context.Context, t *lr.Trial) error { return ports.run(ctx, t) },
}

// ports asks as another port of an allowed origin.
var ports = attack{like: origin.beside, before: []attack{anyOrigin, begun}, said: "the port of an origin is not compared"}
