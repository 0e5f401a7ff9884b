package auth_test

import (
	"bytes"
	"encoding/base64"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lestrrat-go/jwx/v3/jwa"
	"github.com/lestrrat-go/jwx/v3/jws"

	"github.com/launchready/launchready/guard"
	"github.com/launchready/launchready/guard/auth"
)

var secret = []byte(strings.Repeat("k", 32))

// hs is a token as applications make them: HS256, and claims of their own choice.
func hs(t testing.TB, alg jwa.SignatureAlgorithm, key []byte, claims string) string {
	t.Helper()
	b, err := jws.Sign([]byte(claims), jws.WithKey(alg, key))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// unsigned is a token that claims to need no signature.
func unsigned(claims string) string {
	e := base64.RawURLEncoding.EncodeToString
	return e([]byte(`{"alg":"none"}`)) + "." + e([]byte(claims)) + "."
}

// whoami is an application that says who is signed in, and how often it was asked.
func whoami(t *testing.T, header, right, answer string) (*httptest.Server, *atomic.Int32, *atomic.Int32) {
	t.Helper()
	var asked, status atomic.Int32
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		switch code := int(status.Load()); {
		case code != 0:
			http.Redirect(w, r, "/sign-in", code)
		case r.Method != http.MethodGet || r.Header.Get(header) != right || len(r.Header["Cookie"]) > 0:
			w.WriteHeader(http.StatusUnauthorized)
		default:
			_, _ = io.WriteString(w, answer)
		}
	}))
	t.Cleanup(srv.Close)
	return srv, &asked, &status
}

// TestBearer: a token that only the application can judge is shown to it as it came,
// and what it says of the caller counts.
func TestBearer(t *testing.T) {
	s := newStand(t)
	app, asked, status := whoami(t, "Authorization", "Token right-token", `{"user":{"id":9007199254740993,"org":"acme","is_admin":true}}`)
	b := &auth.Bearer{Header: "Authorization", Scheme: "Token", WhoAmI: auth.WhoAmI{URL: app.URL + "/me", Subject: "user.id", Tenant: "user.org", Roles: "user.is_admin", Cache: 10 * time.Second}}
	var who *guard.Principal
	h := s.guard(auth.New(auth.Options{Bearer: b, Presented: true, Now: s.clock}), told{&who})
	for name, c := range map[string]struct {
		target  string
		headers []string
		want    int
	}{
		"right":               {"/x", []string{"Authorization", "Token right-token"}, 200},
		"wrong":               {"/x", []string{"Authorization", "Token wrong-token"}, 401},
		"another scheme":      {"/x", []string{"Authorization", "Bearer right-token"}, 401},
		"no scheme":           {"/x", []string{"Authorization", "right-token"}, 401},
		"none":                {"/x", nil, 401},
		"blank":               {"/x", []string{"Authorization", "Token "}, 401},
		"two tokens":          {"/x", []string{"Authorization", "Token right-token, Token other"}, 401},
		"twice":               {"/x", []string{"Authorization", "Token right-token", "Authorization", "Token right-token"}, 401},
		"too long":            {"/x", []string{"Authorization", "Token " + strings.Repeat("x", 20<<10)}, 401},
		"public":              {"/public", nil, 200},
		"public, right":       {"/public", []string{"Authorization", "Token right-token"}, 200},
		"public, wrong":       {"/public", []string{"Authorization", "Token wrong-token"}, 401},
		"public, not a token": {"/public", []string{"Authorization", "Basic YTpi"}, 200},
		"not its role":        {"/admin", []string{"Authorization", "Token right-token"}, 403},
	} {
		who = nil
		got, seen := s.ask(h, "GET", "http://example.com"+c.target, "", c.headers...)
		if got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
		if name == "right" && (who == nil || who.Subject != "9007199254740993" || who.Tenant != "acme" || len(who.Roles) != 1 || who.Roles[0] != "is_admin" || seen.Get("Authorization") != "Token right-token") {
			t.Errorf("%s: %+v, and the application sees %v", name, who, seen)
		}
	}
	before := asked.Load()
	if got, _ := s.ask(h, "GET", "/x", "", "Authorization", "Token right-token"); got != 200 || asked.Load() != before {
		t.Errorf("%d after %d more questions: what was verified is not believed", got, asked.Load()-before)
	}
	s.now = s.now.Add(11 * time.Second)
	for code, want := range map[int]int{500: 503, 429: 503, 408: 503, 302: 401, 403: 401, 400: 401, 422: 401} {
		status.Store(int32(code))
		if got, _ := s.ask(h, "GET", "/x", "", "Authorization", "Token right-token"); got != want {
			t.Errorf("whoami answers %d: %d, want %d", code, got, want)
		}
	}
	status.Store(0)
	app.Close()
	if got, _ := s.ask(h, "GET", "/x", "", "Authorization", "Token right-token"); got != 503 {
		t.Errorf("an application that does not answer: %d, want 503", got)
	}
}

// told tells who asked.
type told struct{ who **guard.Principal }

func (told) Name() string      { return "isolation" }
func (told) Needs() guard.Need { return guard.NeedClaims }
func (told) Gives() guard.Need { return 0 }
func (k told) Check(x *guard.Exchange) *guard.Denial {
	*k.who = x.Who
	return nil
}

// TestWhoAmIAnswers: an answer that names nobody lets nobody in.
func TestWhoAmIAnswers(t *testing.T) {
	for answer, want := range map[string]int{
		`{"user":{"id":"ann"}}`:                 200,
		`{"user":{"id":0}}`:                     200,
		`{"user":{"id":""}}`:                    401,
		`{"user":{"id":null}}`:                  401,
		`{"user":{"id":1.5}}`:                   401,
		`{"user":{"id":1e3}}`:                   401,
		`{"user":{"id":true}}`:                  401,
		`{"user":{"id":["ann"]}}`:               401,
		`{"user":[{"id":"ann"}]}`:               401,
		`{"status":"fail"}`:                     401,
		`{"user":{"id":"ann"}}{}`:               401,
		`<html>Sign in</html>`:                  401,
		``:                                      401,
		`{"user":{"id":"ann"},"role":"a b"}`:    200,
		`{"user":{"id":"ann"},"tenant":{"a":1}`: 401,
	} {
		s := newStand(t)
		app, _, _ := whoami(t, "X-Session-Token", "right", answer)
		h := s.guard(auth.New(auth.Options{Now: s.clock, Bearer: &auth.Bearer{Header: "X-Session-Token", WhoAmI: auth.WhoAmI{URL: app.URL, Subject: "user.id"}}}))
		if got, _ := s.ask(h, "GET", "/x", "", "X-Session-Token", "right"); got != want {
			t.Errorf("%s: %d, want %d", answer, got, want)
		}
	}
}

// TestBearerSecret: with the application's secret guard verifies what the application
// may not, and asks nobody about a token that is not signed with it.
func TestBearerSecret(t *testing.T) {
	s := newStand(t)
	claims := `{"sub":"ann","org":7,"roles":["admin"],"exp":1800003600}`
	right := hs(t, jwa.HS256(), secret, claims)
	app, asked, _ := whoami(t, "Authorization", "Bearer "+right, `{"name":"ann","org":"acme"}`)
	for name, c := range map[string]struct {
		token        string
		alone, asked int // with the secret alone, and with whoami as well
	}{
		"right":        {right, 200, 200},
		"not known":    {hs(t, jwa.HS256(), secret, `{"sub":"bob","exp":1800003600}`), 200, 401},
		"none":         {unsigned(claims), 401, 401},
		"no signature": {right[:strings.LastIndexByte(right, '.')+1], 401, 401},
		"other secret": {hs(t, jwa.HS256(), bytes.Repeat([]byte("x"), 32), claims), 401, 401},
		"other claims": {strings.Replace(right, right[strings.IndexByte(right, '.'):strings.LastIndexByte(right, '.')], "."+base64.RawURLEncoding.EncodeToString([]byte(`{"sub":"eve","exp":1800003600}`)), 1), 401, 401},
		"algorithm":    {hs(t, jwa.HS512(), secret, claims), 401, 401},
		"expired":      {hs(t, jwa.HS256(), secret, `{"sub":"ann","exp":1799999999}`), 401, 401},
		"never ends":   {hs(t, jwa.HS256(), secret, `{"sub":"ann"}`), 401, 401},
		"end is text":  {hs(t, jwa.HS256(), secret, `{"sub":"ann","exp":"1800003600"}`), 401, 401},
		"not yet":      {hs(t, jwa.HS256(), secret, `{"sub":"ann","exp":1800003600,"nbf":1800000060}`), 401, 401},
		"nobody":       {hs(t, jwa.HS256(), secret, `{"exp":1800003600}`), 401, 401},
		"no claims":    {hs(t, jwa.HS256(), secret, `"ann"`), 401, 401},
		"no token":     {"right-token", 401, 401},
	} {
		alone := s.guard(auth.New(auth.Options{Now: s.clock, Bearer: &auth.Bearer{Header: "Authorization", Scheme: "Bearer", Secret: secret, Algorithms: []string{"HS256"}, WhoAmI: auth.WhoAmI{Subject: "sub", Tenant: "org", Roles: "roles"}}}))
		if got, _ := s.ask(alone, "GET", "/x", "", "Authorization", "Bearer "+c.token); got != c.alone {
			t.Errorf("%s: %d, want %d", name, got, c.alone)
		}
		before := asked.Load()
		both := s.guard(auth.New(auth.Options{Now: s.clock, Bearer: &auth.Bearer{Header: "Authorization", Scheme: "Bearer", Secret: secret, Algorithms: []string{"HS256"}, WhoAmI: auth.WhoAmI{URL: app.URL, Subject: "name", Tenant: "org"}}}))
		if got, _ := s.ask(both, "GET", "/x", "", "Authorization", "Bearer "+c.token); got != c.asked {
			t.Errorf("%s, asked about: %d, want %d", name, got, c.asked)
		}
		if signedRight := name == "right" || name == "not known" || name == "nobody" || name == "no claims"; !signedRight && asked.Load() != before {
			t.Errorf("%s: the application was asked about a token that is not its own", name)
		}
	}
	short := hs(t, jwa.HS256(), secret, `{"sub":"ann","exp":1800000005}`)
	h := s.guard(auth.New(auth.Options{Now: s.clock, Bearer: &auth.Bearer{Header: "Authorization", Scheme: "Bearer", Secret: secret, Algorithms: []string{"HS256"}, WhoAmI: auth.WhoAmI{Subject: "sub"}}}))
	for _, want := range []int{200, 200, 401} {
		if got, _ := s.ask(h, "GET", "/x", "", "Authorization", "Bearer "+short); got != want {
			t.Errorf("at %v: %d, want %d", s.now, got, want)
		}
		s.now = s.now.Add(3 * time.Second)
	}
}

// TestBearerBeside: one credential counts, and the application sees no other.
func TestBearerBeside(t *testing.T) {
	s := newStand(t)
	app, _, _ := whoami(t, "X-Session-Token", "right", `{"id":"ann"}`)
	key, hash := auth.NewKey()
	keys, err := auth.NewAPIKeys("X-Api-Key", []auth.APIKey{{Hash: hash, Subject: "svc"}})
	if err != nil {
		t.Fatal(err)
	}
	h := s.guard(auth.Own{Headers: []string{"X-Own-Key"}, Tokens: "X-Session-Token", Next: auth.New(auth.Options{Now: s.clock, APIKeys: keys, Session: &auth.Session{Cookie: "sid", Origins: http.NewCrossOriginProtection(), WhoAmI: auth.WhoAmI{URL: app.URL, Subject: "id"}},
		Bearer: &auth.Bearer{Header: "X-Session-Token", WhoAmI: auth.WhoAmI{URL: app.URL, Subject: "id"}}})})
	for name, c := range map[string]struct {
		headers []string
		want    int
	}{
		"with a session":                {[]string{"X-Session-Token", "right", "Cookie", "a=1; sid=other"}, 200},
		"with another token":            {[]string{"X-Session-Token", "right", "Authorization", "Bearer other-token"}, 401},
		"guard's key":                   {[]string{"Authorization", "Bearer " + key}, 200},
		"guard's key, and a token":      {[]string{"Authorization", "Bearer " + key, "X-Session-Token", "wrong"}, 401},
		"its own header, and a token":   {[]string{"X-Api-Key", key, "X-Session-Token", "wrong"}, 401},
		"an own key":                    {[]string{"X-Own-Key", "one"}, 200},
		"a wrong token, and an own key": {[]string{"X-Own-Key", "one", "X-Session-Token", "wrong"}, 401},
	} {
		got, seen := s.ask(h, "GET", "/own", "", c.headers...)
		if got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
		if name == "with a session" && seen.Get("Cookie") != "a=1" {
			t.Errorf("%s: the application sees %q", name, seen.Get("Cookie"))
		}
	}
}

// FuzzBearer: nothing that a caller sends as a token is taken, and nothing ends guard.
func FuzzBearer(f *testing.F) {
	f.Add("Bearer " + hs(f, jwa.HS256(), bytes.Repeat([]byte("x"), 32), `{"sub":"ann","exp":1800003600}`))
	f.Add("Bearer " + unsigned(`{"sub":"ann","exp":1800003600}`))
	f.Add("Bearer {}")
	f.Add("bearer a.b.c")
	s := newStand(f)
	h := s.guard(auth.New(auth.Options{Now: s.clock, Bearer: &auth.Bearer{Header: "Authorization", Scheme: "Bearer", Secret: secret, Algorithms: []string{"HS256"}, WhoAmI: auth.WhoAmI{Subject: "sub"}}}))
	f.Fuzz(func(t *testing.T, value string) {
		r := httptest.NewRequest(http.MethodGet, "/x", http.NoBody)
		r.Header["Authorization"] = []string{value}
		w := httptest.NewRecorder()
		if h.ServeHTTP(w, r); w.Code != http.StatusUnauthorized {
			t.Fatalf("%q: %d", value, w.Code)
		}
	})
}
