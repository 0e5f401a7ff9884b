package isolation

import (
	"context"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/database"
)

var dbPooledSetting = &lr.Check{
	ID:    "isolation/db-pooled-setting",
	Title: "The tenant does not stay on a pooled connection",
	Why: "Connections are shared between requests. A tenant that is set for the session and not for the transaction is still set when the next request gets the connection: " +
		"one that sets none, or fails before it does, works as the customer before it. No policy shows that.",
	Fix:      "Set it for the transaction: `SELECT set_config('app.tenant_id', $1, true)` or `SET LOCAL`, inside the transaction of the queries; with a pooler in transaction mode nothing else holds.",
	Severity: lr.High,
	Refs:     []lr.Ref{asvsCross, {Source: "CWE", ID: "488"}},
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
		subject := e.Tenancy.Setting()
		if subject == "" {
			subject = "application"
		}
		return connected(ctx, t, func(d *database.DB) error {
			tried := 0
			var last error
			for _, tb := range tables {
				w := found[tb.OID]
				if w == nil || w.open != "" {
					continue
				}
				if tried++; tried > 5 {
					break
				}
				s, err := d.Pooled(ctx, e.Catalogue, e.Tenancy, w.row)
				switch {
				case ctx.Err() != nil:
					return ctx.Err()
				case err != nil:
					last = err
					continue
				case s.Before || !s.During:
					continue // this table tells nothing of the setting
				case s.After:
					t.Fail(lr.Evidence{Records: append(s.Said, "the tenant is set by "+e.Tenancy.Set)}, subject,
						"the next transaction on the connection, which set no tenant, still read %s's row of %s", w.victim.Tenant, tb)
				default:
					t.Pass(lr.Evidence{Records: s.Said}, subject, "the next transaction on the connection has no tenant")
				}
				return nil
			}
			if last != nil {
				return last
			}
			t.Unknown(subject, "no table shows by its rows whether a tenant is set")
			return nil
		})
	},
}
