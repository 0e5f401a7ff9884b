package draft_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/config"
	"github.com/launchready/launchready/config/draft"
)

func repo(files map[string]string) fstest.MapFS {
	m := fstest.MapFS{}
	for name, text := range files {
		m[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return m
}

func TestRead(t *testing.T) {
	for _, tc := range []struct {
		name  string
		files map[string]string
		want  draft.Repository
	}{
		{"nothing", nil, draft.Repository{}},
		{"next", map[string]string{
			"package.json": `{"name":"@acme/assist","homepage":"https://assist.acme.io/start","dependencies":{"next":"15","next-auth":"5","jose":"5"},"scripts":{"dev":"next dev -p 4100"}}`,
			".env.example": "# comment\nDATABASE_URL=postgres://u:realpassword@h/d\nexport OPENAI_API_KEY=\nnot a line\n",
		}, draft.Repository{Product: "assist", Frameworks: []string{"next"}, Auth: []string{"jwt", "next-auth"}, Env: []string{"DATABASE_URL", "OPENAI_API_KEY"}, Domain: "assist.acme.io", DomainFrom: "package.json", Port: "4100"}},
		{"express with a spec", map[string]string{
			"package.json": `{"name":"api","dependencies":{"express":"4","passport":"1"}}`, "docs/openapi.yaml": "openapi: 3.1.0\ninfo: {}\n", "CNAME": "chat.acme.dev\n",
		}, draft.Repository{Product: "api", Frameworks: []string{"express"}, Auth: []string{"passport"}, Spec: "docs/openapi.yaml", Domain: "chat.acme.dev", DomainFrom: "CNAME", Port: "3000"}},
		{"fastapi", map[string]string{
			"pyproject.toml": "[project]\nname = \"helper\"\ndependencies = [\"fastapi>=0.110\", \"PyJWT\"]\n", "swagger.json": `{"swagger":"2.0"}`,
		}, draft.Repository{Product: "helper", Frameworks: []string{"fastapi"}, Auth: []string{"jwt"}, Spec: "swagger.json", Port: "8000"}},
		{"flask by requirements", map[string]string{"requirements.txt": "Flask==3.0\nflask-login\n"},
			draft.Repository{Frameworks: []string{"flask"}, Auth: []string{"session"}, Port: "5000"}},
		{"a package whose name only begins so", map[string]string{"requirements.txt": "flask-cors==4\ndjangorestframework\n"}, draft.Repository{}},
		{"go with chi and fly", map[string]string{
			"go.mod": "module example.com/acme/chat/v2\n\nrequire github.com/go-chi/chi/v5 v5\n", "fly.toml": "app = \"x\"\n[env]\n  PUBLIC_URL = \"https://go.acme.org\"\n[http_service]\n  internal_port = 9000\n",
		}, draft.Repository{Product: "chat", Frameworks: []string{"chi"}, Domain: "go.acme.org", DomainFrom: "fly.toml", Port: "8080"}},
		{"rails", map[string]string{"Gemfile": "gem 'rails', '~> 7'\ngem \"devise\"\n"}, draft.Repository{Frameworks: []string{"rails"}, Auth: []string{"devise"}, Port: "3000"}},
		{"laravel", map[string]string{"composer.json": `{"name":"acme/panel","require":{"laravel/framework":"^11","laravel/sanctum":"^4"}}`},
			draft.Repository{Product: "panel", Frameworks: []string{"laravel"}, Auth: []string{"sanctum"}, Port: "8000"}},
		{"broken files say nothing", map[string]string{"package.json": "{", "composer.json": "[]", "openapi.yaml": "openapi", "vercel.json": "x"}, draft.Repository{}},
		{"a code host is no domain", map[string]string{"package.json": `{"homepage":"https://github.com/acme/x#readme"}`, "vercel.json": `{"alias":["x.vercel.app","app.acme.com"]}`},
			draft.Repository{Domain: "app.acme.com", DomainFrom: "vercel.json"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := draft.Read(repo(tc.files)); !reflect.DeepEqual(got, tc.want) {
				t.Errorf("got  %+v\nwant %+v", got, tc.want)
			}
		})
	}
}

func text() *lr.Schema { return &lr.Schema{Type: "string"} }

func routes() []*lr.Route {
	body := func(typ string, required []string, props ...string) *lr.Body {
		s := &lr.Schema{Type: "object", Properties: map[string]*lr.Schema{}, Required: required}
		for _, p := range props {
			s.Properties[p] = text()
		}
		return &lr.Body{Type: typ, Schema: s}
	}
	up := body("application/json", []string{"company", "email", "password", "accept_terms", "plan"}, "company", "email", "password", "name", "referrer")
	up.Schema.Properties["accept_terms"] = &lr.Schema{Type: "boolean"}
	up.Schema.Properties["plan"] = &lr.Schema{Type: "string", Enum: []any{"free", "pro"}}
	return []*lr.Route{
		{Method: "POST", Path: "/v1/auth/login", Kind: lr.SignIn, Declared: true, Body: body("application/json", nil, "email", "password", "cookie")},
		{Method: "POST", Path: "/v1/auth/magic", Kind: lr.SignIn, Declared: true, Body: body("application/json", nil, "email")},
		{Method: "POST", Path: "/v1/auth/signup", Kind: lr.SignUp, Declared: true, Body: up},
		{Method: "GET", Path: "/v1/me", Kind: lr.WhoAmI, Declared: true},
		{Method: "GET", Path: "/healthz", Kind: lr.Health},
		{Method: "GET", Path: "/v1/admin/users"}, {Method: "GET", Path: "/v1/admin/flags"},
	}
}

// TestOnlyARepositoryIsNamed: what other tools' files tell is no repository, and the
// folder that a program is started in is none.
func TestOnlyARepositoryIsNamed(t *testing.T) {
	for name, tc := range map[string]struct {
		repository draft.Repository
		want       bool
	}{
		"nothing":          {draft.Repository{}, false},
		"a name alone":     {draft.Repository{Product: "Acme"}, false},
		"a framework":      {draft.Repository{Frameworks: []string{"next"}}, true},
		"an example .env":  {draft.Repository{Env: []string{"PORT"}}, true},
		"a document of it": {draft.Repository{Spec: "openapi.yaml"}, true},
	} {
		if got := strings.Contains(string(draft.Facts{Repository: tc.repository}.YAML()), "\nsource: {repository: .}"); got != tc.want {
			t.Errorf("%s: names the folder: %v, want %v", name, got, tc.want)
		}
	}
}

// TestYAMLIsAccepted puts every kind of draft through the reader of the real file.
func TestYAMLIsAccepted(t *testing.T) {
	env := func(n string) (string, bool) {
		return "value-of-" + n, strings.HasSuffix(n, "_PASSWORD")
	}
	for _, tc := range []struct {
		name  string
		facts draft.Facts
		want  []string
	}{
		{"nothing known", draft.Facts{Schema: "https://x.test/s.json"},
			[]string{"# yaml-language-server: $schema=https://x.test/s.json\n", "url: http://localhost:8080  # guessed", "sign_in:  # guessed", "password: \"${env:ACME_ADMIN_PASSWORD}\""}},
		{"repository", draft.Facts{Repository: draft.Repository{Product: "a: b", Port: "4100", Domain: "acme.io", DomainFrom: "CNAME", Env: []string{"DATABASE_URL"}, Frameworks: []string{"next"}}},
			[]string{`product: "a: b"`, "url: http://localhost:4100  # guessed", "domain: {name: acme.io}  # from CNAME", `# database: {url: "${env:DATABASE_URL}"}`, "Found in this repository: next."}},
		{"routes", draft.Facts{Target: "https://staging.acme.io", Routes: routes(), Spec: "https://staging.acme.io/openapi.json"},
			[]string{"  request: POST /v1/auth/login\n  json: {email: $user, password: $password}\n", "sign_up:", "request: POST /v1/auth/signup\n  json: {accept_terms: true, company: $tenant, email: $user, name: $name, password: $password, plan: \"free\"}",
				"whoami: GET /v1/me", `public: ["GET /healthz"]`, `admin: ["/v1/admin/**"]`, "# domain: {name: staging.acme.io}"}},
		{"odd names", draft.Facts{Repository: draft.Repository{Product: "yes", Domain: "x.io", DomainFrom: "CNAME"}}, []string{`product: "yes"`}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := string(tc.facts.YAML())
			for _, w := range tc.want {
				if !strings.Contains(got, w) {
					t.Errorf("lacks %q in\n%s", w, got)
				}
			}
			c, err := config.Parse("launchready.yaml", []byte(got), t.TempDir(), config.Options{Env: env, Now: time.Unix(0, 0)})
			if err != nil {
				t.Fatalf("the draft is refused: %v\n%s", err, got)
			}
			if len(c.Identities) < 2 || c.SignIn == nil {
				t.Errorf("got %d identities and sign-in %v, want two at least and a sign-in", len(c.Identities), c.SignIn)
			}
		})
	}
}

func TestSignUp(t *testing.T) {
	var seen []map[string]any
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var m map[string]any
		if err := json.NewDecoder(r.Body).Decode(&m); err != nil || r.URL.Path != "/v1/auth/signup" {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		seen = append(seen, m)
		w.WriteHeader(http.StatusCreated)
	}))
	defer srv.Close()
	f := draft.Facts{Target: srv.URL, Routes: routes()}
	n := 0
	accounts, err := f.SignUp(context.Background(), poster(srv), "example.com", func() string { n++; return "RAND" + strings.Repeat("x", 10+n) })
	if err != nil {
		t.Fatal(err)
	}
	if len(accounts) != 2 || len(seen) != 2 {
		t.Fatalf("got %d accounts by %d requests, want two", len(accounts), len(seen))
	}
	for i, m := range seen {
		if m["email"] != accounts[i].User || m["password"] != accounts[i].Password.Reveal() || m["company"] == "" || m["plan"] != "free" || m["accept_terms"] != true {
			t.Errorf("request %d: got %v", i, m)
		}
		if _, ok := m["referrer"]; ok {
			t.Error("an optional field that nothing fills was sent")
		}
	}
	if seen[0]["company"] == seen[1]["company"] || accounts[0].User == accounts[1].User {
		t.Error("both tenants are one")
	}
	f.Accounts = accounts
	text, creds := string(f.YAML()), string(f.Credentials())
	for _, a := range accounts {
		if strings.Contains(text, a.Password.Reveal()) {
			t.Error("the drafted file holds a password")
		}
		if !strings.Contains(creds, "_PASSWORD="+a.Password.Reveal()) {
			t.Error("the credentials file lacks a password")
		}
	}
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, ".launchready"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, draft.CredentialsFile), f.Credentials(), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := config.Parse("launchready.yaml", []byte(text), dir, config.Options{Env: func(string) (string, bool) { return "", false }, Now: time.Unix(0, 0)})
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	if got := c.Identities.Get("globex_owner").Password.Reveal(); got != accounts[1].Password.Reveal() {
		t.Error("the reference does not lead to the password")
	}
	if c.Identities.Get("acme_owner").Role != "owner" {
		t.Errorf("role: got %q, want owner", c.Identities.Get("acme_owner").Role)
	}
}

func poster(srv *httptest.Server) draft.Post {
	return func(ctx context.Context, path, kind string, body []byte) (int, []byte, error) {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, srv.URL+path, strings.NewReader(string(body)))
		if err != nil {
			return 0, nil, err
		}
		req.Header.Set("Content-Type", kind)
		res, err := srv.Client().Do(req)
		if err != nil {
			return 0, nil, err
		}
		defer res.Body.Close()
		b, err := io.ReadAll(res.Body)
		return res.StatusCode, b, err
	}
}

func TestSignUpRefused(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		w.WriteHeader(http.StatusForbidden)
		_, _ = w.Write(append([]byte("sign-up is closed, you sent "), b...))
	}))
	defer srv.Close()
	f := draft.Facts{Target: srv.URL, Routes: routes()}
	accounts, err := f.SignUp(context.Background(), poster(srv), "example.com", func() string { return "sesame0123" })
	if err == nil || !strings.Contains(err.Error(), "sign up acme: POST /v1/auth/signup answered 403: sign-up is closed") {
		t.Errorf("got %v", err)
	}
	if strings.Contains(err.Error(), "Lr1-sesame0123") {
		t.Error("the error repeats the password")
	}
	if len(accounts) != 0 {
		t.Errorf("got %d accounts, want none", len(accounts))
	}
	if _, err := (draft.Facts{}).SignUp(context.Background(), nil, "example.com", nil); !errors.Is(err, draft.ErrNoSignUp) {
		t.Errorf("without routes: got %v, want ErrNoSignUp", err)
	}
	if (draft.Facts{}).CanSignUp() || !f.CanSignUp() {
		t.Error("CanSignUp does not follow the routes")
	}
}

func TestFind(t *testing.T) {
	page := "<!doctype html><title>App</title>openapi: 3.0.0"
	for _, tc := range []struct {
		name  string
		serve map[string]string
		rest  int
		want  string
	}{
		{"usual place", map[string]string{"/openapi.json": `{"openapi":"3.1.0"}`}, 404, "/openapi.json"},
		{"large, with the version at the end", map[string]string{"/openapi.json": `{"components":{"x":"` + strings.Repeat("y", 1<<17) + `"},"openapi":"3.1.0"}`}, 404, "/openapi.json"},
		{"large YAML", map[string]string{"/openapi.yaml": "info: {x: " + strings.Repeat("y", 1<<17) + "}\nopenapi: 3.1.0\n"}, 404, "/openapi.yaml"},
		{"JSON that is none", map[string]string{"/openapi.json": `{"info":{"openapi":"3"}}`}, 404, ""},
		{"later place", map[string]string{"/v3/api-docs": "openapi: 3.0.1\npaths: {}\n"}, 404, "/v3/api-docs"},
		{"pages for everything", map[string]string{}, 200, ""},
		{"nowhere", nil, 404, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if b, ok := tc.serve[r.URL.Path]; ok {
					_, _ = io.WriteString(w, b)
					return
				}
				w.WriteHeader(tc.rest)
				_, _ = io.WriteString(w, page)
			}))
			defer srv.Close()
			fetch := func(ctx context.Context, url string) (int, []byte, error) {
				req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
				if err != nil {
					return 0, nil, err
				}
				res, err := srv.Client().Do(req)
				if err != nil {
					return 0, nil, err
				}
				defer res.Body.Close()
				b, err := io.ReadAll(res.Body)
				return res.StatusCode, b, err
			}
			got, err := draft.Find(context.Background(), srv.URL, fetch)
			if err != nil {
				t.Fatal(err)
			}
			if want := tc.want; want != "" && got != srv.URL+want || want == "" && got != "" {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
	dead := func(context.Context, string) (int, []byte, error) { return 0, nil, errors.New("connection refused") }
	if _, err := draft.Find(context.Background(), "http://127.0.0.1:1", dead); err == nil {
		t.Error("a dead host: got no error")
	}
	if _, err := draft.Find(context.Background(), "nonsense", dead); err == nil {
		t.Error("no URL: got no error")
	}
}

func FuzzRead(f *testing.F) {
	f.Add(`{"name":"x","dependencies":{"next":"1"}}`, "openapi: 3.1.0\n", "A=1\n")
	f.Add("{", "a: *a", "=")
	f.Fuzz(func(t *testing.T, pkg, spec, env string) {
		facts := draft.Facts{Repository: draft.Read(repo(map[string]string{"package.json": pkg, "openapi.yaml": spec, ".env.example": env, "CNAME": pkg, "fly.toml": env}))}
		ok := func(n string) (string, bool) { return "v", strings.HasSuffix(n, "_PASSWORD") }
		dir := t.TempDir()
		if facts.Repository.Spec != "" {
			if err := os.WriteFile(filepath.Join(dir, facts.Repository.Spec), nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := config.Parse("f.yaml", facts.YAML(), dir, config.Options{Env: ok, Now: time.Unix(0, 0)}); err != nil {
			t.Errorf("the draft is refused: %v\n%s", err, facts.YAML())
		}
	})
}
