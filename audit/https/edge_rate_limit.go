package https

import (
	"context"

	lr "github.com/launchready/launchready"
)

var edgeRateLimit = &lr.Check{
	ID:    "https/edge-rate-limit",
	Title: "The edge limits how often one address may come",
	Why: "A flood of requests to sign-in or chat reaches the origin at full speed unless the edge counts: the product's own limits are computed by the machine that is being flooded, and every chat costs money. " +
		"Protection against floods of packets does not see a thousand well-formed requests a second.",
	Fix:      "Security > WAF > Rate limiting rules: one for sign-in and one for chat, by address, above what an office needs (`domain.edge.limits` and `launchready edge plan`).",
	Severity: lr.Medium,
	Refs:     []lr.Ref{owaspRate},
	Needs:    lr.Domain,
	Run: func(ctx context.Context, t *lr.Trial) error {
		v, err := inside(ctx, t, phaseLimit)
		if v == nil {
			return err
		}
		name := t.Target.Domain.Name
		for _, r := range v.enabled(phaseLimit) {
			if len(r.Limit) > 0 && r.Action != "log" && r.Action != "skip" {
				t.Pass(said(ruled(phaseLimit, r), string(r.Limit)), name, "requests are limited by the edge")
				return nil
			}
		}
		t.Fail(said(phaseLimit+": no rule that is on refuses anything"), name, "the edge limits nobody")
		return nil
	},
}
