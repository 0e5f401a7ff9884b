package policy_test

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lestrrat-go/jwx/v3/jwt"

	"github.com/launchready/launchready/guard"
	"github.com/launchready/launchready/guard/policy"
)

// TestClockIsSet: a machine's clock that is set back makes no expired token valid and
// no budget whole, one that is set forward refuses nobody and begins no new day, and
// neither opens a limit. What stands is followed.
func TestClockIsSet(t *testing.T) {
	var set, even atomic.Int64
	begin := time.Now().UTC().Truncate(24 * time.Hour).Add(12 * time.Hour) // a day has room on either side
	state := &policy.State{Clock: guard.Clock{
		Wall: func() time.Time { return begin.Add(time.Duration(set.Load() + even.Load())) },
		Even: func() time.Duration { return time.Duration(even.Load()) },
	}}
	const sections = `
  - {path: /v1/ask, methods: [POST], chat: true, limits: [ask]}
  - {path: /v1/once, limits: [once]}
spend: {prices: {m: {input: 1, output: 2}}, model: m, max_tokens: 100, total_day: 0.000300}
state: {ledger: memory}
`
	text := strings.Replace(whole, "auth_failures: {requests: 5, window: 1h}\n", "", 1)
	text = strings.Replace(text, "limits:\n", "limits:\n  ask: {per: user, requests: 1000, window: 1h}\n  once: {per: user, requests: 1, window: 10h}\n", 1)
	s := newStandWith(t, strings.TrimRight(text, "\n")+sections, state)
	expiring := func(in time.Duration) string {
		return s.token(func(k jwt.Token) { _ = k.Set("exp", begin.Add(in)) })
	}
	short, long := expiring(time.Minute), expiring(48*time.Hour)
	want := func(when, target, token string, status int) {
		t.Helper()
		method, body := "GET", ""
		if target == "/v1/ask" {
			method, body = "POST", "{}"
		}
		if got, b, _, _ := s.do(method, target, token, body); got != status {
			t.Errorf("%s, %s: %d %s, want %d", when, target, got, b, status)
		}
	}
	all := func(when string, early, late, ask, once int) {
		t.Helper()
		want(when, "/v1/x", short, early)
		want(when, "/v1/x", long, late)
		want(when, "/v1/ask", long, ask)
		want(when, "/v1/once", long, once)
	}
	issued := func(claim string, in time.Duration) string {
		return s.token(func(k jwt.Token) { _ = k.Set(claim, begin.Add(in)); _ = k.Set("exp", begin.Add(in+100*time.Hour)) })
	}
	all("at first", 200, 200, 200, 200)
	for _, claim := range []string{"iat", "nbf"} {
		want("of a time to come: "+claim, "/v1/x", issued(claim, 2*time.Hour), 401)
	}
	all("again", 200, 200, 429, 429)
	even.Add(int64(2 * time.Minute))
	all("two minutes later", 401, 200, 429, 429)
	for _, jump := range []time.Duration{-time.Hour, -36 * time.Hour, 25 * time.Hour, 10 * 365 * 24 * time.Hour} {
		set.Store(int64(jump))
		for range 2 {
			all(fmt.Sprint("set by ", jump), 401, 200, 429, 429)
		}
		set.Store(0)
		all("and back", 401, 200, 429, 429)
	}
	set.Store(int64(25 * time.Hour))
	all("set by a day", 401, 200, 429, 429)
	for _, claim := range []string{"iat", "nbf"} { // by who had the right time before
		want("issued a moment ago: "+claim, "/v1/x", issued(claim, 25*time.Hour), 200)
		want("of a time to come by both: "+claim, "/v1/x", issued(claim, 28*time.Hour), 401)
	}
	even.Add(int64(11 * time.Minute))
	all("which stands", 401, 200, 200, 429)
}

// TestClockOfTheModel: the budgets of the model's listener are of the same day as those
// of the front, whatever the machine's clock is set to.
func TestClockOfTheModel(t *testing.T) {
	var set atomic.Int64
	begin := time.Now().UTC().Truncate(24 * time.Hour).Add(12 * time.Hour)
	state := &policy.State{Clock: guard.Clock{
		Wall: func() time.Time { return begin.Add(time.Duration(set.Load())) },
		Even: func() time.Duration { return 0 },
	}}
	to := provider(t)
	proxy := serveModel(t, state, paid, to.URL, to.URL, to.URL, sha256.Sum256([]byte(virtual)), sha256.Sum256([]byte(ofTenant)), "total_day: 0.0004", "memory")
	if got := fmt.Sprint(askModel(proxy), askModel(proxy)); got != "200 429" {
		t.Fatal(got)
	}
	for _, jump := range []time.Duration{-36 * time.Hour, 25 * time.Hour} {
		set.Store(int64(jump))
		if got := askModel(proxy); got != 429 {
			t.Errorf("set by %v: %d", jump, got)
		}
	}
}
