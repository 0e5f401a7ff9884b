package auth

import (
	"context"
	"fmt"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/source/finding"
)

var sourceInventory = &lr.Check{
	ID:       "auth/source-inventory",
	Title:    "The description names every route of the source",
	Why:      "What is not described is not tested, not limited and not watched. A buyer asks for the list of interfaces, and their tester finds what is missing from it.",
	Fix:      "Generate the description from the routes, or compare the two in CI.",
	Severity: lr.Low,
	Refs:     []lr.Ref{{Source: "OWASP API", ID: "API9:2023"}, {Source: "CWE", ID: "1059"}},
	Needs:    lr.Repository | lr.Routes,
	Extra:    true,
	Run: func(ctx context.Context, t *lr.Trial) error {
		if finding.Missing(t) {
			return nil
		}
		tree, err := finding.Read(ctx, t)
		if err != nil {
			return err
		}
		if len(tree.Routes) == 0 {
			t.NotApplicable("no route of a framework that is read stands in the source")
			return nil
		}
		missing := 0
		for i := range tree.Routes {
			rt := &tree.Routes[i]
			if len(rt.Unresolved) > 0 || described(t, rt) != nil {
				continue
			}
			missing++
			t.Fail(lr.Evidence{Records: []string{fmt.Sprintf("%s:%d", rt.File, rt.Line)}}, rt.String(), "the source has it, and the description does not name it")
		}
		if missing == 0 {
			finding.Passed(t, tree, "the description names all of the %d routes of the source", len(tree.Routes))
		}
		return nil
	},
}
