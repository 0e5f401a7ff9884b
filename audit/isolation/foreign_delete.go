package isolation

import (
	"context"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/oracle"
)

var foreignDelete = &lr.Check{
	ID:       "isolation/foreign-delete",
	Title:    "An object is deleted by its own tenant only",
	Why:      "A customer who can delete another's chats and files destroys data that no backup restores in time.",
	Fix:      "Put the tenant into the `DELETE` itself and answer what matched nothing as not found.",
	Guard:    "ownership",
	Severity: lr.Critical,
	Refs:     []lr.Ref{bola, cwe639, asvsItem, asvsCross},
	Needs:    lr.Routes | lr.TwoTenants,
	Effect:   lr.Destroys,
	Run: func(ctx context.Context, t *lr.Trial) error {
		return writes(ctx, t, func(rt *lr.Route) bool { return rt.Method == "DELETE" && rt.Kind != lr.SignOut }, oracle.Delete)
	},
}
