package isolation

import (
	"context"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/oracle"
)

var exportLeak = &lr.Check{
	ID:       "isolation/export-leak",
	Title:    "Exports hold the caller's tenant only",
	Why:      "Export jobs often run with a database role of their own and a query of their own. One without the tenant is a download of every customer's data.",
	Fix:      "Give the export job the tenant of the caller who asked for it, filter every query in it, and check the tenant again when the result is fetched.",
	Guard:    "ownership",
	Severity: lr.Critical,
	Refs:     []lr.Ref{bola, cwe639, asvsCross},
	Needs:    lr.Routes | lr.TwoTenants,
	Run: func(ctx context.Context, t *lr.Trial) error {
		list, open := foreignReads(t, func(p oracle.Probe) bool { return exports(p.Route) })
		for _, a := range list {
			if a.probe.Route.Kind != lr.Export && a.probe.Route.Kind != lr.Download {
				continue
			}
			// The attacker's own export may hold the victim's data too. Both are made
			// now: what was exported while the run still seeded may lack either side.
			p := a.probe
			own, err := t.Stage.Fresh(ctx, p.Route.Resource, p.As)
			if err != nil && oracle.Fatal(ctx, err) {
				return err
			}
			theirs, err := t.Stage.Fresh(ctx, p.Route.Resource, p.Victim)
			if err != nil && oracle.Fatal(ctx, err) {
				return err
			}
			if keyed(p) && own != nil && theirs != nil {
				p.Object = theirs
				p.Base, p.Note = own, p.Note+", own export"
				list = append(list, asking{p, a.subject})
			}
		}
		return ask(ctx, t, list, open)
	},
}

// exports reports whether a route hands out data in bulk.
func exports(rt *lr.Route) bool { return rt.Kind == lr.Export || names(rt, "export", "exports") }
