package operations

import (
	"context"
	"fmt"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/source/env"
	"github.com/launchready/launchready/source/finding"
)

var secretsMap = &lr.Check{
	ID:    "operations/secrets-map",
	Title: "Every secret has a line in the secrets map: where it lives and who reads it",
	Why: "When a key leaks, the first hour goes to the question where it is used and who can change it. A team that cannot list its secrets cannot change them, " +
		"and a buyer takes that for the answer to all other questions.",
	Fix:      "Give each secret that the code reads a line under secrets, with kept (the vault) and readers (services and people); delete what nobody reads.",
	Severity: lr.Medium,
	Refs:     []lr.Ref{asvsSecrets, {Source: "ISO 27001", ID: "2022-A.5.9"}},
	Needs:    lr.Repository,
	Run:      runSecretsMap,
}

func runSecretsMap(ctx context.Context, t *lr.Trial) error {
	inv, err := finding.Environment(ctx, t)
	if err != nil {
		return err
	}
	known := map[string]lr.KeptSecret{}
	for _, s := range t.Target.Secrets {
		known[s.Name] = s
	}
	asked := map[string]bool{}
	for _, r := range inv.Reads {
		if r.Dynamic || asked[r.Name] || !env.Secret(r.Name) || env.Public(r.Name) {
			continue
		}
		asked[r.Name] = true
		e := lr.Evidence{Records: []string{fmt.Sprintf("read in %s:%d", r.File, r.Line)}}
		switch s, ok := known[r.Name]; {
		case !ok:
			t.Fail(e, r.Name, "the code reads it, and the secrets map has no line for it")
		case s.Kept == "" || len(s.Readers) == 0:
			t.Fail(e, r.Name, "its line in the secrets map does not say where it lives and who reads it")
		default:
			t.Pass(lr.Evidence{}, r.Name, "it lives in %s; so says the secrets map", s.Kept)
		}
	}
	if len(asked) == 0 {
		t.NotApplicable("the source reads no variable whose name is a secret's")
	}
	return nil
}
