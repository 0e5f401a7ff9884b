package isolation

import (
	"context"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/database"
)

var dbPolicyMissing = &lr.Check{
	ID:    "isolation/db-policy-missing",
	Title: "The application's role has a policy for each command that it may use",
	Why: "Without a policy the database refuses silently: a delete finds no row and reports no error, so that a customer's data stays where the product says it is gone. " +
		"The usual cure under pressure is a role that passes all policies.",
	Fix:      "Give the table a policy for the role and each command, or take the right away. `launchready fix rls` writes the migration.",
	Severity: lr.Low,
	Refs:     []lr.Ref{asvsCross, cwe284},
	Needs:    lr.Database,
	Extra:    true,
	Run: func(ctx context.Context, t *lr.Trial) error {
		e, err := estateOf(ctx, t, "policies")
		if err != nil {
			return err
		}
		for _, tb := range guarded(t, e) {
			if why := e.Exempt(e.Tenancy.Role, tb); why != "" {
				t.Pass(describe(tb), tb.String(), "no policy holds for %s: %s", e.Tenancy.Role, why)
				continue
			}
			if why := uncovered(e, tb); why != "" {
				t.Fail(describe(tb), tb.String(), "%s", why)
			} else {
				t.Pass(describe(tb), tb.String(), "the role's commands have policies")
			}
		}
		return nil
	},
}

// uncovered says what is missing. Commands without a policy beside one that only
// reads are how a table is made read-only, and right.
func uncovered(e *database.Estate, tb *database.Table) string {
	role := e.Tenancy.Role
	rights := map[string]bool{database.Select: tb.May.Select, database.Insert: tb.May.Insert, database.Update: tb.May.Update, database.Delete: tb.May.Delete}
	var have, lack []string
	for _, c := range []string{database.Select, database.Insert, database.Update, database.Delete} {
		switch {
		case len(e.Applying(tb, c, true)) > 0:
			have = append(have, c)
		case rights[c]:
			lack = append(lack, c)
		}
	}
	switch {
	case len(have) == 0 && len(tb.Policies) > 0:
		var to []string
		for _, p := range tb.Policies {
			to = append(to, p.Roles...)
		}
		return role + " has rights to it, and its policies are for " + roleNames(to) + " only: it sees nothing and writes nothing"
	case len(have) == 0:
		return role + " has rights to it and no policy lets it see or write a row"
	case have[0] != database.Select && rights[database.Select]:
		return "there are policies for " + strings.Join(have, ", ") + " and none for SELECT, without which no row is found to change"
	case len(have) == 3 && len(lack) == 1:
		return role + " may " + lack[0] + ", and alone of the four commands it has no policy: it meets no row, without an error"
	}
	return ""
}
