package isolation

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/database"
)

var dbView = &lr.Check{
	ID:    "isolation/db-view",
	Title: "No view shows past the policies of its tables",
	Why: "A view reads as its owner, unless it says `security_invoker`, and a materialized view is a copy that no policy covers. One report for the dashboard then shows every " +
		"customer's rows, from tables that are protected.",
	Fix:      "`ALTER VIEW … SET (security_invoker = true)` (Postgres 15), own it by a role that the policies hold for before that; keep materialized views from the application's role, or filter them. Mind functions that a view calls. `launchready fix rls` writes the migration.",
	Severity: lr.Medium,
	Refs:     []lr.Ref{asvsCross, cwe863},
	Needs:    lr.Database,
	Extra:    true,
	Run: func(ctx context.Context, t *lr.Trial) error {
		e, err := estateOf(ctx, t, "what views read")
		if err != nil {
			return err
		}
		views := e.Views()
		if len(guarded(t, e)) == 0 {
			return nil
		}
		if len(views) == 0 {
			t.NotApplicable("%s may read no view", e.Tenancy.Role)
			return nil
		}
		shown, err := throughViews(ctx, t, e, views)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		for _, v := range views {
			text := recorded("view %s of %s, security_invoker %t: %s", v, v.Owner, v.Invoker, v.Definition)
			if l := shown[v.OID]; l != nil {
				t.Report(lr.Outcome{Verdict: lr.Failed, Confidence: lr.Confirmed, Severity: lr.High, Subject: v.String(), Evidence: lr.Evidence{Records: append(l.said, text.Records...)},
					Message: fmt.Sprintf("%s reads a row of %s through it, past the policies", l.witness.attacker.Tenant, l.witness.victim.Tenant)})
				continue
			}
			switch why, past := bypassing(e, v, 0); {
			case past:
				t.Fail(text, v.String(), "%s", why)
			case err != nil && e.Column(v) != "":
				t.Unknown(v.String(), "it could not be read as a tenant: %v", err)
			default:
				t.Pass(text, v.String(), "it reads as who asks, or no policy is passed")
			}
		}
		return nil
	},
}

// throughViews reads, as an attacker, the victim's rows of each view that has the
// tenant's column, where the victim sees some.
func throughViews(ctx context.Context, t *lr.Trial, e *database.Estate, views []*database.Table) (map[uint32]*leak, error) {
	if e.Tenancy.Set == "" {
		return nil, errors.New("how the application sets the tenant is not known: give database.tenant")
	}
	views = slices.DeleteFunc(slices.Clone(views), func(v *database.Table) bool { return e.Column(v) == "" })
	s, err := twoSides(t)
	if err != nil || len(views) == 0 {
		return nil, err
	}
	out := map[uint32]*leak{}
	found := map[uint32]*witness{}
	err = connected(ctx, t, func(d *database.DB) error {
		for _, s := range []sides{s, s.swapped()} {
			err := d.Ask(ctx, e.Catalogue, e.Tenancy.As(s.victim.TenantID), func(ctx context.Context, a *database.Asking) error {
				return eachTable(views, func(v *database.Table) error {
					r, err := a.Find(ctx, v, e.Column(v), s.victim.TenantID, "")
					if err == nil {
						found[v.OID] = &witness{sides: s, row: r, said: a.Take()}
					}
					return err
				})
			})
			if err != nil {
				return err
			}
			err = d.Ask(ctx, e.Catalogue, e.Tenancy.As(s.attacker.TenantID), func(ctx context.Context, a *database.Asking) error {
				return eachTable(views, func(v *database.Table) error {
					w := found[v.OID]
					if w == nil || w.sides != s || out[v.OID] != nil {
						return nil
					}
					seen, err := a.Sees(ctx, w.row)
					said := a.Take()
					if seen && !tablesShow(ctx, e, a, v, s.victim.TenantID, 0) {
						out[v.OID] = &leak{w, append(w.said, said...)}
					}
					return err
				})
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	return out, err
}

// tablesShow reports whether a table that a view reads shows the tenant's rows by
// itself: then the fault is the table's, and isolation/db-foreign-read tells it.
func tablesShow(ctx context.Context, e *database.Estate, a *database.Asking, v *database.Table, tenant string, depth int) bool {
	defer a.Take()
	for _, oid := range v.Reads {
		tb := e.Table(oid)
		switch {
		case tb == nil || depth > 8:
		case tb.IsView():
			if tablesShow(ctx, e, a, tb, tenant, depth+1) {
				return true
			}
		case e.Column(tb) != "":
			if seen, err := a.Sees(ctx, database.Row{Table: tb, Column: e.Column(tb), Tenant: tenant}); err == nil && seen {
				return true
			}
		}
	}
	return false
}

// bypassing says by which of its tables a view passes the policies: those that do
// not hold for its owner.
func bypassing(e *database.Estate, v *database.Table, depth int) (string, bool) {
	if depth > 8 {
		return "", false
	}
	for _, oid := range v.Reads {
		tb := e.Table(oid)
		switch {
		case tb == nil:
		case tb.IsView():
			if why, past := bypassing(e, tb, depth+1); past {
				return why, true
			}
		case !tb.RLS || e.Column(tb) == "":
		case v.Kind == database.Materialized:
			return fmt.Sprintf("%s is a materialized view of %s, whose policies do not cover it, and %s may read it", v, tb, e.Tenancy.Role), true
		case v.Invoker:
		default:
			if why := e.Exempt(v.Owner, tb); why != "" {
				return fmt.Sprintf("it reads %s as %s, and no policy holds there: %s", tb, v.Owner, strings.Replace(why, "it ", v.Owner+" ", 1)), true
			}
		}
	}
	return "", false
}
