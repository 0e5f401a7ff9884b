package isolation

import (
	"context"
	"fmt"
	"slices"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/database"
)

var dbPolicyAlwaysTrue = &lr.Check{
	ID:    "isolation/db-policy-always-true",
	Title: "Every policy looks at whose row it is",
	Why: "`USING (true)`, or a condition that asks who is signed in and not whose row it is, is a policy in name only: the lists of the console show row-level security as on, " +
		"and every customer reads or writes every row.",
	Fix:      "Compare the row's tenant with the one that is set, in `USING` and in `WITH CHECK`. Policies are joined by OR, so that one that is open opens the table. `launchready fix rls` writes the migration.",
	Severity: lr.Medium,
	Refs:     []lr.Ref{asvsCross, cwe863},
	Needs:    lr.Database,
	Extra:    true,
	Run: func(ctx context.Context, t *lr.Trial) error {
		e, err := estateOf(ctx, t, "policies", "what policies read")
		if err != nil {
			return err
		}
		for _, tb := range guarded(t, e) {
			if why := openPolicies(e, tb); len(why) > 0 {
				t.Fail(describe(tb), tb.String(), "%s", strings.Join(why, "; "))
			} else {
				t.Pass(describe(tb), tb.String(), "each policy asks for a column of the row")
			}
		}
		return nil
	},
}

// openPolicies lists the policies of a table that let the role through whatever
// the row, unless a restrictive one beside looks at it.
func openPolicies(e *database.Estate, tb *database.Table) []string {
	var out []string
	told := map[string]bool{}
	for _, c := range []string{database.Select, database.Insert, database.Update, database.Delete} {
		if slices.ContainsFunc(e.Applying(tb, c, false), func(p *database.Policy) bool { return slices.Contains(p.Columns, e.Column(tb)) }) {
			continue
		}
		for _, p := range e.Applying(tb, c, true) {
			if told[p.Name] {
				continue
			}
			for _, expr := range p.Expressions(c) {
				switch {
				case database.AlwaysTrue(expr):
					out = append(out, fmt.Sprintf("policy %s lets %s of every row through: %s", p.Name, c, expr))
				case expr != "" && len(p.Columns) == 0:
					out = append(out, fmt.Sprintf("policy %s decides %s without a look at the row: %s", p.Name, c, expr))
				default:
					continue
				}
				told[p.Name] = true
				break
			}
		}
	}
	return out
}
