package operations

import (
	"context"
	"fmt"
	"time"

	lr "github.com/launchready/launchready"
)

// Bounds of a roll-back that counts as rehearsed.
const (
	stale       = 90 * 24 * time.Hour
	mostOutage  = 15 * time.Minute
	clockAstray = 24 * time.Hour
)

var rollbackRehearsed = &lr.Check{
	ID:    "operations/rollback-rehearsed",
	Title: "A release was rolled back on purpose, in minutes and without losing data",
	Why: "The fix for a bad release is the last good one. A roll-back that was never tried takes as long as the first try takes, with customers watching; " +
		"and one that a migration has made impossible is found out then.",
	Fix: "Give deploy.release, deploy.rollback and deploy.health, and run launchready drill rollback against staging. Write migrations that the release before can live with: " +
		"add first, remove a release later.",
	Severity: lr.Medium,
	Refs:     []lr.Ref{{Source: "ISO 27001", ID: "2022-A.8.32"}, {Source: "MVSP", ID: "v3-4.4"}},
	Needs:    lr.Owner,
	Run: func(_ context.Context, t *lr.Trial) error {
		r := t.Target.Deploy.Rehearsed
		if r == nil {
			if t.Target.Deploy.Rollback == "" {
				t.Unknown(application, "no roll-back is on record: give deploy.release, deploy.rollback and deploy.health, and run launchready drill rollback")
			} else {
				t.Unknown(application, "no roll-back is on record: run launchready drill rollback")
			}
			return nil
		}
		age := t.Now().Sub(r.At)
		e := lr.Evidence{Records: []string{fmt.Sprintf("rehearsed on %s: %s, healthy %t, data kept %t", r.At.Format(time.DateOnly), r.Took.Round(time.Second), r.Healthy, r.Kept)}}
		if r.Note != "" {
			e.Records = append(e.Records, r.Note)
		}
		day := r.At.Format(time.DateOnly)
		switch {
		case age < -clockAstray:
			t.Unknown(application, "the record of the roll-back is of %s, which has not come yet", day)
		case !r.Healthy:
			t.Fail(e, application, "the roll-back of %s did not bring the product back", day)
		case !r.Kept:
			t.Fail(e, application, "the roll-back of %s lost what had been written before it", day)
		case r.Took > mostOutage:
			t.Fail(e, application, "the roll-back of %s took %d minutes", day, int(r.Took.Minutes()))
		case age > stale:
			t.Fail(e, application, "the last roll-back was tried %d days ago", int(age.Hours()/24))
		default:
			t.Pass(e, application, "on %s the product was back after %s, with its data", day, r.Took.Round(time.Second))
		}
		return nil
	},
}
