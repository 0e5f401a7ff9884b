package isolation

import (
	"context"
	"fmt"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/database"
)

var dbTenantIndex = &lr.Check{
	ID:    "isolation/db-tenant-index",
	Title: "The tenant's column leads an index",
	Why: "Row-level security adds the tenant to every query. Without an index that begins with it one customer's request reads all customers' rows, so that the largest customer slows " +
		"everyone, and somebody will switch the policies off to mend that.",
	Fix:      "`CREATE INDEX CONCURRENTLY ON … (tenant_id, …)`. `launchready fix rls` writes the migration.",
	Severity: lr.Low,
	Refs:     []lr.Ref{{Source: "CWE", ID: "1049"}, {Source: "CWE", ID: "400"}},
	Needs:    lr.Database,
	Extra:    true,
	Run: func(ctx context.Context, t *lr.Trial) error {
		e, err := estateOf(ctx, t, "indexes")
		if err != nil {
			return err
		}
		for _, tb := range e.Tenanted() {
			column := e.Column(tb)
			if name := leadingIndex(tb, column); name != "" {
				t.Pass(recorded("index %s of %s begins with %s", name, tb, column), tb.String(), "%s leads %s", column, name)
				continue
			}
			rows := "a number of rows that was never counted"
			if tb.Rows >= 0 {
				rows = fmt.Sprintf("about %.0f rows", tb.Rows)
			}
			t.Fail(recorded("%s: indexes %d, none begins with %s; %s by the statistics", tb, len(tb.Indexes), column, rows), tb.String(), "no index begins with %s", column)
		}
		return nil
	},
}

// leadingIndex is the name of a whole, valid index that begins with the column.
func leadingIndex(tb *database.Table, column string) string {
	for _, i := range tb.Indexes {
		if i.Valid && !i.Partial && len(i.Columns) > 0 && i.Columns[0] == column {
			return i.Name
		}
	}
	return ""
}
