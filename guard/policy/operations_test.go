package policy_test

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lestrrat-go/jwx/v3/jwk"
	"github.com/lestrrat-go/jwx/v3/jwt"

	"github.com/launchready/launchready/guard"
	"github.com/launchready/launchready/guard/policy"
)

func TestOperationsMistakes(t *testing.T) {
	const base = "version: 1\nlisten: 127.0.0.1:0\nupstream: http://127.0.0.1:1\noperations:\n  %s\nroutes: [{path: /a, public: true, essential: true}]\n"
	for says, want := range map[string]string{
		"access_log: some":       "guard.yaml:5:15: access_log",
		"connections: -1":        "guard.yaml:5:3: a bound is below 0",
		"drain: 0s":              "guard.yaml:5:10: operations.drain is no time above 0",
		"linger: -1s":            "guard.yaml:5:11: operations.linger",
		"body: soon":             "guard.yaml:5:9: operations.body",
		"upstream_silence: -5s":  "guard.yaml:5:21: operations.upstream_silence",
		"connections_per_ip: -2": "a bound is below 0",
	} {
		if _, err := policy.Parse("guard.yaml", fmt.Appendf(nil, base, says)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", says, err, want)
		}
	}
	p, err := policy.Parse("guard.yaml", fmt.Appendf(nil, base, "{body: 3s, linger: 0s, drain: 1m, access_log: refused, connections: 7}"))
	if err != nil {
		t.Fatal(err)
	}
	if b := p.Bounds(); b.Pace.Body != 3*time.Second || b.Drain != time.Minute || !b.Quiet || b.Connections != 7 || b.PerAddress != 512 || b.Pace.Silence != 5*time.Minute {
		t.Errorf("bounds %+v", b)
	}
	if b := (&policy.Policy{}).Bounds(); b.Connections != 10_000 || b.Connect != 5*time.Second || b.Quiet {
		t.Errorf("without a section: %+v", b)
	}
}

// TestProviderBack: while the identity provider is down the keys that are known
// count, and others are no verdict; once it is back, so is everybody.
func TestProviderBack(t *testing.T) {
	var ahead atomic.Int64
	now := func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
	s := newStandWith(t, strings.Replace(whole, "auth_failures: {requests: 5, window: 1h}\n", "", 1), &policy.State{Now: now, Lockdown: &guard.Lockdown{}})
	status := func(token string) int {
		got, _, _, asked := s.do("GET", "/v1/x", token, "")
		if asked != (got == 200) {
			t.Errorf("status %d, the application was asked: %t", got, asked)
		}
		return got
	}
	token := s.token(func(k jwt.Token) { _ = k.Set("exp", time.Now().Add(24*time.Hour)) })
	s.down.Store(true)
	if got := status(token); got != 503 {
		t.Errorf("down at the beginning: %d", got)
	}
	s.down.Store(false)
	if got := status(token); got != 503 {
		t.Errorf("back, and asked too soon: %d", got)
	}
	ahead.Add(int64(6 * time.Second))
	if got := status(token); got != 200 {
		t.Errorf("back: %d", got)
	}
	s.down.Store(true)
	ahead.Add(int64(time.Hour)) // the keys are old, and what was verified is forgotten
	if got := status(token); got != 200 {
		t.Errorf("down, by a key that is known: %d", got)
	}
	_ = s.key.Set(jwk.KeyIDKey, "two") // the provider changed its key meanwhile
	if got := status(s.token(func(k jwt.Token) { _ = k.Set("exp", time.Now().Add(24*time.Hour)) })); got != 503 {
		t.Errorf("down, by a key that is not: %d", got)
	}
}
