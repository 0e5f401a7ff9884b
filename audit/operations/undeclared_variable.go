package operations

import (
	"context"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/source/env"
	"github.com/launchready/launchready/source/finding"
)

var undeclaredVariable = &lr.Check{
	ID:       "operations/undeclared-variable",
	Title:    "Every variable that the code needs is declared",
	Why:      "A variable that no file names is known to whoever wrote the line. The next deployment, the next region and the next colleague start without it, and the product fails in the place that reads it.",
	Fix:      "Add it to .env.example with a sentence, and to what production runs with. Read the environment in one place at the start, and refuse to start without what is needed.",
	Severity: lr.Medium,
	Refs:     []lr.Ref{{Source: "CWE", ID: "1188"}},
	Needs:    lr.Repository,
	Run: func(ctx context.Context, t *lr.Trial) error {
		return finding.Gaps(ctx, t, env.Undeclared, "the code needs it, and no file declares it", "every variable that the code needs is declared")
	},
}
