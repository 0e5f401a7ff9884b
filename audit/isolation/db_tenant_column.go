package isolation

import (
	"context"

	lr "github.com/launchready/launchready"
)

var dbTenantColumn = &lr.Check{
	ID:    "isolation/db-tenant-column",
	Title: "Every table of customers' data says whose each row is",
	Why: "A row that is a customer's only by way of its parent is guarded by every query that remembers the join, and by none that forgets it. Exports, deletions for one " +
		"customer and policies need the tenant on the row itself.",
	Fix:      "Give the table the tenant's column, filled from its parent, in its foreign key, and in a policy. A policy that looks the parent up does as well. A table that belongs to nobody goes under `database.shared`.",
	Severity: lr.Low,
	Refs:     []lr.Ref{asvsCross, cwe284},
	Needs:    lr.Database,
	Extra:    true,
	Run: func(ctx context.Context, t *lr.Trial) error {
		e, err := estateOf(ctx, t, "foreign keys", "policies", "what policies read")
		if err != nil {
			return err
		}
		for _, tb := range e.Tenanted() {
			t.Pass(recorded("%s.%s holds the tenant", tb, e.Column(tb)), tb.String(), "%s says whose each row is", e.Column(tb))
		}
		for _, tb := range e.Untenanted() {
			if tb.RLS && len(tb.Policies) > 0 && len(openPolicies(e, tb)) == 0 {
				t.Pass(describe(tb), tb.String(), "its policies look its rows' parents up")
				continue
			}
			t.Fail(describe(tb), tb.String(), "it leads to %s and has no tenant's column and no policy of its own: whoever has an id has the row", e.Leads(tb))
		}
		return nil
	},
}
