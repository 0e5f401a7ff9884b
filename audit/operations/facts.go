package operations

import (
	"context"
	"fmt"
	"os"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/source/deploy"
)

// deployed reads how the product is built and run, once in a run.
func deployed(ctx context.Context, t *lr.Trial) (*deploy.Facts, error) {
	return lr.Recall(ctx, t.Memo, "source/deploy", func(ctx context.Context) (*deploy.Facts, error) {
		return deploy.Read(ctx, os.DirFS(t.Target.Material.Repository))
	})
}

// skipped reports the files that could not be understood: what stands there is
// not known.
func skipped(t *lr.Trial, f *deploy.Facts) {
	for _, s := range f.Skipped {
		t.Unknown(application, "not read: %s", s)
	}
}

// places shows facts as evidence, the first twenty.
func places(ps []deploy.Place, what string) lr.Evidence {
	const most = 20
	var e lr.Evidence
	for i, p := range ps {
		if i == most {
			e.Records = append(e.Records, fmt.Sprintf("and %d more", len(ps)-most))
			break
		}
		e.Records = append(e.Records, p.String()+what)
	}
	return e
}
