package input

import (
	"context"
	"errors"
	"fmt"

	lr "github.com/launchready/launchready"
)

func webhookReplay() *lr.Check {
	return &lr.Check{
		ID:       "input/webhook-replay",
		Title:    "An event that comes twice has its effect once",
		Why:      "Senders deliver again when an answer is lost, and attackers whenever they like. An event that counts twice pays twice.",
		Fix:      "Keep the ids of events that were taken, under a unique constraint, and answer the second delivery as the first, without its effect.",
		Severity: lr.Medium,
		Refs:     []lr.Ref{{Source: "CWE", ID: "294"}, {Source: "ASVS", ID: "v5.0.0-2.3.1"}},
		Needs:    lr.Routes,
		Effect:   lr.Writes,
		Run: func(ctx context.Context, t *lr.Trial) error {
			return eachHook(ctx, t, func(ctx context.Context, w *lr.Hook, _ *lr.Exchange) (*hit, string, error) { return replays(ctx, t, w) })
		},
	}
}

// replays delivers one event twice, byte for byte, and counts it where events are
// shown.
func replays(ctx context.Context, t *lr.Trial, w *lr.Hook) (*hit, string, error) {
	if w.Read == nil {
		return nil, "", errors.New("what an event does cannot be seen: give webhooks.*.read")
	}
	e, err := newEvent(t, w)
	if err != nil {
		return nil, "", err
	}
	e.sign(w.Secret.Reveal(), t.Now())
	var was taken
	for n, note := range []string{"an event as it should be", "the same event again"} {
		x, err := e.send(ctx, t, note)
		if err != nil {
			return nil, "", err
		}
		got, err := e.lookFor(ctx, t, x)
		switch {
		case err != nil:
			return nil, "", err
		case n == 0 && !got.yes:
			return nil, "", fmt.Errorf("an event signed by the configuration's secret is answered %d and not taken", x.Status)
		case n == 1 && got.times > was.times:
			return &hit{xs: append(was.xs[:1:1], got.xs...), witness: []string{e.id}, say: fmt.Sprintf("an event that comes twice counts %d times", got.times)}, "", nil
		}
		was = got
	}
	return nil, "an event that comes twice counts once", nil
}
