package isolation

import (
	"context"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/source"
	"github.com/launchready/launchready/source/finding"
)

var sourceQuery = &lr.Check{
	ID:       "isolation/source-query",
	Title:    "Queries in the source name the tenant",
	Why:      "A query without the tenant is right as long as nobody else's id reaches it. One route that takes an id from outside makes it a leak of every customer.",
	Fix:      "Put the tenant into the query, or run it where row-level security does (a transaction that sets the tenant).",
	Severity: lr.Medium,
	Refs:     []lr.Ref{{Source: "OWASP API", ID: "API1:2023"}, {Source: "CWE", ID: "639"}},
	Needs:    lr.Repository,
	Extra:    true,
	Run: func(ctx context.Context, t *lr.Trial) error {
		return finding.Facts(ctx, t, source.NoTenant, "a query of a table that belongs to tenants does not name one")
	},
}
