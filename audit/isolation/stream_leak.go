package isolation

import (
	"context"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/oracle"
)

var streamLeak = &lr.Check{
	ID:       "isolation/stream-leak",
	Title:    "Event streams carry the caller's tenant only",
	Why:      "Streams are often written beside the API, by a handler that takes an id and subscribes. Whoever knows an id then reads another customer's conversation live.",
	Fix:      "Load the conversation with the caller's tenant before the stream opens, and close the stream when the caller loses access.",
	Guard:    "ownership",
	Severity: lr.Critical,
	Refs:     []lr.Ref{bola, cwe639, asvsItem},
	Needs:    lr.Routes | lr.TwoTenants,
	Run: func(ctx context.Context, t *lr.Trial) error {
		list, open := foreignReads(t, func(p oracle.Probe) bool { return p.Route.Kind == lr.Stream && p.Route.Method == "GET" })
		return ask(ctx, t, list, open)
	},
}
