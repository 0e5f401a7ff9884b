package model

import (
	"context"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/source"
	"github.com/launchready/launchready/source/finding"
)

var sourceAnalytics = &lr.Check{
	ID:       "model/source-analytics",
	Title:    "Customers' content is not sent to analytics",
	Why:      "What customers write belongs to them. Sent to an analytics service it is with one more processor, for as long as that keeps it, and the contract says otherwise.",
	Fix:      "Send the event and counts, never the text; name every processor in the data processing agreement.",
	Severity: lr.Medium,
	Refs:     []lr.Ref{{Source: "CWE", ID: "359"}, {Source: "OWASP LLM", ID: "LLM02:2025"}},
	Needs:    lr.Repository,
	Extra:    true,
	Run: func(ctx context.Context, t *lr.Trial) error {
		return finding.Facts(ctx, t, source.AnalyticsData, "content of customers is sent to analytics")
	},
}
