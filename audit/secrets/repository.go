package secrets

import (
	"context"
	"path/filepath"
	"slices"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/secretscan"
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
		res, err := workTree(ctx, t)
		if err != nil {
			return err
		}
		res.Findings = besideBundles(res.Findings, t.Target.Material)
		tell(ctx, t, res, "repository", "the repository")
		return nil
	},
}

// besideBundles leaves out what stands in a bundle, which is another check's.
func besideBundles(all []secretscan.Finding, m lr.Material) []secretscan.Finding {
	return slices.DeleteFunc(slices.Clone(all), func(f secretscan.Finding) bool {
		return slices.ContainsFunc(m.Bundles, func(b string) bool {
			rel, err := filepath.Rel(m.Repository, b)
			return err == nil && strings.HasPrefix(f.Place.Path, filepath.ToSlash(rel)+"/")
		})
	})
}
