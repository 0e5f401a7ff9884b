package operations

import (
	"context"
	"time"

	lr "github.com/launchready/launchready"
)

// oldest is how long a secret is used before it is changed.
const oldest = 365 * 24 * time.Hour

var secretAge = &lr.Check{
	ID:       "operations/secret-age",
	Title:    "Secrets are changed within a year",
	Why:      "A key that was never changed is known to everybody who ever worked here, and to every laptop and backup since. That changing it works at all is known only from having done it.",
	Fix:      "Change the secret, write the day into the secrets map (secrets.NAME.rotated), and put the next one into the calendar. A secret with two valid values at a time can be changed without an outage.",
	Severity: lr.Low,
	Refs:     []lr.Ref{asvsSecrets, {Source: "CWE", ID: "324"}},
	Needs:    lr.Owner,
	Extra:    true,
	Run: func(_ context.Context, t *lr.Trial) error {
		if len(t.Target.Secrets) == 0 {
			t.Unknown(application, "no secrets map is given: name each secret under secrets, with where it lives and when it was changed")
			return nil
		}
		for _, s := range t.Target.Secrets {
			day, age := s.Rotated.Format(time.DateOnly), t.Now().Sub(s.Rotated)
			switch {
			case s.Rotated.IsZero():
				t.Unknown(s.Name, "the secrets map does not say when it was changed")
			case age > oldest:
				t.Fail(lr.Evidence{Records: []string{"changed on " + day}}, s.Name, "it was changed last on %s, %d days ago", day, int(age.Hours()/24))
			default:
				t.Pass(lr.Evidence{}, s.Name, "it was changed on %s; so says the secrets map", day)
			}
		}
		return nil
	},
}
