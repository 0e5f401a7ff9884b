package https

import (
	"context"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/probe/cloudflare"
)

var edgeToken = &lr.Check{
	ID:       "https/edge-token",
	Title:    "The token for the edge is one of its own, and ends",
	Why:      "Whoever has a token that never ends can point the domain elsewhere years after somebody left it in a build log. A global key can do so with every domain of the account.",
	Fix:      "Make an API token for this zone alone, with the permissions that it needs and a date on which it ends, and note the renewal. Never use the global key.",
	Severity: lr.Medium,
	Refs:     []lr.Ref{{Source: "CWE", ID: "613"}},
	Needs:    lr.Domain,
	Run: func(ctx context.Context, t *lr.Trial) error {
		v, err := inside(ctx, t, "")
		if v == nil {
			return err
		}
		name := t.Target.Domain.Name
		switch why := v.Lacks["token"]; {
		case why != nil && cloudflare.Forbidden(why):
			t.Fail(said("user/tokens/verify: refused"), name, "what was given is no API token that can be verified: it may be a global key")
		case why != nil:
			t.Unknown(name, "%v", why)
		case v.Expires == "":
			t.Fail(said("token: "+v.Status+", without an end"), name, "the token never ends")
		default:
			t.Pass(said("token: "+v.Status+", ends "+v.Expires), name, "it ends on %s", v.Expires)
		}
		return nil
	},
}
