package operations

import (
	"context"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/source/env"
	"github.com/launchready/launchready/source/finding"
)

var placeholderValue = &lr.Check{
	ID:       "operations/placeholder-value",
	Title:    "No placeholder is left where production reads it",
	Why:      "changeme is a value that works until somebody tries it: as the key that signs sessions it signs everybody's.",
	Fix:      "Replace it by a value of the vault, and refuse to start with a placeholder.",
	Severity: lr.High,
	Refs:     []lr.Ref{{Source: "CWE", ID: "1392"}, {Source: "CWE", ID: "798"}},
	Needs:    lr.Repository,
	Run: func(ctx context.Context, t *lr.Trial) error {
		return finding.Gaps(ctx, t, env.PlaceholderLeft, "a placeholder stands where a value belongs", "no placeholder is left")
	},
}
