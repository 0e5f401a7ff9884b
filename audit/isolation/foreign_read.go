package isolation

import (
	"context"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/oracle"
)

var foreignRead = &lr.Check{
	ID:    "isolation/foreign-read",
	Title: "An object is shown to its own tenant only",
	Why:   "A buyer's tester signs up as a second customer and asks for the first one's ids. One route that answers shows every customer's chats to every other.",
	Fix: "Put the tenant of the verified caller into the query that loads the object (`WHERE id = ? AND tenant_id = ?`), in the one place through which every route loads it, " +
		"and answer a foreign id exactly as a missing one.",
	Guard:    "ownership",
	Severity: lr.Critical,
	Refs:     []lr.Ref{bola, cwe639, asvsItem, asvsCross},
	Needs:    lr.Routes | lr.TwoTenants,
	Run: func(ctx context.Context, t *lr.Trial) error {
		list, open := foreignReads(t, func(p oracle.Probe) bool {
			switch p.Route.Kind {
			case lr.List, lr.Search, lr.Export, lr.Download, lr.Stream, lr.Health, lr.WhoAmI:
				return false
			}
			return keyed(p) && !exports(p.Route) && (p.Object != nil || !tenantKeyed(p.Route))
		})
		for i, a := range list {
			if a.probe.Object == nil {
				list[i].probe.Vary = atVictim(ctx, t, a.probe)
			}
		}
		return ask(ctx, t, list, open)
	},
}

// atVictim points a request at the victim's own user or tenant, where a route is
// keyed by one of those.
func atVictim(ctx context.Context, t *lr.Trial, p oracle.Probe) func(*lr.Request) {
	r, err := t.Stage.Request(ctx, p.Route, nil, p.Victim)
	if err != nil {
		return nil
	}
	return func(attack *lr.Request) { attack.Path = r.Path }
}
