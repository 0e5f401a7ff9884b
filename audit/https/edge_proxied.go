package https

import (
	"context"

	lr "github.com/launchready/launchready"
)

var edgeProxied = &lr.Check{
	ID:    "https/edge-proxied",
	Title: "The product's hosts are behind the edge, and mail hosts are not",
	Why: "A host that is resolved past the edge shows the origin's address to everyone: attackers go there directly, and no rule, limit or firewall of the edge sees them. " +
		"A mail host behind it takes no mail.",
	Fix:      "Turn proxying on for each web host (DNS > Records, or `launchready edge plan`), and off for hosts that MX records name. Then let the origin take web traffic from the edge only.",
	Severity: lr.High,
	Refs:     []lr.Ref{cweExpose, mvspEdge},
	Needs:    lr.Domain,
	Run: func(ctx context.Context, t *lr.Trial) error {
		v, err := inside(ctx, t, "records")
		if v == nil {
			return err
		}
		mail := map[string]bool{}
		for _, r := range v.Records {
			if r.Type == "MX" {
				mail[r.Content] = true
			}
		}
		for _, h := range t.Target.Domain.Hosts {
			for _, r := range v.at(h) {
				switch {
				case mail[h]:
				case r.Proxied:
					t.Pass(said(recorded(r)), h, "its traffic goes through the edge")
				case r.Type == "CNAME" && !owned(t.Target.Domain, r.Content):
					t.Pass(said(recorded(r)), h, "it is an alias of a service that has an edge of its own to care for")
				default:
					t.Fail(said(recorded(r)), h, "it is resolved past the edge: everybody sees the address %s", r.Content)
				}
			}
		}
		for name := range mail {
			for _, r := range v.at(name) {
				if r.Proxied {
					t.Fail(said(name+" is named by an MX record", recorded(r)), name, "it takes mail and is behind the edge, which passes no mail on")
				}
			}
		}
		return nil
	},
}
