package secrets

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"path/filepath"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/secretscan"
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
		res, err := readHistory(ctx, t, s)
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
		tell(ctx, t, res, "history", "the history")
		return nil
	},
}

// readHistory reads what no earlier run read, and joins what those found. A past that
// cannot be read or kept costs time, and no verdict.
func readHistory(ctx context.Context, t *lr.Trial, s *secretscan.Scanner) (secretscan.Result, error) {
	m := t.Target.Material
	if m.Cache == "" || t.Target.AskKey != nil { // the past holds no value that could be asked about
		return s.History(ctx, m.Repository, nil)
	}
	id := sha256.Sum256([]byte(m.Repository))
	past, err := s.Past(filepath.Join(m.Cache, "history-"+hex.EncodeToString(id[:6])))
	if err != nil {
		logger(t).Warn("the whole history is read again", "err", err)
		return s.History(ctx, m.Repository, nil)
	}
	res, err := s.History(ctx, m.Repository, past)
	if err != nil {
		return res, err
	}
	res = past.Join(s, res)
	if err := past.Save(); err != nil {
		logger(t).Warn("nothing is kept for a next scan", "err", err)
	}
	return res, nil
}
