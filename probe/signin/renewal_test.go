package signin_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/probe"
	"github.com/launchready/launchready/probe/signin"
)

func cast(t *testing.T, f func(*signin.Method), ids ...signin.Identity) *stage {
	t.Helper()
	if len(ids) == 0 {
		ids = []signin.Identity{member()}
	}
	s := setUp(t, signin.Options{Method: with(login("/login"), f), WhoAmI: "GET /me", Identities: ids})
	return s
}

func plainMethod(*signin.Method) {}

func TestDeadCredentialIsRenewedOnce(t *testing.T) {
	s := cast(t, plainMethod)
	s.preflight(t)
	a := s.cast.Accounts()[0]
	s.app.kill()
	const n = 40
	var wg sync.WaitGroup
	for range n {
		wg.Go(func() {
			x, err := s.http.Do(t.Context(), a, &lr.Request{Method: "GET", Path: "/x"})
			if err != nil || string(x.Body) != "for member@acme.test" {
				t.Errorf("got %v, %v", x, err)
			}
		})
	}
	wg.Wait()
	if got := s.app.count(); got != 2 {
		t.Errorf("%d requests with a dead credential made %d sign-ins beside the first, want 1", n, got-1)
	}
	if strings.Contains(s.written(), "issued-token") || strings.Contains(s.written(), "pa$$word") {
		t.Errorf("records show a secret:\n%s", s.written())
	}
}

func TestLiveCredentialIsNotRenewed(t *testing.T) {
	s := cast(t, plainMethod)
	s.app.set(func(a *app) { delete(a.users, "nobody") })
	s.preflight(t)
	a := s.cast.Accounts()[0]
	cred := a.Credential.WithToken("tampered-token-1")
	x, err := s.http.Do(t.Context(), a, &lr.Request{Method: "GET", Path: "/x", Credential: &cred})
	if err != nil || x.Status != 401 || s.app.count() != 1 {
		t.Errorf("a tampered credential: got %v, %v, %d sign-ins", x, err, s.app.count())
	}
	got, err := s.cast.Renew(t.Context(), a, a.Credential) // whoami knows it
	if err != nil || got.Token != a.Credential.Token || s.app.count() != 1 {
		t.Errorf("a live credential was renewed: %v, %d sign-ins", err, s.app.count())
	}
}

func TestExpiringCredentialIsRenewedBefore(t *testing.T) {
	s := cast(t, plainMethod)
	s.app.set(func(a *app) { a.life = 15 * time.Minute })
	s.preflight(t)
	a := s.cast.Accounts()[0]
	first := a.Credential.Token
	s.clock.Add(14*time.Minute + 29*time.Second)
	s.get(t, a, "/x")
	if s.app.count() != 1 {
		t.Error("renewed more than 30 s before its end")
	}
	s.clock.Add(2 * time.Second)
	x := s.get(t, a, "/x")
	if s.app.count() != 2 || x.Attempts != 1 {
		t.Errorf("got %d sign-ins and %d attempts, want 2 and 1", s.app.count(), x.Attempts)
	}
	if now, _ := s.cast.Credential(t.Context(), a); now.Token == first {
		t.Error("the cast still gives the old credential")
	}
}

func TestShortLivedCredentialIsNotRenewedEachTime(t *testing.T) {
	s := cast(t, plainMethod)
	s.app.set(func(a *app) { a.life = 20 * time.Second })
	s.preflight(t)
	for range 10 {
		s.get(t, s.cast.Accounts()[0], "/x")
	}
	if s.app.count() != 1 {
		t.Errorf("%d sign-ins, want 1", s.app.count())
	}
}

func TestRenewalByRefreshToken(t *testing.T) {
	refresh := func(m *signin.Method) {
		m.Refresh = &signin.Call{Request: "POST /refresh", JSON: map[string]any{"refresh_token": "$refresh"}}
	}
	s := cast(t, refresh)
	s.preflight(t)
	a := s.cast.Accounts()[0]
	s.app.kill()
	s.clock.Add(time.Minute)
	if x := s.get(t, a, "/x"); !x.OK() || s.app.count() != 1 {
		t.Errorf("got %d with %d sign-ins, want 200 with 1", x.Status, s.app.count())
	}
	// The rotated token works too; a used one falls back to signing in.
	s.app.kill()
	s.app.set(func(a *app) { a.used["refresh-for-member@acme.test-2"] = true })
	s.clock.Add(time.Minute)
	if x := s.get(t, a, "/x"); !x.OK() || s.app.count() != 2 {
		t.Errorf("got %d with %d sign-ins, want 200 with 2", x.Status, s.app.count())
	}
	if strings.Contains(s.written(), "refresh-for-") {
		t.Errorf("records show a refresh token:\n%s", s.written())
	}
}

func TestOAuthRefresh(t *testing.T) {
	m := &signin.Method{OAuth: &signin.OAuth{TokenURL: "/oauth/token", Grant: "password", ClientID: "client:1", ClientSecret: lr.NewSecret("client secret/+1")}}
	s := setUp(t, signin.Options{Method: m, WhoAmI: "GET /me", Identities: []signin.Identity{member()}})
	s.preflight(t)
	s.app.kill()
	s.clock.Add(time.Minute)
	if x := s.get(t, s.cast.Accounts()[0], "/x"); !x.OK() || s.app.count() != 1 {
		t.Errorf("got %d with %d sign-ins, want 200 with 1", x.Status, s.app.count())
	}
}

func TestRefreshVerb(t *testing.T) {
	s := cast(t, func(m *signin.Method) {
		m.Refresh = &signin.Call{Request: "POST /refresh", JSON: map[string]any{"refresh_token": "$refresh"}}
	})
	s.preflight(t)
	a, err := s.cast.Session(t.Context(), s.cast.Accounts()[0])
	if err != nil {
		t.Fatal(err)
	}
	b, x, err := s.cast.Refresh(t.Context(), a)
	if err != nil || !x.OK() || b.Credential.Token == a.Credential.Token || b.Credential.Refresh == a.Credential.Refresh {
		t.Fatalf("got %v %v %v", b, x, err)
	}
	if strings.Contains(string(x.Body), "issued-token") || strings.Contains(string(x.Body), "refresh-for-") {
		t.Errorf("the exchange shows tokens: %s", x.Body)
	}
	again, x, err := s.cast.Refresh(t.Context(), a) // the old refresh token is used up
	if err != nil || again != nil || x.Status != 401 {
		t.Errorf("reuse: got %v %v %v, want the refusal", again, x, err)
	}
	none := cast(t, plainMethod)
	none.preflight(t)
	if _, _, err := none.cast.Refresh(t.Context(), none.cast.Accounts()[0]); !errors.Is(err, lr.ErrNoRefresh) {
		t.Errorf("got %v, want ErrNoRefresh", err)
	}
}

func TestDeadGivenCredential(t *testing.T) {
	id := globex()
	id.Password, id.Token = lr.Secret{}, lr.NewSecret("issued-token-0001")
	s := cast(t, plainMethod, id)
	s.app.set(func(a *app) { a.issue(a.users["member@globex.test"]) })
	s.preflight(t)
	s.app.kill()
	s.clock.Add(time.Minute)
	for range 3 {
		_, err := s.http.Do(t.Context(), s.cast.Accounts()[0], &lr.Request{Method: "GET", Path: "/x"})
		if !errors.Is(err, signin.ErrSignedOut) || errors.Is(err, lr.ErrLost) || !strings.Contains(err.Error(), "globex_member") || !strings.Contains(err.Error(), "GET /me answered 401") {
			t.Errorf("got %v, want ErrSignedOut naming globex_member and why", err)
		}
		if err != nil && strings.Contains(err.Error(), "issued-token") {
			t.Errorf("error shows the token: %v", err)
		}
	}
}

func TestGivenTokenWithRefreshToken(t *testing.T) {
	id := member()
	id.Password, id.Token, id.Refresh = lr.Secret{}, lr.NewSecret("issued-token-0001"), lr.NewSecret("refresh-for-member@acme.test-1")
	s := cast(t, func(m *signin.Method) {
		m.Refresh = &signin.Call{Request: "POST /refresh", JSON: map[string]any{"refresh_token": "$refresh"}}
	}, id)
	s.app.set(func(a *app) { a.issue(a.users["member@acme.test"]) })
	s.preflight(t)
	a := s.cast.Accounts()[0]
	s.app.kill()
	s.clock.Add(time.Minute)
	if x := s.get(t, a, "/x"); x.Status != 200 || s.app.count() != 0 {
		t.Errorf("got %d with %d sign-ins, want 200 by the refresh token", x.Status, s.app.count())
	}
	s.app.kill()
	s.app.set(func(a *app) { a.used["refresh-for-member@acme.test-2"] = true })
	s.clock.Add(time.Minute)
	for range 2 {
		if _, err := s.http.Do(t.Context(), a, &lr.Request{Method: "GET", Path: "/x"}); !errors.Is(err, signin.ErrSignedOut) || !strings.Contains(err.Error(), "acme_member") {
			t.Errorf("got %v, want ErrSignedOut naming acme_member", err)
		}
	}
	if _, err := s.cast.Session(t.Context(), a); !errors.Is(err, lr.ErrNoSignIn) {
		t.Errorf("another session: got %v, want ErrNoSignIn", err)
	}
}

func TestSignInThatFailsMidRunEnds(t *testing.T) {
	s := cast(t, plainMethod)
	s.preflight(t)
	a := s.cast.Accounts()[0]
	s.app.kill()
	s.app.set(func(a *app) { a.refuse = 403 })
	var err error
	for range 20 {
		s.clock.Add(10 * time.Second)
		if _, err = s.http.Do(t.Context(), a, &lr.Request{Method: "GET", Path: "/x"}); !errors.Is(err, signin.ErrSignedOut) {
			t.Fatalf("got %v, want ErrSignedOut", err)
		}
	}
	if n := s.app.count(); n != 4 {
		t.Errorf("tried to sign in %d times after the first, want 3: more locks accounts", n-1)
	}
	for _, want := range []string{"acme_member", "POST /login answered 403"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error does not say %q: %v", want, err)
		}
	}
	if strings.Contains(err.Error(), "pa$$word") {
		t.Errorf("error shows the password that the server echoed: %v", err)
	}
}

func TestWithoutWhoAmI(t *testing.T) {
	s := setUp(t, signin.Options{Method: with(login("/login"), plainMethod), Identities: []signin.Identity{member()}})
	s.preflight(t)
	a := s.cast.Accounts()[0]
	if a.UserID != "usr_1" {
		t.Errorf("user id from the sign-in's reply: got %q", a.UserID)
	}
	for k, v := range a.Known {
		if strings.Contains(v, "issued-token") || strings.Contains(v, "refresh-for") {
			t.Errorf("Known[%s] holds a token", k)
		}
	}
	s.app.kill()
	if x := s.get(t, a, "/x"); x.Status != 401 || s.app.count() != 1 {
		t.Errorf("a young credential: got %d with %d sign-ins, want the 401 to stand", x.Status, s.app.count())
	}
	s.clock.Add(2 * time.Minute)
	if x := s.get(t, a, "/x"); x.Status != 200 || s.app.count() != 2 {
		t.Errorf("an old credential: got %d with %d sign-ins, want it renewed", x.Status, s.app.count())
	}
}

func TestSessionIsItsOwn(t *testing.T) {
	s := cast(t, func(m *signin.Method) { m.SignOut = &signin.Call{Request: "POST /logout"} })
	s.preflight(t)
	a := s.cast.Accounts()[0]
	b, err := s.cast.Session(t.Context(), a)
	if err != nil || b == a || b.Credential.Token == a.Credential.Token || b.UserID != a.UserID || s.cast.Password(b).Reveal() != "acme pa$$word&1" {
		t.Fatalf("got %v, %v", b, err)
	}
	if x, err := s.cast.SignOut(t.Context(), b); err != nil || x.Status != 204 {
		t.Fatalf("sign out: %v %v", x, err)
	}
	before := s.app.count()
	if x := s.get(t, b, "/x"); x.Status != 401 || s.app.count() != before {
		t.Errorf("an ended session: got %d with %d more sign-ins; it must be seen ended", x.Status, s.app.count()-before)
	}
	if x := s.get(t, a, "/x"); x.Status != 200 {
		t.Errorf("the account's own session: got %d", x.Status)
	}
	given := globex()
	given.Password, given.Token = lr.Secret{}, lr.NewSecret("issued-token-0001")
	g := cast(t, plainMethod, given)
	if _, err := g.cast.Session(t.Context(), g.cast.Accounts()[0]); !errors.Is(err, lr.ErrNoSignIn) {
		t.Errorf("a given token: got %v, want ErrNoSignIn", err)
	}
	if _, err := g.cast.SignOut(t.Context(), g.cast.Accounts()[0]); !errors.Is(err, signin.ErrNoSignOut) {
		t.Errorf("no sign-out: got %v, want ErrNoSignOut", err)
	}
}

func TestSignInRequestAndAccept(t *testing.T) {
	s := cast(t, plainMethod)
	s.preflight(t)
	a := s.cast.Accounts()[0]
	r, err := s.cast.SignInRequest(t.Context(), a, "", lr.NewSecret("wrong-password-1"))
	if err != nil || string(r.Body) != `{"email":"member@acme.test","password":"wrong-password-1"}` || r.Route.Kind != lr.SignIn {
		t.Fatalf("got %v, %v", r, err)
	}
	x, err := s.http.Do(t.Context(), nil, r)
	if err != nil || x.Status != 401 {
		t.Fatalf("got %v, %v", x, err)
	}
	if _, err := s.cast.Accept(a, x); err == nil {
		t.Error("a refusal was accepted")
	}
	r, err = s.cast.SignInRequest(t.Context(), a, "member@globex.test", lr.NewSecret("globex-member-pw"))
	if err != nil {
		t.Fatal(err)
	}
	if x, err = s.http.Do(t.Context(), nil, r); err != nil {
		t.Fatal(err)
	}
	b, err := s.cast.Accept(a, x)
	if err != nil {
		t.Fatal(err)
	}
	if got := string(s.get(t, b, "/x").Body); got != "for member@globex.test" {
		t.Errorf("got %q", got)
	}
	if got := string(s.get(t, a, "/x").Body); got != "for member@acme.test" {
		t.Errorf("the account itself changed: %q", got)
	}
}

func TestRefreshByCookie(t *testing.T) {
	gone := false
	var refreshed int
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/login":
			http.SetCookie(w, &http.Cookie{Name: "refresh", Value: "cookie-refresh-01", HttpOnly: true})
			answer(w, 200, obj{"access_token": "access-token-01"})
		case "/refresh":
			if c, err := r.Cookie("refresh"); err != nil || c.Value != "cookie-refresh-01" {
				w.WriteHeader(401)
				return
			}
			refreshed++
			answer(w, 200, obj{"result": obj{"jwt": "access-token-02"}})
		default:
			want := "Bearer access-token-01"
			if gone {
				want = "Bearer access-token-02"
			}
			if r.Header.Get("Authorization") != want || r.Header.Get("Cookie") != "" {
				w.WriteHeader(401)
				return
			}
			answer(w, 200, obj{"id": "u1"})
		}
	}))
	defer server.Close()
	base, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	client, err := probe.New(probe.Options{Base: base})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	m := with(login("/login"), func(m *signin.Method) {
		m.Token, m.Refresh = "/access_token", &signin.Call{Request: "POST /refresh"}
	})
	c, err := signin.New(signin.Options{HTTP: client, Method: m, WhoAmI: "GET /me", Identities: []signin.Identity{member()}})
	if err != nil {
		t.Fatal(err)
	}
	client.Use(c)
	if ps := c.Preflight(t.Context()); len(ps) != 0 {
		t.Fatal(ps)
	}
	gone = true
	x, err := client.Do(t.Context(), c.Accounts()[0], &lr.Request{Method: "GET", Path: "/x"})
	if err != nil || x.Status != 200 || refreshed != 1 {
		t.Errorf("got %v, %v after %d refreshes, want 200 after 1", x, err, refreshed)
	}
}

func TestAccountsAreRenewedApart(t *testing.T) {
	s := cast(t, plainMethod, member(), globex())
	s.preflight(t)
	s.app.kill()
	var wg sync.WaitGroup
	for range 10 {
		for _, a := range s.cast.Accounts() {
			wg.Go(func() {
				x, err := s.http.Do(t.Context(), a, &lr.Request{Method: "GET", Path: "/x"})
				if err != nil || string(x.Body) != "for "+a.User {
					t.Errorf("%s: got %v, %v", a.Name, x, err)
				}
			})
		}
	}
	wg.Wait()
	if n := s.app.count(); n != 4 {
		t.Errorf("%d sign-ins, want 2 and 2 more", n)
	}
}

func TestWaitingForARenewalEndsWithTheContext(t *testing.T) {
	started, release := make(chan struct{}), make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(started)
		<-release
		answer(w, 200, obj{"access_token": "access-token-01"})
	}))
	defer server.Close()
	base, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	client, err := probe.New(probe.Options{Base: base})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	c, err := signin.New(signin.Options{HTTP: client, Method: with(login("/login"), plainMethod), Identities: []signin.Identity{member()}})
	if err != nil {
		t.Fatal(err)
	}
	a := c.Accounts()[0]
	done := make(chan error)
	go func() { _, err := c.Credential(t.Context(), a); done <- err }()
	<-started
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Credential(ctx, a); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the context's error", err)
	}
	close(release)
	if err := <-done; err != nil {
		t.Errorf("the one that signs in: %v", err)
	}
}
