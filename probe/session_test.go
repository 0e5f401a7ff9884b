package probe_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/probe"
)

// turns is a Sessions whose credential moves on when it is renewed.
type turns struct {
	mu      sync.Mutex
	gen     int
	renewed int
	err     error
	alive   bool // the credential is not dead, whatever the reply was
}

func (s *turns) cred() lr.Credential {
	tok := fmt.Sprintf("generation-%d", s.gen)
	return lr.Credential{Header: map[string]lr.Secret{"Authorization": lr.NewSecret("Bearer " + tok)}, Token: lr.NewSecret(tok)}
}

func (s *turns) Credential(context.Context, *lr.Account) (lr.Credential, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.cred(), nil
}

func (s *turns) Renew(_ context.Context, _ *lr.Account, used lr.Credential) (lr.Credential, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return lr.Credential{}, s.err
	}
	if cur := s.cred(); s.alive || used.Token != cur.Token {
		return cur, nil
	}
	s.gen++
	s.renewed++
	return s.cred(), nil
}

func TestRenewal(t *testing.T) {
	dead := errors.New("identity a: signed out")
	for _, tc := range []struct {
		name     string
		deny     int // status for the first generation
		location string
		sessions *turns
		own      bool // the request names its credential
		status   int
		attempts int
		err      error
	}{
		{"401 renews once", 401, "", &turns{}, false, 200, 2, nil},
		{"419 renews", 419, "", &turns{}, false, 200, 2, nil},
		{"403 renews", 403, "", &turns{}, false, 200, 2, nil},
		{"redirect to the sign-in renews", 302, "/login?next=x", &turns{}, false, 200, 2, nil},
		{"another redirect stands", 302, "/dashboard", &turns{}, false, 302, 1, nil},
		{"404 stands", 404, "", &turns{}, false, 404, 1, nil},
		{"401 to a live credential stands", 401, "", &turns{alive: true}, false, 401, 1, nil},
		{"a request's own credential is never renewed", 401, "", &turns{}, true, 401, 1, nil},
		{"what cannot be renewed is an error", 401, "", &turns{err: dead}, false, 0, 0, dead},
	} {
		t.Run(tc.name, func(t *testing.T) {
			base := serve(t, func(w http.ResponseWriter, r *http.Request) {
				if r.Header.Get("Authorization") == "Bearer generation-0" {
					if tc.location != "" {
						w.Header().Set("Location", tc.location)
					}
					w.WriteHeader(tc.deny)
				}
			})
			c := client(t, probe.Options{Base: base, Sessions: tc.sessions})
			r := get("/x")
			if tc.own {
				cred := tc.sessions.cred()
				r.Credential = &cred
			}
			x, err := c.Do(t.Context(), &lr.Account{Identity: lr.Identity{Name: "a"}}, r)
			if !errors.Is(err, tc.err) {
				t.Fatalf("got %v, want %v", err, tc.err)
			}
			if err == nil && (x.Status != tc.status || x.Attempts != tc.attempts) {
				t.Errorf("got %d after %d, want %d after %d", x.Status, x.Attempts, tc.status, tc.attempts)
			}
		})
	}
}

func TestRenewalThatDoesNotHelpEnds(t *testing.T) {
	var n atomic.Int32
	base := serve(t, func(w http.ResponseWriter, r *http.Request) { n.Add(1); w.WriteHeader(401) })
	s := &turns{}
	x := do(t, client(t, probe.Options{Base: base, Sessions: s}), &lr.Account{}, get("/"))
	if x.Status != 401 || n.Load() != 2 || s.renewed != 1 {
		t.Errorf("got %d, served %d, renewed %d", x.Status, n.Load(), s.renewed)
	}
}

func TestManyForbiddenAskOnce(t *testing.T) {
	base := serve(t, func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(403) })
	s := &turns{}
	ck := newClock()
	c := client(t, probe.Options{Base: base, Sessions: s, Now: ck.Now, Sleep: ck.Sleep})
	a := &lr.Account{}
	for range 50 {
		do(t, c, a, get("/"))
	}
	if s.renewed != 1 {
		t.Errorf("50 refusals in one moment renewed %d times, want 1", s.renewed)
	}
}

func TestCookieOfRepliesIsNotKept(t *testing.T) {
	base := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Cookie") != "" {
			t.Errorf("got a cookie %q", r.Header.Get("Cookie"))
		}
		http.SetCookie(w, &http.Cookie{Name: "sid", Value: "x"})
	})
	c := client(t, probe.Options{Base: base})
	do(t, c, nil, get("/"))
	do(t, c, nil, get("/"))
}
