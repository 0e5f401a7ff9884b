package cors

import (
	"context"

	lr "github.com/launchready/launchready"
)

var subdomainOrigin = &lr.Check{
	ID:    "cors/subdomain-origin",
	Title: "Not every subdomain is let in",
	Why: "A policy for every name under the domain trusts each of them like the product: the blog, the status page, a forgotten DNS record that anybody can claim, " +
		"a customer's own subdomain. A script on one of them reads what the user reads.",
	Fix:      "List the origins that need access, by name. Where tenants have subdomains, look the name up among the tenants instead of matching a pattern.",
	Guard:    "cors",
	Severity: lr.Medium,
	Refs:     []lr.Ref{misconfigured, permissive, unvalidated, asvsOrigin, rfcOrigin},
	Needs:    lr.Routes | lr.Credentials,
	Run:      func(ctx context.Context, t *lr.Trial) error { return subdomains.run(ctx, t) },
}

// subdomains asks as names that the domain's zone does not have.
var subdomains = attack{like: origin.below, before: []attack{anyOrigin, finishing}, said: "a made-up subdomain is let in"}
