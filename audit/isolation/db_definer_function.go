package isolation

import (
	"context"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/database"
)

var dbDefinerFunction = &lr.Check{
	ID:    "isolation/db-definer-function",
	Title: "Functions that run with their owner's rights cannot be bent",
	Why: "A `SECURITY DEFINER` function runs as its owner. Without a fixed `search_path` its caller puts a table of the same name in front of the one it means; and where the policies do " +
		"not hold for its owner it reads every customer's rows unless its own text keeps to one.",
	Fix: "`ALTER FUNCTION … SET search_path = pg_catalog, public, pg_temp`, or make it `SECURITY INVOKER`. Where it must pass the policies, let it compare the tenant itself, and take EXECUTE from PUBLIC. " +
		"`launchready fix rls` writes the migration.",
	Severity: lr.Medium,
	Refs:     []lr.Ref{{Source: "CWE", ID: "426"}, cwe269, asvsCross},
	Needs:    lr.Database,
	Extra:    true,
	Run: func(ctx context.Context, t *lr.Trial) error {
		e, err := estateOf(ctx, t, "functions", "policies")
		if err != nil {
			return err
		}
		asked := false
		for i := range e.Funcs {
			f := &e.Funcs[i]
			if !f.Definer || !f.May && !f.Trigger {
				continue
			}
			asked = true
			text := recorded("function %s of %s, SECURITY DEFINER, settings %v", f, f.Owner, f.Config)
			tb := readsPast(e, f)
			switch {
			case !f.FixedPath():
				t.Fail(text, f.String(), "it runs as %s with the search_path of whoever calls it", f.Owner)
			case tb != nil:
				t.Suspect(text, f.String(), "it reads %s as %s, for whom no policy holds, and its text names neither %s nor the setting of the tenant", tb, f.Owner, e.Column(tb))
			default:
				t.Pass(text, f.String(), "its search_path is fixed")
			}
		}
		if !asked {
			t.NotApplicable("%s may call no function that runs with its owner's rights", e.Tenancy.Role)
		}
		return nil
	},
}

// readsPast is a table of tenants that the text of a function names, whose
// policies do not hold for the function's owner, where the text keeps to no
// tenant. Nil where there is none, or the text is not to be read.
func readsPast(e *database.Estate, f *database.Function) *database.Table {
	if f.Trigger || f.Source == "" {
		return nil
	}
	for _, tb := range e.Tenanted() {
		set := e.Tenancy.Setting()
		if tb.RLS && e.Exempt(f.Owner, tb) != "" && database.Mentions(f.Source, tb.Name) &&
			!database.Mentions(f.Source, e.Column(tb)) && (set == "" || !database.Mentions(f.Source, set)) {
			return tb
		}
	}
	return nil
}
