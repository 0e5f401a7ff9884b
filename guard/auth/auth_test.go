package auth_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lestrrat-go/jwx/v3/jwa"
	"github.com/lestrrat-go/jwx/v3/jwk"
	"github.com/lestrrat-go/jwx/v3/jwt"

	"github.com/launchready/launchready/guard"
	"github.com/launchready/launchready/guard/auth"
)

// stand is an application that tells what it was asked with, a provider, and guard.
type stand struct {
	t        testing.TB
	provider *httptest.Server
	asked    atomic.Int32 // of the provider
	status   atomic.Int32 // 0: it is up
	answer   map[string]any
	seen     http.Header // of the application's last request; nil: it was not asked
	key      jwk.Key
	now      time.Time
}

var routes = []*guard.Route{{Pattern: "/public", Public: true}, {Pattern: "/admin", Roles: []string{"admin"}}, {Pattern: "/**"}, {Pattern: "/hooks/standard", Public: true}, {Pattern: "/hooks/stripe", Public: true}, {Pattern: "/hooks/github", Public: true}, {Pattern: "/own", Own: true}}

func newStand(t testing.TB) *stand {
	t.Helper()
	s := &stand{t: t, now: time.Unix(1_800_000_000, 0)}
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if s.key, err = jwk.Import(private); err != nil {
		t.Fatal(err)
	}
	_ = s.key.Set(jwk.KeyIDKey, "one")
	_ = s.key.Set(jwk.AlgorithmKey, jwa.EdDSA())
	pub, err := s.key.PublicKey()
	if err != nil {
		t.Fatal(err)
	}
	set := jwk.NewSet()
	_ = set.AddKey(pub)
	s.provider = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.asked.Add(1)
		if code := int(s.status.Load()); code != 0 {
			w.WriteHeader(code)
			return
		}
		switch r.URL.Path {
		case "/.well-known/openid-configuration":
			_ = json.NewEncoder(w).Encode(map[string]string{"issuer": s.provider.URL, "jwks_uri": s.provider.URL + "/keys", "introspection_endpoint": s.provider.URL + "/introspect"})
		case "/keys":
			_ = json.NewEncoder(w).Encode(set)
		case "/introspect":
			id, secret, _ := r.BasicAuth()
			if r.Method != "POST" || id != "guard" || secret != "s%3A1" {
				w.WriteHeader(401)
				return
			}
			_ = json.NewEncoder(w).Encode(s.answer)
		case "/me":
			if r.Header.Get("Cookie") != "sid=right" {
				w.WriteHeader(401)
				return
			}
			_, _ = io.WriteString(w, `{"user":{"id":"ann","roles":["admin"]},"tenant":"acme"}`)
		}
	}))
	t.Cleanup(s.provider.Close)
	return s
}

// RoundTrip is the application.
func (s *stand) RoundTrip(r *http.Request) (*http.Response, error) {
	s.seen = r.Header.Clone()
	status := 200
	if r.Header.Get("X-Fail") != "" {
		status = 500
	}
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: http.NoBody, Request: r}, nil
}

func (s *stand) guard(c ...guard.Check) http.Handler {
	s.t.Helper()
	p, err := guard.New(guard.Options{Upstream: &url.URL{Scheme: "http", Host: "app.test"}, Routes: routes, Checks: c, Dial: s})
	if err != nil {
		s.t.Fatal(err)
	}
	return p
}

func (s *stand) clock() time.Time { return s.now }

// ask gives the status and what the application saw.
func (s *stand) ask(h http.Handler, method, target, body string, headers ...string) (int, http.Header) {
	s.t.Helper()
	s.seen = nil
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Code >= 400 && w.Code != 500 {
		if s.seen != nil {
			s.t.Errorf("%d, and the application was asked", w.Code)
		}
		for i := 1; i < len(headers); i += 2 {
			if len(headers[i]) > 8 && strings.Contains(w.Body.String(), headers[i]) {
				s.t.Errorf("the denial holds a credential: %s", w.Body)
			}
		}
	}
	return w.Code, s.seen
}

func (s *stand) token(claims map[string]any) string {
	s.t.Helper()
	tok := jwt.New()
	for k, v := range map[string]any{"iss": s.provider.URL, "aud": "api", "sub": "ann", "tid": "acme", "exp": s.now.Add(time.Hour)} {
		_ = tok.Set(k, v)
	}
	for k, v := range claims {
		_ = tok.Set(k, v)
	}
	b, err := jwt.Sign(tok, jwt.WithKey(jwa.EdDSA(), s.key))
	if err != nil {
		s.t.Fatal(err)
	}
	return string(b)
}

func TestDiscovery(t *testing.T) {
	s := newStand(t)
	h := s.guard(auth.New(auth.Options{Issuer: s.provider.URL, Audience: "api", Algorithms: []string{"EdDSA"}, Keys: &auth.Keys{Issuer: s.provider.URL}, Now: s.clock}))
	token := "Bearer " + s.token(nil)
	if got, _ := s.ask(h, "GET", "/x", "", "Authorization", token); got != 200 {
		t.Errorf("%d", got)
	}
	if got, _ := s.ask(h, "GET", "/x", "", "Authorization", "Bearer "+s.token(map[string]any{"sub": ""})); got != 401 {
		t.Errorf("a token of nobody: %d", got)
	}
	s.status.Store(500)
	s.now = s.now.Add(20 * time.Minute) // the keys are old, and nobody waits for new ones
	if got, _ := s.ask(h, "GET", "/x", "", "Authorization", "Bearer "+s.token(nil)); got != 200 {
		t.Errorf("with a known key while the provider is down: %d", got)
	}
	s.status.Store(0)
	for name, issuer := range map[string]string{"another issuer": s.provider.URL + "/", "down": "http://127.0.0.1:1"} {
		h := s.guard(auth.New(auth.Options{Issuer: issuer, Audience: "api", Algorithms: []string{"EdDSA"}, Keys: &auth.Keys{Issuer: issuer}, Now: s.clock}))
		if got, _ := s.ask(h, "GET", "/x", "", "Authorization", token); got != 503 {
			t.Errorf("%s: %d, want 503", name, got)
		}
	}
}

func TestIntrospection(t *testing.T) {
	s := newStand(t)
	build := func(o *auth.Introspection) http.Handler {
		o.ID, o.Secret = "guard", "s:1"
		return s.guard(auth.New(auth.Options{Issuer: s.provider.URL, Audience: "api", Tenant: "tid", Roles: "scope", Introspect: o, Now: s.clock}))
	}
	right := func(change map[string]any) map[string]any {
		a := map[string]any{"active": true, "sub": "ann", "aud": []string{"api"}, "tid": "acme", "scope": "read admin", "exp": s.now.Add(20 * time.Second).Unix(), "iss": s.provider.URL}
		for k, v := range change {
			if a[k] = v; v == nil {
				delete(a, k)
			}
		}
		return a
	}
	for name, c := range map[string]struct {
		answer map[string]any
		any    bool
		want   int
	}{
		"active":             {right(nil), false, 200},
		"not active":         {map[string]any{"active": false}, false, 401},
		"expired":            {right(map[string]any{"exp": s.now.Unix()}), false, 401},
		"not yet":            {right(map[string]any{"nbf": s.now.Add(time.Minute).Unix()}), false, 401},
		"another audience":   {right(map[string]any{"aud": "other"}), false, 401},
		"no audience":        {right(map[string]any{"aud": nil}), false, 401},
		"no audience, meant": {right(map[string]any{"aud": nil}), true, 200},
		"another, any meant": {right(map[string]any{"aud": "other"}), true, 401},
		"another issuer":     {right(map[string]any{"iss": "x"}), false, 401},
		"nobody":             {right(map[string]any{"sub": nil}), false, 401},
		"active as a text":   {right(map[string]any{"active": "true"}), false, 503},
	} {
		s.answer = c.answer
		if got, _ := s.ask(build(&auth.Introspection{AnyAudience: c.any}), "GET", "/admin", "", "Authorization", "Bearer opaque-token-1"); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
	// What is active is believed as long as the policy and the token allow, not longer.
	s.answer = right(nil)
	h := build(&auth.Introspection{Cache: 30 * time.Second})
	before := s.asked.Load()
	const token = "Bearer opaque-token-2"
	s.ask(h, "GET", "/admin", "", "Authorization", token)
	s.answer = map[string]any{"active": false}
	if got, _ := s.ask(h, "GET", "/admin", "", "Authorization", token); got != 200 || s.asked.Load() != before+2 {
		t.Errorf("%d after %d questions", got, s.asked.Load()-before)
	}
	s.now = s.now.Add(20 * time.Second)
	if got, _ := s.ask(h, "GET", "/admin", "", "Authorization", token); got != 401 {
		t.Errorf("when the token has expired: %d", got)
	}
	for _, code := range []int32{500, 429, 401} {
		s.status.Store(code)
		if got, _ := s.ask(h, "GET", "/admin", "", "Authorization", "Bearer opaque-token-3"); got != 503 {
			t.Errorf("the provider answers %d: %d, want 503", code, got)
		}
	}
}

// TestKeysStayHere: guard's own keys reach no application, also where no credential is
// asked for, and where the application has keys of its own in the same header.
func TestKeysStayHere(t *testing.T) {
	s := newStand(t)
	key, hash := auth.NewKey()
	all, err := auth.NewAPIKeys("X-Api-Key", []auth.APIKey{{Hash: hash, Subject: "svc"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, presented := range []bool{false, true} {
		h := s.guard(auth.Own{Headers: []string{"X-Api-Key", "X-Own"}, Keys: "X-Api-Key", Next: auth.New(auth.Options{APIKeys: all, Now: s.clock, Presented: presented})})
		for name, c := range map[string]struct {
			target  string
			headers []string
			want    int
			sees    string
		}{
			"public, header":         {"/public", []string{"X-Api-Key", key}, 200, ""},
			"public, bearer":         {"/public", []string{"Authorization", "Bearer " + key}, 200, ""},
			"public, its own":        {"/public", []string{"X-Api-Key", "theirs"}, 200, "theirs"},
			"own, guard's":           {"/own", []string{"X-Api-Key", key}, 200, ""},
			"own, guard's, wrong":    {"/own", []string{"X-Api-Key", key + "A"}, 401, ""},
			"own, its own":           {"/own", []string{"X-Api-Key", "theirs"}, 200, "theirs"},
			"own, guard's and other": {"/own", []string{"X-Api-Key", key, "X-Own", "theirs"}, 200, ""},
		} {
			got, seen := s.ask(h, "GET", c.target, "", c.headers...)
			if got != c.want || seen.Get("X-Api-Key")+seen.Get("Authorization") != c.sees {
				t.Errorf("%s: %d, want %d; the application sees %q and %q", name, got, c.want, seen.Get("X-Api-Key"), seen.Get("Authorization"))
			}
		}
	}
}

func TestAPIKeys(t *testing.T) {
	s := newStand(t)
	key, hash := auth.NewKey()
	old, oldHash := auth.NewKey()
	if !strings.HasPrefix(key, auth.KeyPrefix) || len(key) < 30 || key == old || auth.HashKey(key) != hash {
		t.Fatalf("a key of %d characters", len(key))
	}
	all, err := auth.NewAPIKeys("X-Api-Key", []auth.APIKey{{Hash: hash, Subject: "svc", Tenant: "acme", Roles: []string{"admin"}}, {Hash: oldHash, Subject: "svc", Expires: s.now}})
	if err != nil {
		t.Fatal(err)
	}
	h := s.guard(auth.New(auth.Options{APIKeys: all, Now: s.clock}))
	for name, c := range map[string]struct {
		headers []string
		want    int
	}{
		"header":   {[]string{"X-Api-Key", key}, 200},
		"bearer":   {[]string{"Authorization", "Bearer " + key}, 200},
		"expired":  {[]string{"X-Api-Key", old}, 401},
		"other":    {[]string{"X-Api-Key", key + "A"}, 401},
		"the hash": {[]string{"X-Api-Key", hash}, 401},
		"empty":    {[]string{"X-Api-Key", ""}, 401},
		"two":      {[]string{"X-Api-Key", key, "X-Api-Key", key}, 401},
		"and more": {[]string{"X-Api-Key", key, "Authorization", "Bearer " + key}, 401},
		"none":     {nil, 401},
		"a token":  {[]string{"Authorization", "Bearer " + s.token(nil)}, 401},
	} {
		got, seen := s.ask(h, "GET", "/admin", "", c.headers...)
		if got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
		if seen.Get("X-Api-Key")+seen.Get("Authorization") != "" {
			t.Errorf("%s: the application sees guard's key", name)
		}
	}
	if _, err := auth.NewAPIKeys("X-Api-Key", []auth.APIKey{{Hash: "abc", Subject: "x"}}); err == nil {
		t.Error("a hash that is none is taken")
	}
}

func TestSession(t *testing.T) {
	s := newStand(t)
	origins := http.NewCrossOriginProtection()
	if err := origins.AddTrustedOrigin("https://app.acme.test"); err != nil {
		t.Fatal(err)
	}
	session := &auth.Session{Cookie: "sid", Origins: origins, WhoAmI: auth.WhoAmI{URL: s.provider.URL + "/me", Subject: "user.id", Tenant: "tenant", Roles: "user.roles", Cache: time.Minute}}
	h := s.guard(auth.New(auth.Options{Issuer: s.provider.URL, Audience: "api", Algorithms: []string{"EdDSA"}, Keys: &auth.Keys{Issuer: s.provider.URL}, Session: session, Now: s.clock}))
	for name, c := range map[string]struct {
		method, target string
		headers        []string
		want           int
	}{
		"own":                    {"GET", "/admin", []string{"Cookie", "a=1; sid=right"}, 200},
		"wrong":                  {"GET", "/admin", []string{"Cookie", "sid=wrong"}, 401},
		"twice":                  {"GET", "/admin", []string{"Cookie", "sid=right; sid=other"}, 401},
		"twice in two":           {"GET", "/admin", []string{"Cookie", "sid=right", "Cookie", "sid=other"}, 401},
		"none":                   {"GET", "/admin", []string{"Cookie", "side=right"}, 401},
		"reads across":           {"GET", "/admin", []string{"Cookie", "sid=right", "Sec-Fetch-Site", "cross-site"}, 200},
		"writes at home":         {"POST", "/admin", []string{"Cookie", "sid=right", "Sec-Fetch-Site", "same-origin"}, 200},
		"writes across":          {"POST", "/admin", []string{"Cookie", "sid=right", "Sec-Fetch-Site", "cross-site"}, 403},
		"writes same site":       {"DELETE", "/admin", []string{"Cookie", "sid=right", "Sec-Fetch-Site", "same-site"}, 403},
		"writes, listed":         {"POST", "/admin", []string{"Cookie", "sid=right", "Sec-Fetch-Site", "same-site", "Origin", "https://app.acme.test"}, 200},
		"writes, old browser":    {"POST", "/admin", []string{"Cookie", "sid=right", "Origin", "https://evil.test"}, 403},
		"writes, null":           {"POST", "/admin", []string{"Cookie", "sid=right", "Origin", "null"}, 403},
		"writes, own host":       {"POST", "/admin", []string{"Cookie", "sid=right", "Origin", "http://example.com"}, 200},
		"writes, no browser":     {"POST", "/admin", []string{"Cookie", "sid=right"}, 200},
		"public, across":         {"POST", "/public", []string{"Cookie", "sid=right", "Sec-Fetch-Site", "cross-site"}, 403},
		"public, no session":     {"POST", "/public", []string{"Sec-Fetch-Site", "cross-site"}, 200},
		"WebSocket across":       {"GET", "/admin", []string{"Cookie", "sid=right", "Connection", "Upgrade", "Upgrade", "websocket", "Origin", "https://evil.test"}, 403},
		"token, not the session": {"GET", "/x", []string{"Cookie", "a=1; sid=right; b=2", "Authorization", "Bearer " + s.token(nil)}, 200},
		"no role in the token":   {"GET", "/admin", []string{"Cookie", "sid=right", "Authorization", "Bearer " + s.token(nil)}, 403},
	} {
		got, seen := s.ask(h, c.method, "http://example.com"+c.target, "", c.headers...)
		if got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
		if name == "token, not the session" && seen.Get("Cookie") != "a=1; b=2" {
			t.Errorf("the application sees %q beside the token", seen.Get("Cookie"))
		}
	}
	s.status.Store(500)
	s.now = s.now.Add(time.Hour)
	if got, _ := s.ask(h, "GET", "/admin", "", "Cookie", "sid=right"); got != 503 {
		t.Errorf("the application does not say: %d, want 503", got)
	}
}

func TestAssertion(t *testing.T) {
	s := newStand(t)
	s.now = time.Now()
	key, hash := auth.NewKey()
	all, err := auth.NewAPIKeys("X-Api-Key", []auth.APIKey{{Hash: hash, Subject: "süe\"", Tenant: "acme", Roles: []string{"a", "b"}}})
	if err != nil {
		t.Fatal(err)
	}
	pub, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	secret := []byte(strings.Repeat("k", 32))
	for _, c := range []struct {
		a   auth.Assertion
		key jwt.ParseOption
	}{
		{auth.Assertion{Audience: "app", Secret: secret}, jwt.WithKey(jwa.HS256(), secret)},
		{auth.Assertion{Audience: "app", Key: private}, jwt.WithKey(jwa.EdDSA(), pub)},
	} {
		h := s.guard(auth.New(auth.Options{APIKeys: all, Assert: &c.a, Now: s.clock}))
		_, seen := s.ask(h, "GET", "/x", "", "X-Api-Key", key, "X-Guard-Assertion", "forged", "X_Guard_Assertion", "forged")
		values := seen.Values("X-Guard-Assertion")
		if len(values) != 1 || seen.Get("X_Guard_Assertion") != "" {
			t.Fatalf("the application sees %v", seen)
		}
		tok, err := jwt.ParseString(values[0], c.key, jwt.WithIssuer("launchready-guard"), jwt.WithAudience("app"))
		if err != nil {
			t.Fatal(err)
		}
		sub, _ := tok.Subject()
		exp, _ := tok.Expiration()
		var tenant, id string
		_ = tok.Get("tenant", &tenant)
		id, _ = tok.JwtID()
		if sub != "süe\"" || tenant != "acme" || id == "" || exp.Unix() != s.now.Add(30*time.Second).Unix() {
			t.Errorf("%s %s %s %s", sub, tenant, id, exp)
		}
		if got, seen := s.ask(h, "GET", "/public", "", "X-Guard-Assertion", "forged"); got != 200 || seen.Get("X-Guard-Assertion") != "" {
			t.Errorf("%d: a caller says who it is: %v", got, seen)
		}
		if got, _ := s.ask(h, "GET", "/x", "", "X-Api-Key", key, "Connection", "close, X-Guard-Assertion"); got != 400 {
			t.Errorf("a caller has the assertion taken away: %d", got)
		}
	}
}

func BenchmarkAuth(b *testing.B) {
	s := newStand(b)
	key, hash := auth.NewKey()
	all, err := auth.NewAPIKeys("X-Api-Key", []auth.APIKey{{Hash: hash, Subject: "svc", Tenant: "acme"}})
	if err != nil {
		b.Fatal(err)
	}
	keys := &auth.Keys{Issuer: s.provider.URL}
	token := "Bearer " + s.token(nil)
	for _, c := range []struct {
		name    string
		o       auth.Options
		headers http.Header
	}{
		{"token", auth.Options{Issuer: s.provider.URL, Audience: "api", Algorithms: []string{"EdDSA"}, Keys: keys}, http.Header{"Authorization": {token}}},
		{"token+assertion", auth.Options{Issuer: s.provider.URL, Audience: "api", Algorithms: []string{"EdDSA"}, Keys: keys, Assert: &auth.Assertion{Audience: "app", Secret: make([]byte, 32)}}, http.Header{"Authorization": {token}}},
		{"bearer", auth.Options{Bearer: &auth.Bearer{Header: "Authorization", Scheme: "Bearer", Secret: secret, Algorithms: []string{"HS256"}, WhoAmI: auth.WhoAmI{Subject: "sub"}}}, http.Header{"Authorization": {"Bearer " + hs(b, jwa.HS256(), secret, `{"sub":"ann","exp":1800003600}`)}}},
		{"key", auth.Options{APIKeys: all}, http.Header{"X-Api-Key": {key}}},
	} {
		b.Run(c.name, func(b *testing.B) {
			c.o.Now = s.clock
			check := auth.New(c.o)
			r := httptest.NewRequest("GET", "/x", http.NoBody)
			x := &guard.Exchange{ID: "one", Request: r, Route: routes[2]}
			b.ReportAllocs()
			for b.Loop() {
				for k, v := range c.headers {
					r.Header[k] = v
				}
				if d := check.Check(x); d != nil {
					b.Fatal(d.Reason)
				}
			}
		})
	}
}
