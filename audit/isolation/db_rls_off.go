package isolation

import (
	"context"
	"strings"

	lr "github.com/launchready/launchready"
)

var dbRLSOff = &lr.Check{
	ID:    "isolation/db-rls-off",
	Title: "Every table of tenants' rows has row-level security",
	Why: "One query that forgets its `WHERE tenant_id` shows a customer everybody's rows. With row-level security the database refuses what the code forgot. " +
		"Policies on a table where it is not enabled do nothing.",
	Fix:      "`ALTER TABLE … ENABLE ROW LEVEL SECURITY`, `FORCE` it, and give the table a policy on its tenant's column. `launchready fix rls` writes the migration. A table that belongs to nobody goes under `database.shared`.",
	Severity: lr.Medium,
	Refs:     []lr.Ref{asvsCross, cwe284},
	Needs:    lr.Database,
	Extra:    true,
	Run: func(ctx context.Context, t *lr.Trial) error {
		e, err := estateOf(ctx, t, "policies")
		if err != nil {
			return err
		}
		tables := e.Tenanted()
		var names []string
		for _, tb := range tables {
			if !tb.RLS {
				names = append(names, tb.String())
			}
		}
		if len(names) == len(tables) {
			t.Fail(recorded("row-level security is off on %s", strings.Join(names, ", ")), "application",
				"none of the %d tables that hold tenants' rows has row-level security: the code alone keeps tenants apart", len(tables))
			return nil
		}
		for _, tb := range tables {
			switch {
			case tb.RLS:
				t.Pass(describe(tb), tb.String(), "row-level security is on")
			case len(tb.Policies) > 0:
				t.Fail(describe(tb), tb.String(), "its policies do nothing (%d): row-level security was never enabled, and every row is open to %s", len(tb.Policies), e.Tenancy.Role)
			default:
				t.Fail(describe(tb), tb.String(), "row-level security is off, so that every row is open to %s; other tables have it on", e.Tenancy.Role)
			}
		}
		return nil
	},
}
