package auth

import (
	"context"
	"time"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/oracle"
)

var streamCredential = &lr.Check{
	ID:    "auth/stream-credential",
	Title: "An event stream shows nothing without a credential",
	Why:   "Event streams are often mounted beside the API, because browsers cannot send `Authorization` with `EventSource`. One that is left open shows a customer's conversations to whoever knows an id.",
	Fix: "Put the streams behind the same middleware as the rest. For `EventSource`, take the session cookie, " +
		"or a ticket for this one stream that works once and for a minute.",
	Guard:    "authenticate",
	Severity: lr.Critical,
	Refs:     []lr.Ref{{Source: "OWASP API", ID: "API2:2023"}, {Source: "CWE", ID: "306"}, {Source: "ASVS", ID: "v5.0.0-8.2.1"}},
	Needs:    lr.Routes | lr.Credentials,
	Run:      runStreamCredential,
}

const (
	socketTime = 700 * time.Millisecond // likewise a socket: what it has to say it says at once
)

func runStreamCredential(ctx context.Context, t *lr.Trial) error {
	victims := oracle.Victims(t.Target)
	if len(victims) == 0 {
		t.Unknown(application, "no account whose data could be looked for")
		return nil
	}
	all, open := oracle.Reads(t, victims[0])
	y := tally{routes: true}
	asked := 0
	for _, p := range all {
		if p.Route.Kind != lr.Stream || !p.Route.Declared {
			continue
		}
		asked++
		p.As, p.Note = nil, "stream without a credential"
		j, err := oracle.Read(ctx, t, p)
		if err != nil {
			return err
		}
		y.add(p.Route.String(), "", j)
	}
	for _, rt := range open {
		if rt.Kind == lr.Stream && rt.Declared {
			asked++
			y.open(rt.String(), "there is no object of %s to stream", rt.Resource)
		}
	}
	if asked == 0 {
		t.NotApplicable("the target declares no stream of events that is read by GET")
		return nil
	}
	y.report(t, 3, "An event stream shows customer data without a credential")
	return nil
}
