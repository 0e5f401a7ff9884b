package operations

import (
	"context"
	"fmt"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/source/env"
	"github.com/launchready/launchready/source/finding"
)

var undeclaredIntegration = &lr.Check{
	ID:    "operations/undeclared-integration",
	Title: "Every service that the code calls has a declared variable for its key",
	Why: "A library that finds its key by itself, or has it from a text in the code, stands in no list of what production needs. " +
		"Nobody rotates the key, the next deployment starts without it, and the secrets map does not know the service.",
	Fix:      "Give the client its key from a variable of that service's own, declare it in .env.example with a sentence and in what production runs with, and put it into the secrets map.",
	Severity: lr.Medium,
	Refs:     []lr.Ref{{Source: "CWE", ID: "1188"}, asvsSecrets},
	Needs:    lr.Repository,
	Run:      runUndeclaredIntegration,
}

func runUndeclaredIntegration(ctx context.Context, t *lr.Trial) error {
	inv, err := finding.Environment(ctx, t)
	if err != nil {
		return err
	}
	if len(inv.Integrations) == 0 {
		if finding.Whole(t, inv.Skipped) {
			t.NotApplicable("the code imports no library of a known service")
		}
		return nil
	}
	for _, i := range inv.Integrations {
		e := lr.Evidence{Records: []string{fmt.Sprintf("%s:%d: %s", i.File, i.Line, i.Why)}}
		switch i.State {
		case env.KeyDeclared:
			t.Pass(e, i.Service, "%s has its key: %s", i.Variable, i.Why)
		case env.KeyRead:
			t.Pass(e, i.Service, "the code reads %s; whether it is declared is told by operations/undeclared-variable", i.Variable)
		case env.KeyMissing:
			t.Fail(e, i.Service, "the code calls %s, and no declared variable has its key: %s", i.Service, i.Why)
		case env.KeyUnknown:
			t.Unknown(i.Service, "%s is imported in %s:%d; %s", i.Service, i.File, i.Line, i.Why)
		}
	}
	return nil
}
