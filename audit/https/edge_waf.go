package https

import (
	"context"
	"encoding/json"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/probe/cloudflare"
)

var edgeWAF = &lr.Check{
	ID:       "https/edge-waf",
	Title:    "Managed rules look at every request",
	Why:      "Managed rules stop known exploits on the day that they become known, before the product is patched. Buyers ask whether there is a firewall for web applications, and whether it blocks.",
	Fix:      "Security > WAF > Managed rules: deploy the Cloudflare Managed Ruleset for all requests, with its own actions. Let it log for a few days first, and make exceptions for single paths.",
	Severity: lr.Medium,
	Refs:     []lr.Ref{mvspEdge},
	Needs:    lr.Domain,
	Run: func(ctx context.Context, t *lr.Trial) error {
		v, err := inside(ctx, t, phaseManaged)
		if v == nil {
			return err
		}
		name := t.Target.Domain.Name
		var logged *cloudflare.Rule
		for _, r := range v.enabled(phaseManaged) {
			if r.Action != "execute" {
				continue
			}
			if onlyLogs(r) {
				logged = &r
				continue
			}
			t.Pass(said(ruled(phaseManaged, r)), name, "managed rules are deployed")
			return nil
		}
		if logged != nil {
			t.Fail(said(ruled(phaseManaged, *logged), string(logged.Parameters)), name, "the managed rules only log what they find")
			return nil
		}
		t.Fail(said(phaseManaged+": no rule that is on executes a managed ruleset"), name, "no managed rules are deployed")
		return nil
	},
}

// onlyLogs reports a deployment whose every action is overridden by log.
func onlyLogs(r cloudflare.Rule) bool {
	var p struct {
		Overrides struct {
			Action  string `json:"action"`
			Enabled *bool  `json:"enabled"`
		} `json:"overrides"`
	}
	if json.Unmarshal(r.Parameters, &p) != nil {
		return false
	}
	return p.Overrides.Action == "log" || p.Overrides.Enabled != nil && !*p.Overrides.Enabled
}
