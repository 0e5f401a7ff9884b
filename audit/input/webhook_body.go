package input

import (
	"context"

	lr "github.com/launchready/launchready"
)

func webhookBody() *lr.Check {
	return &lr.Check{
		ID:       "input/webhook-body",
		Title:    "A signature is good for the body that it was made for",
		Why:      "Whoever sees one signed event, in a log or on the way, sends the same signature with a body of their own.",
		Fix:      "Compute the signature over the whole raw body, each time, before the body is parsed. Do not keep signatures that were right once.",
		Severity: lr.Critical,
		Refs:     []lr.Ref{{Source: "CWE", ID: "345"}, {Source: "CWE", ID: "347"}, {Source: "OWASP API", ID: "API2:2023"}},
		Needs:    lr.Routes,
		Effect:   lr.Writes,
		Run: func(ctx context.Context, t *lr.Trial) error {
			return eachHook(ctx, t, func(ctx context.Context, w *lr.Hook, _ *lr.Exchange) (*hit, string, error) {
				first, err := newEvent(t, w)
				if err != nil {
					return nil, "", err
				}
				first.sign(w.Secret.Reveal(), t.Now())
				own, err := first.send(ctx, t, "an event as it should be")
				if err != nil {
					return nil, "", err
				}
				second, err := newEvent(t, w)
				if err != nil {
					return nil, "", err
				}
				second.header = first.header.Clone()
				h, err := second.forged(ctx, t, own, "another event under the signature of the first")
				return h, "a signature is not taken with another body", err
			})
		},
	}
}
