package input

import (
	"context"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/source"
	"github.com/launchready/launchready/source/finding"
)

var sourceWebhook = &lr.Check{
	ID:       "input/source-webhook",
	Title:    "Webhook handlers in the source check a signature",
	Why:      "The address of a webhook is no secret: whoever knows it can say that an invoice was paid.",
	Fix:      "Verify the signature over the raw body before anything else, and refuse what is older than five minutes.",
	Severity: lr.Medium,
	Refs:     []lr.Ref{{Source: "CWE", ID: "345"}},
	Needs:    lr.Repository,
	Extra:    true,
	Run: func(ctx context.Context, t *lr.Trial) error {
		return finding.Facts(ctx, t, source.WebhookOpen, "a webhook is taken without a look at its signature")
	},
}
