package isolation

import (
	"context"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/database"
)

var dbUnsetTenant = &lr.Check{
	ID:    "isolation/db-unset-tenant",
	Title: "A session that set no tenant sees nothing",
	Why: "A job, a console, a new code path forgets to set the tenant. Then the database must show nothing at all. A policy that lets everything through where none is set, which is " +
		"handy for nightly jobs, turns each such mistake into a leak.",
	Fix:      "Compare the tenant without an alternative for none, and give jobs over all tenants a role of their own. Mind that a setting that was set once is empty, not NULL, on the same connection afterwards.",
	Severity: lr.High,
	Refs:     []lr.Ref{asvsCross, cwe863, {Source: "CWE", ID: "636"}},
	Needs:    lr.Database,
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
		found, _ := witnesses(ctx, t, e) // without one any row will do
		if ctx.Err() != nil {
			return ctx.Err()
		}
		seen := map[uint32][]string{} // by whom, with what was said
		failed := map[uint32]error{}
		said := map[uint32][]string{}
		err = connected(ctx, t, func(d *database.DB) error {
			look := func(ctx context.Context, a *database.Asking) error {
				return eachTable(tables, func(tb *database.Table) error {
					if !tb.May.Select || seen[tb.OID] != nil {
						return nil
					}
					var got bool
					var err error
					if w := found[tb.OID]; w != nil && w.open == "" {
						got, err = a.Sees(ctx, w.row)
					} else {
						got, err = a.SeesAny(ctx, tb)
					}
					lines := a.Take()
					said[tb.OID] = append(said[tb.OID], lines...)
					switch {
					case got:
						seen[tb.OID] = lines
					case err != nil && !database.FailsClosed(err):
						failed[tb.OID] = err
						return err
					}
					return nil
				})
			}
			if err := d.Ask(ctx, e.Catalogue, e.Tenancy.As(""), look); err != nil {
				return err
			}
			s, err := twoSides(t)
			if err != nil || e.Tenancy.Set == "" {
				return nil //nolint:nilerr // the second look needs a tenant, the first did not
			}
			// A setting that was set in an earlier transaction is empty in the next.
			if err := d.Ask(ctx, e.Catalogue, e.Tenancy.As(s.victim.TenantID), func(context.Context, *database.Asking) error { return nil }); err != nil {
				return err
			}
			return d.Ask(ctx, e.Catalogue, e.Tenancy.As(""), look)
		})
		if err != nil {
			return err
		}
		for _, tb := range tables {
			w := found[tb.OID]
			switch {
			case !tb.May.Select:
				t.Pass(describe(tb), tb.String(), "%s may not read it", e.Tenancy.Role)
			case seen[tb.OID] != nil:
				t.Fail(lr.Evidence{Records: append(seen[tb.OID], describe(tb).Records...)}, tb.String(), "as %s with no tenant set, rows are seen", e.Tenancy.Role)
			case failed[tb.OID] != nil:
				t.Unknown(tb.String(), "%v", failed[tb.OID])
			case (w == nil || w.open != "") && tb.Rows <= 0:
				t.Unknown(tb.String(), "no row is known to be there")
			default:
				t.Pass(lr.Evidence{Records: said[tb.OID]}, tb.String(), "nothing is seen without a tenant")
			}
		}
		return nil
	},
}
