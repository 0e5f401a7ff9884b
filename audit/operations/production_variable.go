package operations

import (
	"context"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/source/env"
	"github.com/launchready/launchready/source/finding"
)

var productionVariable = &lr.Check{
	ID:       "operations/production-variable",
	Title:    "What the example declares is set in production",
	Why:      "The example has it, the code needs it, and no file of production gives it: somebody set it by hand once, and the next environment is without it.",
	Fix:      "Set it in production's manifest, by reference to the vault where it is secret.",
	Severity: lr.Medium,
	Refs:     []lr.Ref{{Source: "CWE", ID: "1188"}},
	Needs:    lr.Repository,
	Run: func(ctx context.Context, t *lr.Trial) error {
		return finding.Gaps(ctx, t, env.MissingProduction, "the code needs it, the example has it, and no file of production sets it", "what the example declares is set in production")
	},
}
