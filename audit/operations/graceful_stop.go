package operations

import (
	"context"

	lr "github.com/launchready/launchready"
)

var gracefulStop = &lr.Check{
	ID:    "operations/graceful-stop",
	Title: "A release lets what is under way come to its end",
	Why: "A release stops the old version with a signal. A shell in front of the application does not hand it on, so that the application is killed in the middle of answers and writes: " +
		"each release breaks conversations, and people stop releasing in the day.",
	Fix:      `Start the application itself: CMD ["node", "main.js"] and not CMD node main.js, or put exec in front. Handle SIGTERM: stop taking requests, end what is under way, close the database. Leave 30 seconds for it.`,
	Severity: lr.Low,
	Refs:     []lr.Ref{{Source: "CWE", ID: "404"}},
	Needs:    lr.Repository,
	Extra:    true,
	Run: func(ctx context.Context, t *lr.Trial) error {
		f, err := deployed(ctx, t)
		if err != nil {
			return err
		}
		asked, found := 0, false
		for _, c := range f.Commands {
			if c.Local {
				continue
			}
			asked++
			if c.Shell {
				found = true
				t.Fail(lr.Evidence{Records: []string{c.Place.String()}}, c.File, "a shell stands in front of what it starts, and takes the signal to stop")
			}
		}
		for _, p := range f.Grace {
			found = true
			t.Fail(lr.Evidence{Records: []string{p.String()}}, p.File, "it leaves no time to stop: terminationGracePeriodSeconds is 0")
		}
		switch {
		case asked == 0 && !found:
			t.NotApplicable("the repository does not say what is started")
		case !found:
			t.Pass(lr.Evidence{}, application, "%d commands get the signal to stop themselves", asked)
		}
		return nil
	},
}
