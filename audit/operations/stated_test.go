package operations

import (
	"context"
	"strings"
	"testing"
	"time"

	lr "github.com/launchready/launchready"
)

var noon = time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)

// asked puts a check that asks nobody to a target, and returns a line for each
// outcome.
func asked(t *testing.T, c *lr.Check, target lr.Target) []string {
	t.Helper()
	var out []string
	trial := &lr.Trial{Check: c, Target: &target, Now: func() time.Time { return noon }, Report: func(o lr.Outcome) {
		out = append(out, o.Verdict.String()+" "+o.Subject+": "+o.Message)
	}}
	if err := c.Run(context.Background(), trial); err != nil {
		t.Fatal(err)
	}
	return out
}

// holds wants the lines to start as told, and to be as many.
func holds(t *testing.T, got, want []string) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("got %d outcomes, want %d:\n%s", len(got), len(want), strings.Join(got, "\n"))
	}
	for i := range want {
		if !strings.HasPrefix(got[i], want[i]) {
			t.Errorf("got %q, want it to start with %q", got[i], want[i])
		}
	}
}

func everyIncident(who string) map[string]string {
	return map[string]string{"outage": who, "leak": who, "abuse": who, "key-exposed": who}
}

func TestIncidentOwner(t *testing.T) {
	all := lr.Duty{Backup: "cto", Incidents: everyIncident("oncall"), Within: 15 * time.Minute}
	for _, tc := range []struct {
		name string
		with func(*lr.Duty)
		want []string
	}{
		{"all named", func(*lr.Duty) {}, []string{"passed outage", "passed leak", "passed abuse", "passed key-exposed"}},
		{"one without an owner", func(d *lr.Duty) { delete(d.Incidents, "abuse") },
			[]string{"passed outage", "passed leak", "failed abuse: when somebody runs up cost or attacks: nobody is named", "passed key-exposed"}},
		{"blank is nobody", func(d *lr.Duty) { d.Incidents["leak"] = "  " }, []string{"passed", "failed leak", "passed", "passed"}},
		{"no backup", func(d *lr.Duty) { d.Backup = "" }, []string{"failed", "failed", "failed", "failed key-exposed: when a secret became known: nobody steps in"}},
		{"the backup is the owner", func(d *lr.Duty) { d.Backup = "oncall" }, []string{"failed", "failed", "failed", "failed"}},
		{"too slow", func(d *lr.Duty) { d.Within = time.Hour }, []string{"failed outage: when the product is down: somebody acts within 60 minutes", "failed", "failed", "failed"}},
		{"nothing at all is not told", func(d *lr.Duty) { *d = lr.Duty{} }, []string{"unknown : the configuration says nothing of who acts"}},
		{"somebody for everything is nobody for any", func(d *lr.Duty) { *d = lr.Duty{Default: "cto"} }, []string{"failed outage: when the product is down: nobody is named, nobody steps in, no time is set", "failed", "failed", "failed"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d := all
			d.Incidents = everyIncident("oncall")
			tc.with(&d)
			holds(t, asked(t, incidentOwner, lr.Target{Duty: d}), tc.want)
		})
	}
}

func TestRollbackRehearsed(t *testing.T) {
	ago := func(days int) time.Time { return noon.AddDate(0, 0, -days) }
	for _, tc := range []struct {
		name string
		d    lr.Deployment
		want string
	}{
		{"good", lr.Deployment{Rehearsed: &lr.Rehearsal{At: ago(10), Took: time.Minute, Healthy: true, Kept: true}}, "passed application: on 2026-11-16 the product was back after 1m0s"},
		{"no record", lr.Deployment{}, "unknown application: no roll-back is on record: give deploy.release"},
		{"no record, and a command", lr.Deployment{Rollback: "make back"}, "unknown application: no roll-back is on record: run launchready drill rollback"},
		{"not back", lr.Deployment{Rehearsed: &lr.Rehearsal{At: ago(1), Took: time.Minute}}, "failed application: the roll-back of 2026-11-25 did not bring the product back"},
		{"data lost", lr.Deployment{Rehearsed: &lr.Rehearsal{At: ago(1), Took: time.Minute, Healthy: true, Note: "gone"}}, "failed application: the roll-back of 2026-11-25 lost"},
		{"slow", lr.Deployment{Rehearsed: &lr.Rehearsal{At: ago(1), Took: 16 * time.Minute, Healthy: true, Kept: true}}, "failed application: the roll-back of 2026-11-25 took 16 minutes"},
		{"long ago", lr.Deployment{Rehearsed: &lr.Rehearsal{At: ago(91), Took: time.Minute, Healthy: true, Kept: true}}, "failed application: the last roll-back was tried 91 days ago"},
		{"of the future", lr.Deployment{Rehearsed: &lr.Rehearsal{At: ago(-9), Took: time.Minute, Healthy: true, Kept: true}}, "unknown application"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			holds(t, asked(t, rollbackRehearsed, lr.Target{Deploy: tc.d}), []string{tc.want})
		})
	}
}

func TestSecretsMap(t *testing.T) {
	yes, no := true, false
	target := lr.Target{Secrets: []lr.KeptSecret{
		{Name: "OPENAI_API_KEY", Rotated: noon.AddDate(0, -2, 0), Pasted: &no},
		{Name: "STRIPE_SECRET_KEY", Rotated: noon.AddDate(-2, 0, 0), Pasted: &yes},
		{Name: "SESSION_SECRET"},
	}}
	holds(t, asked(t, secretAge, target), []string{
		"passed OPENAI_API_KEY: it was changed on 2026-09-26", "failed STRIPE_SECRET_KEY: it was changed last on 2024-11-26, 730 days ago", "unknown SESSION_SECRET"})
	holds(t, asked(t, secretPasted, target), []string{
		"passed OPENAI_API_KEY", "failed STRIPE_SECRET_KEY: it stood in a chat", "unknown SESSION_SECRET"})
	for _, c := range []*lr.Check{secretAge, secretPasted} {
		holds(t, asked(t, c, lr.Target{}), []string{"unknown application: no secrets map is given"})
	}
}
