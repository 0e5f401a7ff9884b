package hygiene

import (
	"context"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/source"
	"github.com/launchready/launchready/source/finding"
)

var sourceError = &lr.Check{
	ID:       "hygiene/source-error",
	Title:    "Error handlers in the source answer without the error",
	Why:      "A handler that sends the error or its stack does so for every fault that nobody thought of, and only then.",
	Fix:      "Answer with an id and a sentence of your own; log the error under the id.",
	Severity: lr.Medium,
	Refs:     []lr.Ref{errorText, asvsErrors},
	Needs:    lr.Repository,
	Extra:    true,
	Run: func(ctx context.Context, t *lr.Trial) error {
		return finding.Facts(ctx, t, source.ErrorLeak, "an error handler answers with the error itself")
	},
}
