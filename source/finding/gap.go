package finding

import (
	"context"
	"fmt"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/source/env"
)

// Gaps reports the differences of one kind between the variables that the code
// reads and those that files declare: wrong says of a variable what is wrong with
// it, and right what holds where there is none.
func Gaps(ctx context.Context, t *lr.Trial, kind env.GapKind, wrong, right string) error {
	inv, err := Environment(ctx, t)
	if err != nil {
		return err
	}
	if len(inv.Reads)+len(inv.Declarations) == 0 {
		t.NotApplicable("the repository reads and declares no environment variable that was understood")
		return nil
	}
	n := 0
	for _, g := range env.Compare(inv.Reads, inv.Declarations) {
		if g.Kind != kind {
			continue
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
		t.Fail(e, subject, "%s", wrong)
	}
	if n == 0 && !open(t, inv.Skipped) {
		t.Pass(lr.Evidence{}, "source", "%s: %d reads and %d declarations were compared", right, len(inv.Reads), len(inv.Declarations))
	}
	return nil
}
