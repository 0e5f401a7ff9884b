// Package finding tells what source code shows as outcomes of checks. The source
// is read once in a run, whichever row asks first.
package finding

import (
	"context"
	"fmt"
	"os"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/source"
	"github.com/launchready/launchready/source/env"
	"github.com/launchready/launchready/source/folder"
)

// Missing says that the question does not arise where there is no repository.
func Missing(t *lr.Trial) bool {
	if t.Target.Material.Repository != "" {
		return false
	}
	t.NotApplicable("no repository is known")
	return true
}

// Read is the source tree of the repository.
func Read(ctx context.Context, t *lr.Trial) (*source.Tree, error) {
	return lr.Recall(ctx, t.Memo, "source", func(ctx context.Context) (*source.Tree, error) {
		m := t.Target.Material
		tree := os.DirFS(m.Repository)
		o := source.Options{Guards: m.Guards, TenantColumns: tenantColumns[:]}
		if d := t.Target.Database; d != nil && len(d.Column) > 0 {
			o.TenantColumns = d.Column
		}
		o.TenantTables = tenantTables(tree, o.TenantColumns)
		return source.Read(ctx, tree, o)
	})
}

// Environment is what the repository reads and declares of environment variables.
func Environment(ctx context.Context, t *lr.Trial) (*env.Inventory, error) {
	return lr.Recall(ctx, t.Memo, "source/env", func(ctx context.Context) (*env.Inventory, error) {
		return env.Scan(ctx, os.DirFS(t.Target.Material.Repository), env.Options{})
	})
}

// most bounds how many outcomes one check reports one by one.
const most = 40

// Facts reports the facts of a kind: a sure one fails, any other is suspected. The
// excerpt is not shown, for a line of source may hold what is secret.
func Facts(ctx context.Context, t *lr.Trial, kind source.Kind, what string) error {
	if Missing(t) {
		return nil
	}
	tree, err := Read(ctx, t)
	if err != nil {
		return err
	}
	n := 0
	for _, f := range tree.Facts {
		if f.Kind != kind {
			continue
		}
		if n++; n > most {
			continue
		}
		e := lr.Evidence{Records: []string{fmt.Sprintf("%s:%d: %s", f.File, f.Line, f.Detail)}}
		subject := f.File
		if f.Route != "" {
			subject = f.Route + " in " + f.File
		}
		if f.Sure {
			t.Fail(e, subject, "%s: %s", what, f.Detail)
		} else {
			t.Suspect(e, subject, "%s, it seems: %s", what, f.Detail)
		}
	}
	if n > most {
		t.Suspect(lr.Evidence{Records: []string{fmt.Sprintf("%d places", n)}}, "source", "%s in %d more places", what, n-most)
	}
	if n == 0 {
		Passed(t, tree, "%d files of source with %d routes were read, and show none of it", tree.Files, len(tree.Routes))
	}
	return nil
}

// Passed passes the source, unless not all of it was understood, or there is none.
func Passed(t *lr.Trial, tree *source.Tree, format string, args ...any) {
	if tree.Files == 0 {
		t.NotApplicable("the repository holds no source in a language that is read")
		return
	}
	if !open(t, tree.Skipped) {
		t.Pass(lr.Evidence{}, "source", format, args...)
	}
}

// Whole reports whether everything was read, and says what was not.
func Whole(t *lr.Trial, skipped []folder.Skipped) bool { return !open(t, skipped) }

// mostOpen bounds how many files that were not read are named.
const mostOpen = 5

// open reports the files that were not read, and whether there are any.
func open(t *lr.Trial, skipped []folder.Skipped) bool {
	n := 0
	for _, s := range skipped {
		if s.Foreign {
			continue
		}
		if n++; n <= mostOpen {
			t.Unknown(s.Path, "it was not read: %s", s.Reason)
		}
	}
	if n > mostOpen {
		t.Unknown("source", "%d more files were not read", n-mostOpen)
	}
	return n > 0
}
