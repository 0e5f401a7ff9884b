package secrets

import (
	"context"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/source/env"
	"github.com/launchready/launchready/source/finding"
)

var publicVariable = &lr.Check{
	ID:       "secrets/public-variable",
	Title:    "No server's secret has a name that puts it into the bundle",
	Why:      "Build tools copy every variable with a public prefix into the code that browsers load. Somebody adds the prefix because the value was undefined in the browser, and publishes the key.",
	Fix:      "Take the prefix off, change the secret, and call what needs it from the server.",
	Severity: lr.Critical,
	Refs:     []lr.Ref{exposed, asvsClient},
	Needs:    lr.Repository,
	Run: func(ctx context.Context, t *lr.Trial) error {
		return finding.Gaps(ctx, t, env.PublicSecret, "a server's secret has a public prefix, with which it is built into the front end", "no secret has a public prefix")
	},
}
