package operations

import (
	"context"
	"fmt"
	"strings"
	"time"

	lr "github.com/launchready/launchready"
)

// incidents are the kinds that a buyer asks about.
var incidents = [...]struct{ id, what string }{
	{"outage", "the product is down"},
	{"leak", "a customer's data was seen by somebody else"},
	{"abuse", "somebody runs up cost or attacks"},
	{"key-exposed", "a secret became known"},
}

// mostMinutes is what a buyer expects somebody to act within.
const mostMinutes = 15 * time.Minute

var incidentOwner = &lr.Check{
	ID:    "operations/incident-owner",
	Title: "Every kind of incident has an owner, a backup and a time to act",
	Why: "At three in the morning nobody decides whose problem it is. A buyer asks who is called when data leaks, who when that person sleeps, and how soon somebody acts; " +
		"an answer that names a mailbox which nobody reads is found out in the first incident.",
	Fix: "Name a person or a rota for each kind of incident under owners.incidents, somebody who steps in as owners.backup, and the minutes within which they act as owners.minutes: 15 or fewer. " +
		"Tell them, and try it out with a drill.",
	Severity: lr.High,
	Refs:     []lr.Ref{mvspIncident, {Source: "ISO 27001", ID: "2022-A.5.24"}},
	Needs:    lr.Owner,
	Run: func(_ context.Context, t *lr.Trial) error {
		d := t.Target.Duty
		if len(d.Incidents) == 0 && d.Default == "" && d.Backup == "" && d.Within == 0 {
			t.Unknown("", "the configuration says nothing of who acts: give owners.incidents, owners.backup and owners.minutes")
			return nil
		}
		for _, in := range incidents {
			who := strings.TrimSpace(d.Incidents[in.id])
			var missing []string
			if who == "" {
				missing = append(missing, "nobody is named")
			}
			switch backup := strings.TrimSpace(d.Backup); {
			case backup == "":
				missing = append(missing, "nobody steps in")
			case backup == who:
				missing = append(missing, "the one who steps in is the one who is called")
			}
			switch {
			case d.Within == 0:
				missing = append(missing, "no time is set within which somebody acts")
			case d.Within > mostMinutes:
				missing = append(missing, fmt.Sprintf("somebody acts within %d minutes, and not within 15", int(d.Within.Minutes())))
			}
			if len(missing) > 0 {
				t.Fail(lr.Evidence{Records: missing}, in.id, "when %s: %s", in.what, strings.Join(missing, ", "))
				continue
			}
			t.Pass(lr.Evidence{}, in.id, "when %s, %s acts within %d minutes, or else %s; so says the configuration", in.what, who, int(d.Within.Minutes()), d.Backup)
		}
		return nil
	},
}
