package isolation

import (
	"context"
	"slices"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/database"
)

var dbPublicGrant = &lr.Check{
	ID:    "isolation/db-public-grant",
	Title: "Rights on tenants' tables are given to roles, not to everybody",
	Why: "A right of PUBLIC is a right of every role that is ever made: the analyst's, the backup's, the one whose password leaked. Who may create in a schema of everybody's search_path " +
		"puts tables and functions in front of the real ones.",
	Fix:      "`REVOKE ALL ON … FROM PUBLIC`, `REVOKE CREATE ON SCHEMA public FROM PUBLIC` (the default before Postgres 15), and grant to roles by name. `launchready fix rls` writes the migration.",
	Severity: lr.Medium,
	Refs:     []lr.Ref{{Source: "CWE", ID: "732"}, asvsCross},
	Needs:    lr.Database,
	Extra:    true,
	Run: func(ctx context.Context, t *lr.Trial) error {
		e, err := estateOf(ctx, t, "grants", "schemas")
		if err != nil {
			return err
		}
		for _, tb := range e.Tenanted() {
			var open []string
			for _, g := range tb.Grants {
				if g.Grantee == "" && !slices.Contains(open, g.Privilege) {
					open = append(open, g.Privilege)
				}
			}
			if len(open) > 0 {
				t.Fail(recorded("GRANT %s ON %s TO PUBLIC", strings.Join(open, ", "), tb), tb.String(), "every role of the server has %s on it", strings.Join(open, ", "))
			} else {
				t.Pass(recorded("%s grants nothing to PUBLIC", tb), tb.String(), "nothing is granted to PUBLIC")
			}
		}
		for _, s := range e.Schemas {
			used := slices.ContainsFunc(e.Tenanted(), func(tb *database.Table) bool { return tb.Schema == s.Name })
			if !used {
				continue
			}
			for _, g := range s.Grants {
				if g.Grantee == "" && g.Privilege == "CREATE" {
					t.Fail(recorded("GRANT CREATE ON SCHEMA %s TO PUBLIC", s.Name), "schema "+s.Name, "every role may create tables and functions in it, and so in front of others' names")
				}
			}
		}
		return nil
	},
}
