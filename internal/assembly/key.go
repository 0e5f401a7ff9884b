package assembly

import (
	"context"
	"log/slog"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/secretscan/verify"
)

// askKey asks a key's own provider, once for each key, and logs that it did.
func askKey(log *slog.Logger) lr.AskKey {
	v := &verify.Verifier{Log: func(provider, fingerprint string, outcome verify.Outcome) {
		log.Info("a provider was asked about a key", "provider", provider, "key", fingerprint[:min(12, len(fingerprint))], "outcome", outcome.String())
	}}
	return func(ctx context.Context, rule, fingerprint string, key lr.Secret) (lr.KeyState, string) {
		a := v.Ask(ctx, rule, fingerprint, key)
		return stateOf(a.Outcome), a.Cause
	}
}

func stateOf(o verify.Outcome) lr.KeyState {
	switch o {
	case verify.Live:
		return lr.KeyActive
	case verify.Dead:
		return lr.KeyRevoked
	case verify.Unknown:
	}
	return lr.KeyUnknown
}
