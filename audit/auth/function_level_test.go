package auth_test

import (
	"testing"

	lr "github.com/launchready/launchready"
)

// TestContactOfTheAdministrator: by its name alone a route is not for
// administrators; where it shows their address and nothing else, it may be whom to
// ask.
func TestContactOfTheAdministrator(t *testing.T) {
	unstated := func(t *lr.Trial) { t.Target.Access.Admin = nil }
	for name, c := range map[string]struct {
		faults []string
		change func(*lr.Trial)
		want   lr.Confidence
	}{
		"an address":                   {[]string{"contact"}, unstated, lr.Suspected},
		"an address and what is inner": {[]string{"contact", "contact-tells"}, unstated, lr.Confirmed},
		"it is said who may":           {[]string{"contact"}, func(*lr.Trial) {}, lr.Confirmed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, o := range put(t, "auth/function-level", newBureau(t, "", c.faults...), c.change) {
				if o.Subject != "GET /admin/contact" {
					continue
				}
				if o.Verdict != lr.Failed || o.Confidence != c.want {
					t.Errorf("got %s %s: %s", o.Confidence, o.Verdict, o.Message)
				}
				return
			}
			t.Error("the route was not asked")
		})
	}
}
