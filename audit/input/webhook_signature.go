package input

import (
	"context"

	lr "github.com/launchready/launchready"
)

func webhookSignature() *lr.Check {
	return &lr.Check{
		ID:       "input/webhook-signature",
		Title:    "An event is taken only with a right signature",
		Why:      "The address of a webhook is no secret. Without a signature anyone tells the application that an invoice is paid, a user has left, a contract is signed.",
		Fix:      "Compute the signature over the raw body with the shared secret, compare in constant time, and answer 401 to everything else, also where the field is missing or empty.",
		Severity: lr.Critical,
		Refs:     []lr.Ref{{Source: "CWE", ID: "345"}, {Source: "CWE", ID: "306"}, {Source: "OWASP API", ID: "API2:2023"}},
		Needs:    lr.Routes,
		Effect:   lr.Writes,
		Run: func(ctx context.Context, t *lr.Trial) error {
			for _, w := range hooks(ctx, t) {
				if !w.Secret.IsZero() {
					continue
				}
				if err := unsignedOnly(ctx, t, w); err != nil {
					return err
				}
			}
			return eachHook(ctx, t, func(ctx context.Context, w *lr.Hook, own *lr.Exchange) (*hit, string, error) {
				return signs(ctx, t, w, own)
			})
		},
	}
}

// signs sends events without a signature, with an empty one, and with one of
// another key.
func signs(ctx context.Context, t *lr.Trial, w *lr.Hook, own *lr.Exchange) (*hit, string, error) {
	for _, f := range []struct {
		note string
		make func(*event)
	}{
		{"an event without a signature", func(*event) {}},
		{"an event with a signature of another key", func(e *event) { e.sign("whsec_bHItbm90LXRoZS1rZXktMDAwMA==", t.Now()) }},
		{"an event with an empty signature", func(e *event) {
			e.sign(w.Secret.Reveal(), t.Now())
			for k := range e.header {
				e.header.Set(k, "")
			}
		}},
		{"an event signed with an empty key", func(e *event) { e.sign("", t.Now()) }},
	} {
		e, err := newEvent(t, w)
		if err != nil {
			return nil, "", err
		}
		f.make(e)
		if h, err := e.forged(ctx, t, own, f.note); h != nil || err != nil {
			return h, "", err
		}
	}
	return nil, "events without a signature, with an empty one and with one of another key are not taken", nil
}

// unsignedOnly asks a hook whose secret is not known: what takes an event without
// a signature needs none.
func unsignedOnly(ctx context.Context, t *lr.Trial, w *lr.Hook) error {
	e, err := newEvent(t, w)
	if err != nil {
		return err
	}
	h, err := e.forged(ctx, t, nil, "an event without a signature")
	if over := ended(ctx, err); over != nil {
		return over
	}
	if err == nil && h != nil {
		h.report(t, w.Subject())
	}
	return nil
}
