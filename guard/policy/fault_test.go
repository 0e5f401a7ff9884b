package policy_test

import (
	"strings"
	"testing"
	"time"

	"github.com/launchready/launchready/demo/postgres/pgtest"
	"github.com/launchready/launchready/guard/policy"
	"github.com/launchready/launchready/store/faults"
	"github.com/launchready/launchready/store/redis/redistest"
)

// TestStoresFail: while a store is gone or stands still, what does not need it goes on,
// the rest is 503 before the application is asked, and nothing of the store is told;
// when it is back it is used again, without a restart, and what was spent is spent.
func TestStoresFail(t *testing.T) {
	d := pgtest.New(t)
	ledger, toLedger := faults.Before(t, d.URL)
	counters, toCounters := faults.Before(t, redistest.Start(t).URL)
	state := &policy.State{Env: func(name string) (string, bool) {
		return map[string]string{"LEDGER": ledger, "COUNTERS": counters}[name], true
	}}
	t.Cleanup(func() { _ = state.Close() }) // it may be cut
	const sections = `
  - {path: /v1/limited, limits: [many]}
  - {path: /v1/ask, methods: [POST], chat: true, limits: [many]}
  - {path: /v1/keyed, methods: [POST]}
spend: {prices: {m: {input: 1, output: 2}}, model: m, max_tokens: 100, total_day: 0.000500}
idempotency: {}
state: {ledger: "${env:LEDGER}", counters: "${env:COUNTERS}", patience: 300ms}
`
	text := strings.Replace(whole, "auth_failures: {requests: 5, window: 1h}\n", "", 1) // else every route counts
	text = strings.Replace(text, "limits:\n", "limits:\n  many: {per: user, requests: 1000, window: 1h}\n", 1)
	s := newStandWith(t, strings.TrimRight(text, "\n")+sections, state)
	token := s.token(nil)
	ask := func(name string) int {
		t.Helper()
		method, body := "POST", "{}"
		var headers []string
		switch name {
		case "plain", "limited":
			method, body = "GET", ""
		case "keyed":
			headers = []string{"Idempotency-Key", "one"}
		}
		target := "/v1/" + name
		if name == "keyless" {
			target = "/v1/keyed"
		}
		status, answer, h, asked := s.do(method, target, token, body, headers...)
		if status == 503 && (asked || h.Get("Retry-After") == "" || strings.Contains(answer, "127.0.0.1") || strings.Contains(answer, "connect") || strings.Contains(answer, "atabase")) {
			t.Errorf("%s: asked %t, %s %v", name, asked, answer, h)
		}
		return status
	}
	all := func(when string, want map[string]int) {
		t.Helper()
		for name, status := range want {
			if got := ask(name); got != status {
				t.Errorf("%s, %s: %d, want %d", when, name, got, status)
			}
		}
	}
	back := func(name string) {
		t.Helper()
		began := time.Now()
		for served := 0; served < 4; served++ { // a connection that was cut meanwhile is found out by who meets it
			if ask(name) == 503 {
				served = -1
				time.Sleep(10 * time.Millisecond)
			}
			if time.Since(began) > time.Minute {
				t.Fatalf("%s is not back", name)
			}
		}
	}
	back("limited") // the machine may be busy
	back("keyed")
	all("whole", map[string]int{"plain": 200, "limited": 200, "keyed": 200, "keyless": 200, "ask": 200})
	for name, fail := range map[string]func(){"cut": toCounters.Cut, "stalled": toCounters.Stall} {
		fail()
		all("counters "+name, map[string]int{"plain": 200, "keyed": 200, "keyless": 200, "limited": 503, "ask": 503})
		toCounters.Mend()
		back("limited")
	}
	toLedger.Cut()
	all("ledger cut", map[string]int{"plain": 200, "limited": 200, "keyless": 200, "keyed": 503, "ask": 503})
	toLedger.Mend()
	back("keyed")
	before := s.asked.Load()
	if got := ask("keyed"); got != 200 || s.asked.Load() != before {
		t.Errorf("what was done before is done again: %d", got)
	}
	back("ask")
	if got := ask("ask"); got != 429 {
		t.Errorf("what was spent before is free again: %d", got)
	}
}
