package operations

import (
	"context"
	"regexp"

	lr "github.com/launchready/launchready"
)

var debugMode = &lr.Check{
	ID:    "operations/debug-mode",
	Title: "Nothing in production runs in debug mode",
	Why: "A debug mode prints stack traces with settings and secrets to whoever causes an error, reloads code from disk, and in several frameworks opens a console. " +
		"It is switched on to find a fault and forgotten.",
	Fix:      "Take the setting out of what production runs (NODE_ENV=production, DEBUG=false, no --reload), and start a server that is made for production.",
	Severity: lr.High,
	Refs:     []lr.Ref{misconfig, {Source: "CWE", ID: "489"}, {Source: "ASVS", ID: "v5.0.0-13.4.2"}},
	Needs:    lr.Repository,
	Run:      runDebugMode,
}

// debugging are settings by which frameworks run in debug mode.
var debugging = map[string][]string{
	"DEBUG": {"true", "1", "*", "on", "yes"}, "APP_DEBUG": {"true", "1"}, "FLASK_DEBUG": {"1", "true"}, "DJANGO_DEBUG": {"true", "1"},
	"NODE_ENV": {"development", "dev"}, "FLASK_ENV": {"development"}, "RAILS_ENV": {"development"}, "RACK_ENV": {"development"}, "APP_ENV": {"local", "development", "dev"},
	"GIN_MODE": {"debug"}, "ASPNETCORE_ENVIRONMENT": {"development"}, "SPRING_PROFILES_ACTIVE": {"dev", "development", "local"},
}

// unserious are commands that serve while somebody works on the code.
var unserious = regexp.MustCompile(`(?i)(^|\s)(nodemon|ts-node-dev|tsx watch|vite(\s+(dev|serve))?(\s|$)|next dev|nuxt dev|npm run (dev|start:dev)|yarn (run )?dev|pnpm (run )?dev|flask (--debug )?run|manage\.py runserver|artisan serve|rails (s|server)(\s|$)|air(\s|$))|--reload(\s|$)|--debug(\s|$)|--inspect`)

func runDebugMode(ctx context.Context, t *lr.Trial) error {
	f, err := deployed(ctx, t)
	if err != nil {
		return err
	}
	if len(f.Files) == 0 {
		t.NotApplicable("the repository does not say how it is run: no Dockerfile, Compose file, manifest or Procfile")
		return nil
	}
	found := false
	for _, s := range f.Settings {
		if on, ok := debugging[s.Name]; ok && !s.Local && s.Is(on...) {
			found = true
			t.Fail(lr.Evidence{Records: []string{s.Place.String() + ": " + s.Name}}, s.File, "it sets %s to a debug mode", s.Name)
		}
	}
	for _, c := range f.Commands {
		if !c.Local && unserious.MatchString(c.Text) {
			found = true
			t.Fail(lr.Evidence{Records: []string{c.Place.String() + ": " + unserious.FindString(c.Text)}}, c.File, "it starts a server that is made for development")
		}
	}
	if !found {
		t.Pass(lr.Evidence{}, application, "%d files say how it is run, and none sets a debug mode", len(f.Files))
	}
	skipped(t, f)
	return nil
}
