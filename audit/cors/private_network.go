package cors

import (
	"context"

	lr "github.com/launchready/launchready"
)

var privateNetwork = &lr.Check{
	ID:    "cors/private-network",
	Title: "No unknown page is let into a private network",
	Why: "A product that customers run inside their network is reached by their browsers, and so by every website those browsers show. " +
		"`Access-Control-Allow-Private-Network` to anybody gives up the one barrier between the two.",
	Fix:      "Send `Access-Control-Allow-Private-Network: true` to the origins on the list only, after the origin has been compared, and only where the product stands in a private network at all.",
	Guard:    "cors",
	Severity: lr.Low,
	Refs:     []lr.Ref{misconfigured, permissive, {Source: "WICG", ID: "Private Network Access"}, {Source: "CWE", ID: "923"}},
	Needs:    lr.Routes | lr.Credentials,
	Run:      runPrivateNetwork,
}

func runPrivateNetwork(ctx context.Context, t *lr.Trial) error {
	return each(ctx, t, sampled, func(ctx context.Context, t *lr.Trial, c *class) error {
		x, err := c.preflight(ctx, t, foreign, c.probe.Route.Method)
		if err != nil || busy(x) {
			return unasked(ctx, t, c, x, err)
		}
		v, _ := get(x.Header, allowNetwork)
		o := lr.Outcome{Verdict: lr.Failed, Confidence: lr.Confirmed, Subject: c.String(), Evidence: lr.Seen(x), Severity: lr.Low}
		switch {
		case v != "true":
			t.Pass(o.Evidence, c.String(), "a page of %s is not let into the network.%s", foreign, c.stood())
			return nil
		case permits(x.Header, foreign, false):
			o.Severity = lr.Medium
			o.Message = "a page of " + foreign + " is let into the network and may read the reply."
		default:
			o.Message = "the grant for private networks goes to a page of " + foreign + " too, before its origin was compared; the missing " + allowOrigin + " is all that still stops it."
		}
		o.Fault = o.Message // a policy is one, however many routes it is read from
		o.Message += c.stood()
		t.Report(o)
		return nil
	})
}
