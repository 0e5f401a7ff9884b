package secrets

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/secretscan"
)

var bundle = &lr.Check{
	ID:    "secrets/bundle",
	Title: "What browsers get holds no secret",
	Why: "Whatever is built into the front end is published. A model provider's key in a bundle is somebody else's within hours of the first visit, and they send the bill; " +
		"a service key opens the database to everybody who reads the page's source.",
	Fix:      "Change the secret now. Call the provider from the server, and give the browser a session. Variables with a public prefix (NEXT_PUBLIC_, VITE_) are for what everybody may know.",
	Severity: lr.Critical,
	Refs:     []lr.Ref{hardCoded, exposed, asvsClient},
	Needs:    lr.Repository,
	Run: func(ctx context.Context, t *lr.Trial) error {
		paths := t.Target.Material.Bundles
		if len(paths) == 0 {
			t.NotApplicable("no bundle is named: give source.bundles; the check secrets/page reads what the live page loads")
			return nil
		}
		return files(ctx, t, paths, "what browsers get")
	},
}

// files searches folders, archives and files.
func files(ctx context.Context, t *lr.Trial, paths []string, what string) error {
	s, err := engine(ctx, t)
	if err != nil {
		return err
	}
	for _, p := range paths {
		name := filepath.Base(p)
		res, err := one(ctx, s, p)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			t.Unknown(name, "%s does not exist", name)
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			t.Unknown(name, "%v", err)
		default:
			tell(ctx, t, res, name, what)
		}
	}
	return nil
}

// one searches a folder or a file.
func one(ctx context.Context, s *secretscan.Scanner, p string) (secretscan.Result, error) {
	info, err := os.Stat(p)
	if err != nil {
		return secretscan.Result{}, fmt.Errorf("look at %s: %w", filepath.Base(p), err)
	}
	if info.IsDir() {
		return s.Tree(ctx, p)
	}
	f, err := os.Open(p) //nolint:gosec // the owner names it
	if err != nil {
		return secretscan.Result{}, fmt.Errorf("read %s: %w", filepath.Base(p), err)
	}
	defer f.Close() //nolint:errcheck // read only
	return s.Scan(ctx, filepath.Base(p), f)
}
