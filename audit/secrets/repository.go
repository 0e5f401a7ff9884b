package secrets

import (
	"context"

	lr "github.com/launchready/launchready"
)

var repository = &lr.Check{
	ID:    "secrets/repository",
	Title: "No secret stands in the repository",
	Why: "Everybody who ever gets the repository has the key: each employee, each contractor's laptop, each backup, each tool with read access. " +
		"A buyer's reviewer scans it first, because most breaches that begin with a key begin there.",
	Fix: "Change the secret at its provider now: taking it out of the code does not make it unknown. Then read it from the environment, keep it in a vault, " +
		"and let a scan before each commit keep the next one out.",
	Severity: lr.High,
	Refs:     []lr.Ref{hardCoded, asvsVault, mvsp},
	Needs:    lr.Repository,
	Run: func(ctx context.Context, t *lr.Trial) error {
		s, err := engine(ctx, t)
		if err != nil {
			return err
		}
		res, err := s.Tree(ctx, t.Target.Material.Repository)
		if err != nil {
			return err
		}
		tell(t, res, "repository", "the repository")
		return nil
	},
}
