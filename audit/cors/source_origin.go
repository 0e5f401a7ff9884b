package cors

import (
	"context"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/source"
	"github.com/launchready/launchready/source/finding"
)

var sourceOrigin = &lr.Check{
	ID:       "cors/source-origin",
	Title:    "The source allows origins by name",
	Why:      "A policy that echoes the origin or allows all with credentials lets every page that a customer visits read the API as that customer.",
	Fix:      "List the origins that are yours, and compare whole strings.",
	Severity: lr.Medium,
	Refs:     []lr.Ref{{Source: "CWE", ID: "942"}, {Source: "OWASP API", ID: "API8:2023"}},
	Needs:    lr.Repository,
	Extra:    true,
	Run: func(ctx context.Context, t *lr.Trial) error {
		return finding.Facts(ctx, t, source.CORSOpen, "any origin is allowed, with credentials")
	},
}
