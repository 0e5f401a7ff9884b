package secrets

import (
	"context"
	"fmt"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/source/env"
	"github.com/launchready/launchready/source/finding"
)

// variables reports what is wrong with variables that hold secrets.
func variables(ctx context.Context, t *lr.Trial, kind env.GapKind, what, right string) error {
	inv, err := finding.Environment(ctx, t)
	if err != nil {
		return err
	}
	n := 0
	for _, g := range env.Compare(inv.Reads, inv.Declarations) {
		if g.Kind != kind || g.Decl != nil && (g.Decl.Environment == "development" || g.Decl.Environment == "" && strings.Contains(g.Decl.Where, "compose")) {
			continue // a developer's own machine
		}
		n++
		var e lr.Evidence
		subject := g.Name
		if g.Read != nil {
			e.Records = append(e.Records, fmt.Sprintf("read in %s:%d", g.Read.File, g.Read.Line))
		}
		if g.Decl != nil {
			e.Records = append(e.Records, fmt.Sprintf("declared in %s:%d", g.Decl.Where, g.Decl.Line))
			subject += " in " + g.Decl.Where
		}
		t.Fail(e, subject, "%s", what)
	}
	if n == 0 {
		if len(inv.Reads)+len(inv.Declarations) == 0 {
			t.NotApplicable("the repository reads and declares no environment variable")
			return nil
		}
		t.Pass(lr.Evidence{}, application, "%s: %d reads and %d declarations were looked at", right, len(inv.Reads), len(inv.Declarations))
	}
	return nil
}
