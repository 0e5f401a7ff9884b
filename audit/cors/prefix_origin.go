package cors

import (
	"context"

	lr "github.com/launchready/launchready"
)

var prefixOrigin = &lr.Check{
	ID:    "cors/prefix-origin",
	Title: "Origins are compared to their end",
	Why: "Where only the beginning is compared, `https://app.example.com.evil.test` passes for `https://app.example.com`. " +
		"Whoever owns any domain can have a name under it that begins so.",
	Fix:      "Compare whole origins for equality. Where a pattern cannot be avoided, anchor it at both ends (`^…$`).",
	Guard:    "cors",
	Severity: lr.High,
	Refs:     []lr.Ref{misconfigured, permissive, unvalidated, {Source: "CWE", ID: "187"}, {Source: "CWE", ID: "777"}, asvsOrigin, rfcOrigin},
	Needs:    lr.Routes | lr.Credentials,
	Run:      func(ctx context.Context, t *lr.Trial) error { return begun.run(ctx, t) },
}

// begun asks as an origin that begins like an allowed one.
var begun = attack{like: origin.begins, before: []attack{anyOrigin}, said: "an origin is compared by how it begins"}
