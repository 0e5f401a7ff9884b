package isolation

import (
	"context"
	"fmt"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/database"
)

var dbForeignRead = &lr.Check{
	ID:    "isolation/db-foreign-read",
	Title: "A session of one tenant reads no row of another",
	Why: "Policies are written once and trusted for years. Asked as the application, with one customer's id set the way it sets it, the database shows another customer's row: " +
		"the net that everything else relies on has a hole.",
	Fix:      "Look at the policies that the evidence names: those of one command are joined by OR, and the widest decides. `launchready fix rls` writes the migration, and a test that asks the same question.",
	Severity: lr.High,
	Refs:     []lr.Ref{bola, asvsCross, cwe863},
	Needs:    lr.Database | lr.TwoTenants,
	Extra:    true,
	Run: func(ctx context.Context, t *lr.Trial) error {
		e, err := estateOf(ctx, t)
		if err != nil {
			return err
		}
		tables := guarded(t, e)
		if len(tables) == 0 {
			return nil
		}
		found, err := witnesses(ctx, t, e)
		if err != nil {
			return err
		}
		return asAttackers(ctx, t, e, found, tables, func(ctx context.Context, a *database.Asking, tb *database.Table, w *witness) error {
			seen, err := a.Sees(ctx, w.row)
			what := w.row.String()
			if err == nil && !seen && w.row.Table.Rows <= smallTable {
				// Another tenant's row than the witness may be open: those marked as shared.
				seen, err = a.SeesOther(ctx, tb, e.Column(tb), w.attacker.TenantID)
				what = "a row of another tenant"
			}
			said := a.Take()
			switch {
			case err != nil:
				t.Unknown(tb.String(), "%v", err)
				return err
			case !seen:
				t.Pass(lr.Evidence{Records: append(w.said, said...)}, tb.String(), "%s sees no row of %s", w.attacker.Tenant, w.victim.Tenant)
				return nil
			}
			evidence, severity, joined := leak{w, said}.evidence(ctx, t)
			evidence.Records = append(evidence.Records, describe(tb).Records...)
			t.Report(lr.Outcome{Verdict: lr.Failed, Confidence: lr.Confirmed, Severity: severity, Subject: tb.String(), Evidence: evidence,
				Message: fmt.Sprintf("as %s with %s set, %s is read, which is %s's.%s", e.Tenancy.Role, w.attacker.Tenant, what, w.victim.Tenant, joined)})
			return nil
		})
	},
}

// smallTable is up to how many rows, by the statistics, a table is looked over as
// well as asked by its key.
const smallTable = 10_000

// asAttackers asks about each table as the tenant whose the witness is not, and
// leaves open the tables that have none.
func asAttackers(ctx context.Context, t *lr.Trial, e *database.Estate, found map[uint32]*witness, tables []*database.Table,
	f func(context.Context, *database.Asking, *database.Table, *witness) error) error {
	sessions := map[sides][]*database.Table{}
	var order []sides
	for _, tb := range tables {
		w := found[tb.OID]
		switch {
		case !tb.May.Select:
			t.Pass(describe(tb), tb.String(), "%s may not read it", e.Tenancy.Role)
		case w == nil || w.open != "":
			why := "it was not asked: the database stopped answering"
			if w != nil {
				why = w.open
			}
			t.Unknown(tb.String(), "%s", why)
		default:
			if sessions[w.sides] == nil {
				order = append(order, w.sides)
			}
			sessions[w.sides] = append(sessions[w.sides], tb)
		}
	}
	if len(order) == 0 {
		return nil
	}
	return connected(ctx, t, func(d *database.DB) error {
		for _, s := range order {
			err := d.Ask(ctx, e.Catalogue, e.Tenancy.As(s.attacker.TenantID), func(ctx context.Context, a *database.Asking) error {
				return eachTable(sessions[s], func(tb *database.Table) error { return f(ctx, a, tb, found[tb.OID]) })
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
}
