package auth

import (
	"context"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/source"
	"github.com/launchready/launchready/source/finding"
)

var handlerDecides = &lr.Check{
	ID:       "auth/handler-decides",
	Title:    "One place in the source decides who the caller is",
	Why:      "A handler that looks at the credential itself is a second place that decides. The next change is made in one of the two, and the buyer's tester finds the other.",
	Fix:      "Let one middleware decide, before every handler, and hand the handler the verified caller.",
	Severity: lr.Medium,
	Refs:     []lr.Ref{{Source: "CWE", ID: "1220"}, {Source: "ASVS", ID: "v5.0.0-8.3.1"}},
	Needs:    lr.Repository,
	Extra:    true,
	Run: func(ctx context.Context, t *lr.Trial) error {
		return finding.Facts(ctx, t, source.InlineAuth, "the handler decides on the credential itself")
	},
}
