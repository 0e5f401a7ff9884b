package isolation

import (
	"context"
	"fmt"
	"slices"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/database"
)

var dbForeignWrite = &lr.Check{
	ID:    "isolation/db-foreign-write",
	Title: "A session of one tenant writes no row of another",
	Why: "A policy without a right `WITH CHECK` lets one customer's session put rows into another's account or move its own there, and an open one for UPDATE or DELETE changes " +
		"what is not its own. Tried as the application, in a transaction that is rolled back.",
	Fix:      "Give each policy that writes a `WITH CHECK` that compares the tenant; `USING` alone says which rows may be changed, not what they may become. `launchready fix rls` writes the migration.",
	Severity: lr.High,
	Refs:     []lr.Ref{bola, asvsCross, cwe863},
	Needs:    lr.Database | lr.TwoTenants,
	Effect:   lr.Writes,
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
		if e.Replica {
			return fmt.Errorf("the database is a standby, which cannot be written to: give the address of the primary")
		}
		found, err := witnesses(ctx, t, e)
		if err != nil {
			return err
		}
		copies, err := copiesOf(ctx, t, e, found, tables)
		if err != nil {
			return err
		}
		return asWriters(ctx, t, e, found, tables, copies)
	},
}

// copiesOf reads, as the owner, the rows that the attacker then tries to write again.
func copiesOf(ctx context.Context, t *lr.Trial, e *database.Estate, found map[uint32]*witness, tables []*database.Table) (map[uint32]database.Copy, error) {
	out := map[uint32]database.Copy{}
	err := connected(ctx, t, func(d *database.DB) error {
		for _, tb := range tables {
			w := found[tb.OID]
			if w == nil || w.open != "" || !tb.May.Insert {
				continue
			}
			err := d.Ask(ctx, e.Catalogue, e.Tenancy.As(w.victim.TenantID), func(ctx context.Context, a *database.Asking) error {
				return eachTable([]*database.Table{tb}, func(*database.Table) error {
					c, err := a.Copy(ctx, w.row)
					if err == nil {
						out[tb.OID] = c
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

// writing is one way to write.
type writing struct {
	what string
	do   func(context.Context, *database.Asking) (database.Reach, error)
}

func asWriters(ctx context.Context, t *lr.Trial, e *database.Estate, found map[uint32]*witness, tables []*database.Table, copies map[uint32]database.Copy) error {
	return connected(ctx, t, func(d *database.DB) error {
		return eachTable(tables, func(tb *database.Table) error {
			w := found[tb.OID]
			switch {
			case !tb.May.Insert && !tb.May.Update && !tb.May.Delete:
				t.Pass(describe(tb), tb.String(), "%s may not write it", e.Tenancy.Role)
				return nil
			case w == nil || w.open != "":
				t.Unknown(tb.String(), "no row of a tenant was found to try it on")
				return nil
			}
			session := e.Tenancy.As(w.attacker.TenantID)
			session.Write = true
			asked := false
			err := d.Ask(ctx, e.Catalogue, session, func(ctx context.Context, a *database.Asking) error {
				asked = true
				return writeAs(ctx, t, e, a, tb, w, writings(ctx, e, a, tb, w, copies))
			})
			if err != nil && !asked {
				t.Unknown(tb.String(), "%v", err)
			}
			return err
		})
	})
}

// writings lists what is tried on a table: what the role has a right to.
func writings(ctx context.Context, e *database.Estate, a *database.Asking, tb *database.Table, w *witness, copies map[uint32]database.Copy) []writing {
	var out []writing
	if c, ok := copies[tb.OID]; ok {
		out = append(out, writing{"inserts a row for " + w.victim.Tenant, func(ctx context.Context, a *database.Asking) (database.Reach, error) { return a.Insert(ctx, c) }})
	}
	if tb.May.Update {
		out = append(out, writing{"changes a row of " + w.victim.Tenant, func(ctx context.Context, a *database.Asking) (database.Reach, error) { return a.Update(ctx, w.row) }})
		if own, err := a.Find(ctx, tb, e.Column(tb), w.attacker.TenantID, ""); err == nil && !slices.Contains(own.Key, e.Column(tb)) {
			out = append(out, writing{"moves its own row to " + w.victim.Tenant, func(ctx context.Context, a *database.Asking) (database.Reach, error) {
				return a.Move(ctx, own, w.victim.TenantID)
			}})
		}
		a.Take()
	}
	if tb.May.Delete {
		out = append(out, writing{"deletes a row of " + w.victim.Tenant, func(ctx context.Context, a *database.Asking) (database.Reach, error) { return a.Delete(ctx, w.row) }})
	}
	return out
}

func writeAs(ctx context.Context, t *lr.Trial, e *database.Estate, a *database.Asking, tb *database.Table, w *witness, tries []writing) error {
	var reached, unclear []string
	for _, try := range tries {
		r, err := try.do(ctx, a)
		switch {
		case err != nil:
			t.Unknown(tb.String(), "%v", err)
			return err
		case r == database.Reached:
			reached = append(reached, try.what)
		case r == database.Unclear:
			unclear = append(unclear, try.what)
		}
	}
	said := a.Take()
	switch {
	case len(reached) > 0:
		evidence, severity, joined := leak{w, said}.evidence(ctx, t)
		evidence.Records = append(evidence.Records, describe(tb).Records...)
		t.Report(lr.Outcome{Verdict: lr.Failed, Confidence: lr.Confirmed, Severity: severity, Subject: tb.String(), Evidence: evidence,
			Message: fmt.Sprintf("as %s with %s set, a session %s; it was rolled back.%s", e.Tenancy.Role, w.attacker.Tenant, strings.Join(reached, " and "), joined)})
	case len(unclear) > 0:
		t.Unknown(tb.String(), "whether a session %s could not be told: %s", strings.Join(unclear, " or "), said[len(said)-1])
	default:
		t.Pass(lr.Evidence{Records: append(w.said, said...)}, tb.String(), "%s writes no row of %s", w.attacker.Tenant, w.victim.Tenant)
	}
	return nil
}
