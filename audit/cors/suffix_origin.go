package cors

import (
	"context"

	lr "github.com/launchready/launchready"
)

var suffixOrigin = &lr.Check{
	ID:    "cors/suffix-origin",
	Title: "Origins are compared from their beginning, dots as dots",
	Why: "Where only the end is compared, `https://evilexample.com` passes for `https://example.com`; where the dots of a pattern are not escaped, " +
		"`https://appxexample.com` passes for `https://app.example.com`. Both names are free to register.",
	Fix: "Compare whole origins for equality. Where every subdomain is meant, compare with the dot before the name (`.example.com`), and in a pattern write dots as `\\.` " +
		"and anchor it at both ends.",
	Guard:    "cors",
	Severity: lr.High,
	Refs:     []lr.Ref{misconfigured, permissive, unvalidated, {Source: "CWE", ID: "187"}, {Source: "CWE", ID: "625"}, asvsOrigin, rfcOrigin},
	Needs:    lr.Routes | lr.Credentials,
	Run:      func(ctx context.Context, t *lr.Trial) error { return finishing.run(ctx, t) },
}

// finishing asks as an origin that ends like an allowed one.
var finishing = attack{like: origin.ends, before: []attack{anyOrigin}, said: "an origin is compared by how it ends, or by a pattern whose dots match anything"}
