package policy_test

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"fmt"
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
	"github.com/launchready/launchready/guard/policy"
)

const whole = `version: 1
listen: 127.0.0.1:0
upstream: %s
auth: {issuer: https://id.test, audience: api, jwks: %s/keys, tenant_claim: tid, roles_claim: role}
tenant: {path: [tenant_id], query: [tenant_id], header: [X-Tenant-ID], body: [tenant_id]}
limits:
  chat: {per: user, requests: 3, window: 1h}
auth_failures: {requests: 5, window: 1h}
input: {max_body: 4096, max_depth: 5}
hygiene: {scrub_errors: true, hide_headers: [Server, X-Powered-By], security_headers: true}
routes:
  - {path: /healthz, public: true}
  - {path: "/v1/**"}
  - {path: /v1/admin/users, methods: [GET], roles: [admin]}
  - {path: /v1/chat, methods: [POST], chat: true, limits: [chat]}
  - {path: "/v1/tenants/{tenant_id}"}
  - {path: "/.git/**", blocked: true}
`

// stand is an application that answers to anyone, an identity provider, and
// guard in front.
type stand struct {
	t     *testing.T
	guard *httptest.Server
	key   jwk.Key
	asked atomic.Int32
	down  atomic.Bool

	provider string
	state    *policy.State
	text     string
	swap     guard.Handler
}

// more puts guard with the policy and these sections in place of the one there was.
func (s *stand) more(sections string) {
	s.t.Helper()
	p, err := policy.Parse("guard.yaml", []byte(s.text+sections))
	if err != nil {
		s.t.Fatal(err)
	}
	pipe, err := p.Build(s.state)
	if err != nil {
		s.t.Fatal(err)
	}
	s.swap.Store(pipe)
}

func newStand(t *testing.T) *stand {
	t.Helper()
	return newStandOf(t, whole)
}

func newStandOf(t *testing.T, text string) *stand {
	t.Helper()
	return newStandWith(t, text, &policy.State{})
}

func newStandWith(t *testing.T, text string, state *policy.State) *stand {
	t.Helper()
	s := &stand{t: t}
	raw, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	if s.key, err = jwk.Import(raw); err != nil {
		t.Fatal(err)
	}
	_ = s.key.Set(jwk.KeyIDKey, "one")
	_ = s.key.Set(jwk.AlgorithmKey, jwa.RS256())
	pub, err := s.key.PublicKey()
	if err != nil {
		t.Fatal(err)
	}
	set := jwk.NewSet()
	_ = set.AddKey(pub)
	provider := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if s.down.Load() {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		_ = json.NewEncoder(w).Encode(set)
	}))
	t.Cleanup(provider.Close)
	s.provider = provider.URL
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.asked.Add(1)
		w.Header().Set("Server", "app/1.2")
		w.Header().Set("Seen", r.URL.EscapedPath()+"|"+r.Header.Get("X-User-Id")+r.Header.Get("X-HTTP-Method-Override"))
		switch r.URL.Path {
		case "/v1/crash":
			w.WriteHeader(http.StatusInternalServerError)
			_, _ = io.WriteString(w, "panic: goroutine 1 /srv/app/main.go:12")
		case "/v1/bad":
			w.WriteHeader(http.StatusBadRequest)
			_, _ = io.WriteString(w, `{"detail":"Traceback (most recent call last)"}`)
		case "/v1/missing":
			w.WriteHeader(http.StatusNotFound)
			_, _ = io.WriteString(w, `{"detail":"no such chat"}`)
		default:
			_, _ = io.Copy(w, r.Body)
		}
	}))
	t.Cleanup(app.Close)
	s.text = fmt.Sprintf(text, app.URL, provider.URL)
	s.state = state
	s.more("")
	s.guard = httptest.NewServer(&s.swap)
	t.Cleanup(s.guard.Close)
	return s
}

func (s *stand) token(change func(jwt.Token)) string {
	s.t.Helper()
	tok := jwt.New()
	for k, v := range map[string]any{"iss": "https://id.test", "aud": "api", "sub": "ann", "tid": "acme", "role": "member", "exp": time.Now().Add(time.Hour)} {
		if err := tok.Set(k, v); err != nil {
			s.t.Fatal(err)
		}
	}
	if change != nil {
		change(tok)
	}
	b, err := jwt.Sign(tok, jwt.WithKey(jwa.RS256(), s.key))
	if err != nil {
		s.t.Fatal(err)
	}
	return string(b)
}

// do asks and gives status, body and headers, and whether the application was asked.
func (s *stand) do(method, target, token, body string, headers ...string) (int, string, http.Header, bool) {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), method, s.guard.URL+target, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header[headers[i]] = []string{headers[i+1]}
	}
	before := s.asked.Load()
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return res.StatusCode, string(b), res.Header, s.asked.Load() > before
}

func TestRequests(t *testing.T) {
	s := newStand(t)
	ann := s.token(nil)
	admin := s.token(func(k jwt.Token) { _ = k.Set("role", "admin") })
	for name, c := range map[string]struct {
		method, path, token, body string
		headers                   []string
		want                      int
	}{
		"public":                 {"GET", "/healthz", "", "", nil, 200},
		"owner":                  {"POST", "/v1/x", ann, `{"a":1}`, nil, 200},
		"role":                   {"GET", "/v1/admin/users", admin, "", nil, 200},
		"no role":                {"GET", "/v1/admin/users", ann, "", nil, 403},
		"no role, other method":  {"POST", "/v1/admin/users", ann, "", nil, 404},
		"no role, other case":    {"GET", "/v1/ADMIN/users", ann, "", nil, 404},
		"no role, dots":          {"GET", "/v1/x/../admin/users", ann, "", nil, 400},
		"no role, encoded slash": {"GET", "/v1/admin%2fusers", ann, "", nil, 400},
		"no role, encoded dots":  {"GET", "/v1/x/%2e%2e/admin/users", ann, "", nil, 400},
		"no role, matrix":        {"GET", "/v1/admin;a=b/users", ann, "", nil, 400},
		"no role, double slash":  {"GET", "/v1//admin/users", ann, "", nil, 400},
		"not listed":             {"GET", "/other", ann, "", nil, 404},
		"blocked":                {"GET", "/.git/config", ann, "", nil, 404},
		"own tenant":             {"GET", "/v1/tenants/acme?tenant_id=acme", ann, "", nil, 200},
		"tenant in path":         {"GET", "/v1/tenants/globex", ann, "", nil, 404},
		"tenant in query":        {"GET", "/v1/x?tenant_id=acme&Tenant_ID=globex", ann, "", nil, 404},
		"tenant in header":       {"GET", "/v1/x", ann, "", []string{"X-Tenant-Id", "globex"}, 404},
		"tenant in body":         {"POST", "/v1/x", ann, `{"a":{"tenant_id":"globex"}}`, nil, 404},
		"name twice":             {"POST", "/v1/x", ann, `{"a":1,"A":2}`, nil, 400},
		"too deep":               {"POST", "/v1/x", ann, `[[[[[[1]]]]]]`, nil, 400},
		"trailing":               {"POST", "/v1/x", ann, `{} {}`, nil, 400},
		"too long":               {"POST", "/v1/x", ann, `"` + strings.Repeat("a", 5000) + `"`, nil, 413},
		"other type":             {"POST", "/v1/x", ann, `<a/>`, []string{"Content-Type", "application/xml"}, 415},
	} {
		t.Run(name, func(t *testing.T) {
			status, body, h, asked := s.do(c.method, c.path, c.token, c.body, c.headers...)
			if status != c.want || asked != (c.want == 200) {
				t.Fatalf("status %d, want %d; the application was asked: %t", status, c.want, asked)
			}
			if c.want == 200 {
				if c.body != "" && body != c.body || h.Get("Server") != "" || h.Get("X-Content-Type-Options") != "nosniff" {
					t.Errorf("body %q, headers %v", body, h)
				}
				return
			}
			if strings.Contains(body, "globex") || strings.Contains(body, "admin") || h.Get("Content-Type") != "application/problem+json" || h.Get("X-Request-Id") == "" {
				t.Errorf("the denial is %q %v", body, h)
			}
		})
	}
}

func TestTokens(t *testing.T) {
	s := newStand(t)
	own := s.token(nil)
	parts := strings.Split(own, ".")
	for name, token := range map[string]string{
		"none":       "",
		"garbage":    "abc",
		"alg none":   "eyJhbGciOiJub25lIn0." + parts[1] + ".",
		"other body": parts[0] + ".eyJzdWIiOiJib2IifQ." + parts[2],
	} {
		if status, _, _, asked := s.do("GET", "/v1/x", token, ""); status != 401 || asked {
			t.Errorf("%s: status %d, asked %t", name, status, asked)
		}
	}
	if status, _, _, asked := s.do("GET", "/v1/x", s.token(func(k jwt.Token) { _ = k.Set("exp", time.Now().Add(-time.Minute)) }), ""); status != 401 || asked {
		t.Errorf("expired: status %d, asked %t", status, asked)
	}
	// Five failures are the limit: the sixth try waits, whatever it brings.
	status, _, h, asked := s.do("GET", "/v1/x", own, "")
	if status != 429 || asked || h.Get("Retry-After") == "" || h.Get("RateLimit") == "" {
		t.Errorf("after five failures: status %d, asked %t, %v", status, asked, h)
	}
}

func TestClaims(t *testing.T) {
	s := newStand(t)
	for _, claim := range []string{"iss", "aud"} {
		if status, _, _, asked := s.do("GET", "/v1/x", s.token(func(k jwt.Token) { _ = k.Set(claim, "other") }), ""); status != 401 || asked {
			t.Errorf("%s: status %d, asked %t", claim, status, asked)
		}
	}
	if status, _, _, asked := s.do("GET", "/v1/x", s.token(func(k jwt.Token) { _ = k.Remove("exp") }), ""); status != 401 || asked {
		t.Errorf("no exp: status %d, asked %t", status, asked)
	}
}

func TestProviderDown(t *testing.T) {
	s := newStand(t)
	s.down.Store(true)
	if status, _, h, asked := s.do("GET", "/v1/x", s.token(nil), ""); status != 503 || asked || h.Get("Retry-After") == "" {
		t.Errorf("status %d, asked %t", status, asked)
	}
}

func TestLimit(t *testing.T) {
	s := newStand(t)
	var got []int
	for range 5 {
		status, _, _, _ := s.do("POST", "/v1/chat", s.token(nil), `{}`)
		got = append(got, status)
	}
	if fmt.Sprint(got) != "[200 200 200 429 429]" {
		t.Errorf("got %v", got)
	}
	if status, _, _, _ := s.do("POST", "/v1/chat", s.token(func(k jwt.Token) { _ = k.Set("sub", "bob") }), `{}`); status != 200 {
		t.Errorf("another user: %d", status)
	}
}

func TestAnswers(t *testing.T) {
	s := newStand(t)
	for path, c := range map[string]struct {
		status      int
		has, hasNot string
	}{
		"/v1/crash":   {500, "urn:incident:", "main.go"},
		"/v1/bad":     {400, "urn:incident:", "Traceback"},
		"/v1/missing": {404, "no such chat", "incident"},
	} {
		status, body, _, _ := s.do("GET", path, s.token(nil), "")
		if status != c.status || !strings.Contains(body, c.has) || strings.Contains(body, c.hasNot) {
			t.Errorf("%s: %d %q", path, status, body)
		}
	}
	_, _, h, _ := s.do("GET", "/v1/x", s.token(nil), "", "X_User_Id", "eve", "X-User-Id", "eve", "X-HTTP-Method-Override", "DELETE")
	if h.Get("Seen") != "/v1/x|" {
		t.Errorf("the application saw %q", h.Get("Seen"))
	}
}

// TestNoSpelling: no spelling of the administrators' route reaches the
// application for one who has not the role.
func TestNoSpelling(t *testing.T) {
	s := newStand(t)
	ann := s.token(nil)
	pieces := []string{"/", "//", "/./", "/x/../", "%2f", "/%2e/", ";/", "%5c", "/%61", "/A", "/%41", "/a"}
	for _, a := range pieces {
		for _, tail := range []string{"dmin/users", "dmin//users", "dmin/users/", "dmin/users.", "dmin/users%20", "dmin/users;x", "dmin/%75sers", "dmin/users%00", "admin/users"} {
			target := "/v1" + a + tail
			if _, err := url.ParseRequestURI(target); err != nil {
				continue
			}
			_, _, h, asked := s.do("GET", target, ann, "")
			if seen, _, _ := strings.Cut(h.Get("Seen"), "|"); asked && strings.Trim(strings.ToLower(seen), "/") == "v1/admin/users" {
				t.Errorf("%s reached %s", target, seen)
			}
		}
	}
}

func TestMistakes(t *testing.T) {
	base := fmt.Sprintf(whole, "http://127.0.0.1:1", "http://127.0.0.1:1")
	for name, c := range map[string]struct{ from, to, want string }{
		"unknown key":    {"upstream:", "up_stream:", ":3:1: "},
		"algorithm":      {"tenant_claim: tid,", "tenant_claim: tid, algorithms: [HS256],", ":4:"},
		"unlimited chat": {"chat: true, limits: [chat]", "chat: true", `unsafe: ["unlimited chat /v1/chat"]`},
		"public admin":   {"/healthz, public: true", "/healthz, public: true, admin: true", `unsafe: ["public admin /healthz"]`},
		"twice":          {`path: "/v1/tenants/{tenant_id}"`, `path: "/v1/tenants/{id}"}` + "\n  - {path: \"/v1/tenants/{other}\"", "same requests"},
		"no limit":       {"limits: [chat]", "limits: [chart]", ":15:"},
		"two units":      {"requests: 3,", "requests: 3, kilobytes: 9,", ":7:9: limits.chat counts requests or kilobytes"},
		"no kilobytes":   {"requests: 3,", "kilobytes: -1,", ":7:9: limits.chat: requests, kilobytes or concurrent must be above 0"},
		"document":       {"routes:", "---\nroutes:", "documents"},
	} {
		text := strings.Replace(base, c.from, c.to, 1)
		if text == base {
			t.Fatalf("%s changes nothing", name)
		}
		if _, err := policy.Parse("guard.yaml", []byte(text)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
	meant := strings.Replace(base, "chat: true, limits: [chat]", "chat: true", 1) + "unsafe: [\"unlimited chat /v1/chat\"]\n"
	if _, err := policy.Parse("guard.yaml", []byte(meant)); err != nil {
		t.Errorf("said twice: %v", err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(whole))
	f.Add([]byte(owning))
	f.Fuzz(func(t *testing.T, b []byte) {
		if p, err := policy.Parse("guard.yaml", b); err == nil && (p.Input == nil || p.Input.OpenAPI == nil) && !strings.Contains(string(b), "file:") && !strings.Contains(string(b), "env:") { // which are other files' matter
			if _, err := p.Build(&policy.State{Folder: t.TempDir()}); err != nil && !strings.HasPrefix(err.Error(), "state.") {
				t.Errorf("accepted and cannot be built: %v", err)
			}
		}
	})
}
