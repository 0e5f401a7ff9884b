package policy_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/launchready/launchready/guard/policy"
	"github.com/launchready/launchready/store/faults"
	"github.com/launchready/launchready/store/redis/redistest"
)

// TestCountersCutWhileIdle: when the server of the counters went away and came back
// while nobody asked, nobody who asks then is refused for it.
func TestCountersCutWhileIdle(t *testing.T) {
	server := redistest.Start(t)
	counters, wire := faults.Before(t, server.URL)
	state := &policy.State{Env: func(string) (string, bool) { return counters, true }}
	t.Cleanup(func() { _ = state.Close() }) // it may be cut
	text := strings.Replace(whole, "limits:\n", "limits:\n  many: {per: user, requests: 100000, window: 1h, concurrent: 1000}\n", 1)
	text = strings.Replace(text, "auth_failures: {requests: 5, window: 1h}\n", "", 1)
	s := newStandWith(t, strings.TrimRight(text, "\n")+`
  - {path: /v1/limited, limits: [many]}
state: {counters: "${env:COUNTERS}", patience: 20s}
`, state)
	token := s.token(nil)
	abreast := func(requests int) map[int]int {
		var wg sync.WaitGroup
		var mu sync.Mutex
		got := map[int]int{}
		for range requests {
			wg.Go(func() {
				r, err := http.NewRequestWithContext(t.Context(), "GET", s.guard.URL+"/v1/limited", nil)
				if err != nil {
					t.Error(err)
					return
				}
				r.Header.Set("Authorization", "Bearer "+token)
				res, err := http.DefaultTransport.RoundTrip(r)
				if err != nil {
					t.Error(err)
					return
				}
				_ = res.Body.Close()
				mu.Lock()
				got[res.StatusCode]++
				mu.Unlock()
			})
		}
		wg.Wait()
		return got
	}
	abreast(32)
	for name, cut := range map[string]func(){
		"the connections": func() { wire.Cut(); wire.Mend() },
		"the server":      func() { server.Down(); server.Up() },
	} {
		for _, requests := range []int{1, 1, 1, 1, 1, 1, 1, 1, 32, 32, 32, 32} {
			cut()
			got := abreast(requests)
			if got[200] != requests {
				t.Errorf("%s, %d at one time: %v", name, requests, got)
			}
		}
	}
}
