package auth_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/launchready/launchready/guard/auth"
	"github.com/launchready/launchready/store/faults"
)

// TestProviderFails: while the provider, or the application's whoami, is gone or stands
// still, what was verified goes on as long as it may, and the rest is 503; never 401,
// never let in. When it is back, everybody is served without a restart.
func TestProviderFails(t *testing.T) {
	for fault, fail := range map[string]func(*faults.Wire){"cut": (*faults.Wire).Cut, "stalled": (*faults.Wire).Stall} {
		s := newStand(t)
		url, wire := faults.Before(t, s.provider.URL)
		client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, ResponseHeaderTimeout: 200 * time.Millisecond}}
		s.answer = map[string]any{"active": true, "sub": "ann", "aud": "api", "tid": "acme", "scope": "admin"}
		origins := http.NewCrossOriginProtection()
		h := s.guard(auth.New(auth.Options{Issuer: s.provider.URL, Audience: "api", Tenant: "tid", Algorithms: []string{"EdDSA"}, Now: s.clock,
			Keys:       &auth.Keys{URL: url + "/keys", Client: client},
			Introspect: &auth.Introspection{URL: url + "/introspect", ID: "guard", Secret: "s:1", Cache: 30 * time.Second, Client: client},
			Session:    &auth.Session{Cookie: "sid", Origins: origins, WhoAmI: auth.WhoAmI{URL: url + "/me", Subject: "user.id", Tenant: "tenant", Cache: 30 * time.Second, Client: client}},
		}))
		other := s.token(map[string]any{"sub": "bob"})
		token := s.token(nil)
		ask := func(when, header, value string, want int) {
			t.Helper()
			for t.Context().Err() == nil {
				got, _ := s.ask(h, "GET", "/x", "", header, value)
				if got == want {
					return
				}
				if want != 200 || got != 503 { // what was mended may be met late only
					t.Errorf("%s, %s, %s: %d, want %d", fault, when, header, got, want)
					return
				}
				s.now = s.now.Add(6 * time.Second) // the provider is not asked more often
			}
		}
		for _, known := range [][2]string{{"Authorization", "Bearer " + token}, {"Authorization", "Bearer opaque-token-1"}, {"Cookie", "sid=right"}} {
			ask("before", known[0], known[1], 200)
		}
		fail(wire)
		for _, known := range [][2]string{{"Authorization", "Bearer " + token}, {"Authorization", "Bearer " + other}, {"Authorization", "Bearer opaque-token-1"}, {"Cookie", "sid=right"}} {
			ask("what is known", known[0], known[1], 200)
		}
		s.now = s.now.Add(31 * time.Second) // nobody may be believed for longer
		_ = s.key.Set("kid", "two")
		for _, unknown := range [][2]string{{"Authorization", "Bearer " + s.token(nil)}, {"Authorization", "Bearer opaque-token-1"}, {"Authorization", "Bearer opaque-token-2"}, {"Cookie", "sid=right"}, {"Cookie", "sid=other"}} {
			ask("what is not", unknown[0], unknown[1], 503)
		}
		ask("a key that is known", "Authorization", "Bearer "+other, 200)
		wire.Mend()
		for _, back := range [][2]string{{"Authorization", "Bearer opaque-token-1"}, {"Cookie", "sid=right"}, {"Authorization", "Bearer " + token}} {
			ask("back", back[0], back[1], 200)
		}
		ask("back", "Cookie", "sid=other", 401)
	}
}

// TestClockSetBack: where the clock goes back, what was verified is verified again, and
// the provider's new keys are asked for.
func TestClockSetBack(t *testing.T) {
	s := newStand(t)
	s.answer = map[string]any{"active": true, "sub": "ann", "aud": "api"}
	h := s.guard(auth.New(auth.Options{Issuer: s.provider.URL, Audience: "api", Now: s.clock, Introspect: &auth.Introspection{ID: "guard", Secret: "s:1", Cache: time.Minute, URL: s.provider.URL + "/introspect"}}))
	const token = "Bearer opaque-token-1"
	if got, _ := s.ask(h, "GET", "/x", "", "Authorization", token); got != 200 {
		t.Fatal(got)
	}
	s.answer, s.now = map[string]any{"active": false}, s.now.Add(-time.Hour)
	if got, _ := s.ask(h, "GET", "/x", "", "Authorization", token); got != 401 {
		t.Errorf("it is believed for an hour more: %d", got)
	}
	keys := &auth.Keys{URL: s.provider.URL + "/keys"}
	h = s.guard(auth.New(auth.Options{Issuer: s.provider.URL, Audience: "api", Algorithms: []string{"EdDSA"}, Now: s.clock, Keys: keys}))
	s.status.Store(500)
	if got, _ := s.ask(h, "GET", "/x", "", "Authorization", "Bearer "+s.token(nil)); got != 503 {
		t.Errorf("down: %d", got)
	}
	s.status.Store(0)
	s.now = s.now.Add(-time.Hour)
	if got, _ := s.ask(h, "GET", "/x", "", "Authorization", "Bearer "+s.token(nil)); got != 200 {
		t.Errorf("it is not asked until the clock is where it was: %d", got)
	}
}
