package operations

import (
	"context"
	"net/http"
	"strings"

	lr "github.com/launchready/launchready"
)

// usualHealth are the paths where applications usually answer.
var usualHealth = [...]string{"/healthz", "/health", "/readyz", "/livez", "/ready", "/status", "/api/health", "/api/healthz", "/up", "/ping", "/actuator/health"}

var healthEndpoint = &lr.Check{
	ID:    "operations/health-endpoint",
	Title: "An endpoint tells that the product is alive",
	Why: "A load balancer, an uptime monitor and a roll-back all ask one question. Without an endpoint that answers it they ask the front page, " +
		"which a cache serves long after the application has died.",
	Fix:      "Answer GET /healthz with 200 when the application can do its work, and with 503 when it cannot: when the database does not answer. Say no more than that. Name it as deploy.health.",
	Severity: lr.Low,
	Refs:     []lr.Ref{{Source: "RFC", ID: "draft-inadarei-api-health-check-06"}},
	Needs:    lr.Owner,
	Run: func(ctx context.Context, t *lr.Trial) error {
		if h := t.Target.Deploy.Health; h != nil {
			r := *h
			x, err := t.HTTP.Do(ctx, nil, &r)
			switch subject := h.Method + " " + h.Path; {
			case err != nil:
				return err
			case x.Status == http.StatusTooManyRequests, x.Status >= http.StatusBadGateway:
				t.Unknown(subject, "the target was busy or down: it answers %d", x.Status)
			case x.OK():
				t.Pass(lr.Seen(x), subject, "it answers %d", x.Status)
			default:
				t.Fail(lr.Seen(x), subject, "deploy.health answers %d", x.Status)
			}
			return nil
		}
		// Where any path answers, none of them says anything.
		control, err := t.HTTP.Do(ctx, nil, &lr.Request{Method: "GET", Path: "/" + strings.ToLower(t.Stage.Canary("")), Note: "control: a path that is not there"})
		if err != nil {
			return err
		}
		var last *lr.Exchange
		for _, p := range usualHealth {
			x, err := t.HTTP.Do(ctx, nil, &lr.Request{Method: "GET", Path: p, Note: "health"})
			if err != nil {
				return err
			}
			if x.OK() && !(control.OK() && string(control.Body) == string(x.Body)) {
				t.Pass(lr.Seen(x), "GET "+p, "it answers %d, and a path that is not there answers %d", x.Status, control.Status)
				return nil
			}
			if x.Status == http.StatusServiceUnavailable {
				t.Unknown("GET "+p, "it answers 503: the product says that it is not well")
				return nil
			}
			last = x
		}
		t.Suspect(lr.Seen(last), application, "none of %d usual paths answers, and deploy.health names none", len(usualHealth))
		return nil
	},
}
