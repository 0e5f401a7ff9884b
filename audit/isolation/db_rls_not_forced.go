package isolation

import (
	"context"

	lr "github.com/launchready/launchready"
)

var dbRLSNotForced = &lr.Check{
	ID:    "isolation/db-rls-not-forced",
	Title: "Row-level security holds for the owner of a table too",
	Why: "Without FORCE the owner of a table passes its policies: migrations, jobs, views and functions that run as the owner, and an application that connects as " +
		"the owner, see every tenant's rows as if there were no policy.",
	Fix:      "`ALTER TABLE … FORCE ROW LEVEL SECURITY`. Jobs that must see all tenants get a role of their own. `launchready fix rls` writes the migration.",
	Severity: lr.Low,
	Refs:     []lr.Ref{asvsCross, cwe284},
	Needs:    lr.Database,
	Extra:    true,
	Run: func(ctx context.Context, t *lr.Trial) error {
		e, err := estateOf(ctx, t)
		if err != nil {
			return err
		}
		for _, tb := range guarded(t, e) {
			owner := e.Role(tb.Owner)
			switch {
			case tb.Forced:
				t.Pass(describe(tb), tb.String(), "row-level security is forced")
			case owner != nil && (owner.Super || owner.Bypass):
				t.Pass(describe(tb), tb.String(), "its owner %s passes every policy by its attributes, so that forcing changes nothing", tb.Owner)
			case e.Is(e.Tenancy.Role, tb.Owner):
				t.Report(lr.Outcome{Verdict: lr.Failed, Confidence: lr.Confirmed, Severity: lr.Medium, Subject: tb.String(), Evidence: describe(tb),
					Message: "row-level security is not forced, and the application works as " + e.Tenancy.Role + ", which owns the table: no policy holds"})
			default:
				t.Fail(describe(tb), tb.String(), "row-level security is not forced: whatever runs as its owner %s sees every tenant's rows", tb.Owner)
			}
		}
		return nil
	},
}
