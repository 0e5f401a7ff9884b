package input

import (
	"context"
	"errors"
	"time"

	lr "github.com/launchready/launchready"
)

func webhookTimestamp() *lr.Check {
	return &lr.Check{
		ID:       "input/webhook-timestamp",
		Title:    "An event is taken only while it is fresh",
		Why:      "A signature without a time is good for ever: an event that leaked last year can be sent today.",
		Fix:      "Sign the time with the body, and refuse events that are older or newer than five minutes by your own clock.",
		Severity: lr.Medium,
		Refs:     []lr.Ref{{Source: "CWE", ID: "294"}, {Source: "CWE", ID: "613"}},
		Needs:    lr.Routes,
		Effect:   lr.Writes,
		Run: func(ctx context.Context, t *lr.Trial) error {
			return eachHook(ctx, t, func(ctx context.Context, w *lr.Hook, own *lr.Exchange) (*hit, string, error) {
				if !timed(w.Scheme) {
					return nil, "", errors.New("its scheme signs no time, so nothing in an event tells its age; input/webhook-replay tells whether that matters")
				}
				for _, f := range []struct {
					note string
					age  time.Duration
				}{{"an event that was signed a day ago", 24 * time.Hour}, {"an event that was signed for tomorrow", -24 * time.Hour}} {
					e, err := newEvent(t, w)
					if err != nil {
						return nil, "", err
					}
					e.sign(w.Secret.Reveal(), t.Now().Add(-f.age))
					if h, err := e.forged(ctx, t, own, f.note); h != nil || err != nil {
						return h, "", err
					}
				}
				return nil, "events of yesterday and of tomorrow are not taken", nil
			})
		},
	}
}
