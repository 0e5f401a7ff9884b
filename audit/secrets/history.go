package secrets

import (
	"context"

	lr "github.com/launchready/launchready"
)

var history = &lr.Check{
	ID:    "secrets/history",
	Title: "No secret stands in the repository's history",
	Why: "A key that was committed and removed is still there for everybody who clones: in an old commit, a branch, a stash, a tag. " +
		"Tools read all of it in a minute.",
	Fix:      "Change the secret at its provider; that alone makes the history harmless. Rewriting the history reaches no clone, fork or cache that exists already.",
	Severity: lr.High,
	Refs:     []lr.Ref{hardCoded, asvsVault, mvsp},
	Needs:    lr.Repository,
	Run: func(ctx context.Context, t *lr.Trial) error {
		s, err := engine(ctx, t)
		if err != nil {
			return err
		}
		res, err := s.History(ctx, t.Target.Material.Repository, nil)
		if err != nil {
			return err
		}
		// What stands in the work tree as well is the other check's.
		tree, err := workTree(ctx, t)
		if err != nil {
			return err
		}
		now := map[string]bool{}
		for _, f := range tree.Findings {
			now[f.Fingerprint] = true
		}
		kept := res.Findings[:0:0]
		for _, f := range res.Findings {
			if !now[f.Fingerprint] {
				kept = append(kept, f)
			}
		}
		res.Findings = kept
		tell(t, res, "history", "the history")
		return nil
	},
}
