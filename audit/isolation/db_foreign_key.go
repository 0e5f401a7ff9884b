package isolation

import (
	"context"
	"slices"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/database"
)

var dbForeignKey = &lr.Check{
	ID:    "isolation/db-foreign-key",
	Title: "A foreign key between tenants' tables holds the tenant",
	Why: "Postgres checks foreign keys past row-level security. A key on the id alone lets a customer's row point at another customer's, which tells that the id exists, " +
		"and a cascade then deletes across the border.",
	Fix:      "Make the key of the parent unique together with its tenant, and refer to both: `FOREIGN KEY (tenant_id, chat_id) REFERENCES chats (tenant_id, id)`.",
	Severity: lr.Low,
	Refs:     []lr.Ref{asvsCross, cwe639},
	Needs:    lr.Database,
	Extra:    true,
	Run: func(ctx context.Context, t *lr.Trial) error {
		e, err := estateOf(ctx, t, "foreign keys")
		if err != nil {
			return err
		}
		asked := false
		for _, tb := range e.Tenanted() {
			for _, k := range tb.Keys {
				ref := e.Table(k.Ref)
				// The tenant's column itself leads to the table of the tenants.
				if ref == nil || e.Column(ref) == "" || slices.Contains(k.Columns, e.Column(tb)) && slices.Contains(k.RefColumns, e.Column(ref)) {
					continue
				}
				asked = true
				t.Fail(recorded("%s: (%s) refers to %s (%s)", k.Name, strings.Join(k.Columns, ", "), ref, strings.Join(k.RefColumns, ", ")), tb.String()+"."+strings.Join(k.Columns, ","),
					"a row of one tenant may refer to a row of another in %s: the key %s leaves the tenant out", ref, k.Name)
			}
			if keyed := tenantKeys(e, tb); len(keyed) > 0 {
				asked = true
				t.Pass(recorded("%s holds the tenant in %s", tb, strings.Join(keyed, ", ")), tb.String(), "its foreign keys hold the tenant")
			}
		}
		if !asked {
			t.NotApplicable("no foreign key ties tenants' tables together")
		}
		return nil
	},
}

func tenantKeys(e *database.Estate, tb *database.Table) []string {
	var out []string
	for _, k := range tb.Keys {
		if ref := e.Table(k.Ref); ref != nil && e.Column(ref) != "" && slices.Contains(k.Columns, e.Column(tb)) {
			out = append(out, k.Name)
		}
	}
	return out
}
