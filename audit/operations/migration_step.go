package operations

import (
	"context"
	"strings"

	lr "github.com/launchready/launchready"
)

var migrationStep = &lr.Check{
	ID:    "operations/migration-step",
	Title: "A release brings the schema up to date by itself",
	Why:   "A migration that somebody runs by hand is run late, twice, or against the wrong database. The release that needed it fails in front of customers, and the roll-back meets a schema that nobody planned.",
	Fix:   "Run the migrations as a step of the release, before the new version starts: an init container, a release command, a job of the pipeline.",
	Refs:  []lr.Ref{{Source: "ISO 27001", ID: "2022-A.8.32"}}, Severity: lr.Low,
	Needs: lr.Repository,
	Extra: true,
	Run: func(ctx context.Context, t *lr.Trial) error {
		f, err := deployed(ctx, t)
		if err != nil {
			return err
		}
		switch {
		case len(f.Schemas) == 0:
			t.NotApplicable("the repository holds no migrations")
		case len(f.Migrates) > 0:
			t.Pass(places(f.Migrates, ""), application, "the release runs the migrations")
		case strings.Contains(t.Target.Deploy.Release, "migrat"):
			t.Pass(lr.Evidence{}, application, "deploy.release runs the migrations")
		default:
			t.Suspect(lr.Evidence{Records: f.Schemas}, application, "there are migrations, and no command of a Dockerfile, manifest, workflow or of deploy.release runs them")
		}
		return nil
	},
}
