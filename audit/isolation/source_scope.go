package isolation

import (
	"context"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/source"
	"github.com/launchready/launchready/source/finding"
)

var sourceScope = &lr.Check{
	ID:       "isolation/source-scope",
	Title:    "The source does not switch tenant scoping off",
	Why:      "A call that leaves the default scope or row security out reads every tenant's rows. It is written for a report or a job, and then copied into a handler.",
	Fix:      "Keep such calls in one module that no handler imports, and give the job a role of its own.",
	Severity: lr.Medium,
	Refs:     []lr.Ref{{Source: "OWASP API", ID: "API1:2023"}, {Source: "CWE", ID: "284"}},
	Needs:    lr.Repository,
	Extra:    true,
	Run: func(ctx context.Context, t *lr.Trial) error {
		return finding.Facts(ctx, t, source.ScopeBypass, "the tenant scope is switched off")
	},
}
