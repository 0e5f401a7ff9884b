package input

import (
	"context"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/source"
	"github.com/launchready/launchready/source/finding"
)

var sourceSQL = &lr.Check{
	ID:       "input/source-sql",
	Title:    "No statement is put together from texts in the source",
	Why:      "A statement that is put together from a text and a value is an injection as soon as the value comes from a request. The live test reaches the routes that are described; the source shows the others.",
	Fix:      "Use parameters ($1, ?), also for the last filter; take column names from a list of your own.",
	Severity: lr.High,
	Refs:     []lr.Ref{{Source: "OWASP", ID: "A03:2021"}, {Source: "CWE", ID: "89"}},
	Needs:    lr.Repository,
	Extra:    true,
	Run: func(ctx context.Context, t *lr.Trial) error {
		return finding.Facts(ctx, t, source.RawSQL, "a statement is put together from texts and values")
	},
}
