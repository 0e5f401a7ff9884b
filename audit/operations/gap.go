package operations

import (
	"context"
	"fmt"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/source/env"
	"github.com/launchready/launchready/source/finding"
)

// onlyHere reports a declaration for a developer's own machine.
func onlyHere(d *env.Declaration) bool {
	return d.Environment == "development" || d.Environment == "" && strings.Contains(d.Where, "compose")
}

// gaps reports differences of one kind between the variables that the code reads
// and those that files declare.
func gaps(ctx context.Context, t *lr.Trial, kind env.GapKind, what, right string) error {
	inv, err := finding.Environment(ctx, t)
	if err != nil {
		return err
	}
	if len(inv.Reads) == 0 {
		t.NotApplicable("the source reads no environment variable that was understood")
		return nil
	}
	n := 0
	for _, g := range env.Compare(inv.Reads, inv.Declarations) {
		if g.Kind != kind || g.Decl != nil && onlyHere(g.Decl) {
			continue
		}
		n++
		var e lr.Evidence
		if g.Read != nil {
			e.Records = append(e.Records, fmt.Sprintf("read in %s:%d", g.Read.File, g.Read.Line))
		}
		if g.Decl != nil {
			e.Records = append(e.Records, fmt.Sprintf("declared in %s:%d", g.Decl.Where, g.Decl.Line))
		}
		t.Fail(e, g.Name, "%s", what)
	}
	open := 0
	for _, s := range inv.Skipped {
		if !s.Foreign {
			if open++; open <= 5 {
				t.Unknown(s.Path, "it was not read: %s", s.Reason)
			}
		}
	}
	if n == 0 && open == 0 {
		t.Pass(lr.Evidence{}, application, "%s: %d reads and %d declarations were compared", right, len(inv.Reads), len(inv.Declarations))
	}
	return nil
}
