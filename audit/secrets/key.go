package secrets

import (
	"context"
	"fmt"
	"strings"
	"sync"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/secretscan"
	"github.com/launchready/launchready/secretscan/verify"
)

// values are what was found, by fingerprint, in a run that may ask providers. They
// are held in memory, as [lr.Secret], and only while there is that consent.
type values struct {
	mu sync.Mutex
	of map[string]lr.Secret
}

// mostHeld bounds how many values are held: more are not asked about.
const mostHeld = 1000

func held(ctx context.Context, t *lr.Trial) (*values, error) {
	return lr.Recall(ctx, t.Memo, "secretscan/values", func(context.Context) (*values, error) {
		return &values{of: map[string]lr.Secret{}}, nil
	})
}

func (v *values) keep(f secretscan.Finding, s lr.Secret) {
	if !verify.Can(f.Rule) {
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.of) < mostHeld {
		v.of[f.Fingerprint] = s
	}
}

func (v *values) get(print string) (lr.Secret, bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	s, ok := v.of[print]
	return s, ok
}

// keyState is what the provider of a key said. The zero value: nobody was asked.
type keyState struct {
	state lr.KeyState
	cause string
}

// askKeys asks about those secrets that are told one by one.
func askKeys(ctx context.Context, t *lr.Trial, order []string, first map[string]secretscan.Finding) map[string]keyState {
	if t.Target.AskKey == nil {
		return nil
	}
	out := map[string]keyState{}
	values, err := held(ctx, t)
	if err != nil {
		return nil
	}
	for i, print := range order {
		if i == mostTold {
			break
		}
		f := first[print]
		v, ok := values.get(print)
		switch {
		case !verify.Can(f.Rule):
			out[print] = keyState{lr.KeyUnknown, "nobody can be asked about a key of this kind"}
		case !ok:
			out[print] = keyState{lr.KeyUnknown, "its value was not kept"}
		default:
			state, cause := t.Target.AskKey(ctx, f.Rule, print, v)
			out[print] = keyState{state, cause}
		}
	}
	return out
}

// rank puts what still opens something first: it is told where several secrets stand in one place.
func (k keyState) rank() int {
	switch k.state {
	case lr.KeyActive:
		return 0
	case lr.KeyRevoked:
		return 2
	case lr.KeyUnknown:
	}
	return 1
}

// severity follows what the key opens: everything that it did, or nothing any more.
func (k keyState) severity() lr.Severity {
	switch k.state {
	case lr.KeyActive:
		return lr.Critical
	case lr.KeyRevoked:
		return lr.Low
	case lr.KeyUnknown:
	}
	return 0
}

func (k keyState) words(provider string) string {
	switch k.state {
	case lr.KeyActive:
		return "; " + provider + " says that it is active"
	case lr.KeyRevoked:
		return "; " + provider + " says that it is revoked, so it opens nothing any more"
	case lr.KeyUnknown:
		return "; whether it is active is unknown: " + k.cause
	}
	return ""
}

func (k keyState) record(provider string) []string {
	if k.state == "" {
		return nil
	}
	if provider == "" {
		provider = "nobody"
	}
	return []string{fmt.Sprintf("asked %s: %s (%s)", provider, k.state, k.cause)}
}

// rotation is what to do about a key of that provider, step by step.
func rotation(provider string) string {
	b := verify.RunbookOf(provider)
	var out strings.Builder
	out.WriteString("Rotation")
	if b.Where != "" {
		out.WriteString(" at " + b.Where)
	}
	out.WriteString(":\n")
	for i, s := range b.Steps {
		fmt.Fprintf(&out, "\n%d. %s", i+1, s)
	}
	return out.String()
}
