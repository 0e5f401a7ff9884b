package isolation

import (
	"context"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/oracle"
)

var listLeak = &lr.Check{
	ID:       "isolation/list-leak",
	Title:    "Lists show the caller's tenant only",
	Why:      "A list without a tenant filter hands over every customer's records in one request, names and ids included.",
	Fix:      "Filter every list by the tenant of the verified caller in the query itself; for a list below a parent, check the parent's tenant first.",
	Guard:    "tenant_binding",
	Severity: lr.Critical,
	Refs:     []lr.Ref{bola, cwe639, asvsCross},
	Needs:    lr.Routes | lr.TwoTenants,
	Run: func(ctx context.Context, t *lr.Trial) error {
		list, open := foreignReads(t, func(p oracle.Probe) bool {
			if tenantKeyed(p.Route) {
				return false
			}
			switch p.Route.Kind {
			case lr.List:
				return true
			case lr.OtherKind, lr.Action, lr.Read:
				return !keyed(p)
			}
			return false
		})
		return ask(ctx, t, list, open)
	},
}
