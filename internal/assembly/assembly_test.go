package assembly

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/audit"
	"github.com/launchready/launchready/config"
)

const head = `version: 1
product: Notes
tenants: {acme: {id: ten_1}, globex: {}}
sign_in: {request: POST /login, json: {email: $user, password: $password}, token: /access_token}
identities:
  acme_admin: {user: admin@acme.test, password: "${env:PW}", headers: {X-Org: acme}}
  globex_member: {user: member@globex.test, token: "${env:TOKEN}", spare: false}
`

func parsed(t *testing.T, text string) *config.Config {
	t.Helper()
	dir := t.TempDir()
	env := map[string]string{"PW": "sw0rdfish-pw", "TOKEN": "token-of-globex-77"}
	c, err := config.Parse(filepath.Join(dir, "launchready.yaml"), []byte(text), dir, config.Options{
		Env: func(n string) (string, bool) { v, ok := env[n]; return v, ok }, Now: time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func assembled(t *testing.T, c *config.Config, o Options) *Assembly {
	t.Helper()
	a, err := New(t.Context(), c, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.Close)
	return a
}

func TestNewWiresTheConfiguration(t *testing.T) {
	c := parsed(t, head+`target:
  url: http://127.0.0.1:1/base
  environment: staging
  spec: [POST /login, GET /me, POST /logout, GET /notes, "GET /notes/{id}"]
access: {public: [GET /healthz], admin: [/admin/**], shared: ["GET /articles/{id}"]}
owners: {default: cto@acme.test}
fail_on: medium
waivers: [{check: auth/no-credential, reason: later, owner: cto, until: 2027-01-31}]
budget: {requests: 7}
`)
	a := assembled(t, c, Options{Mutate: true, Seed: 3, Version: "1.2", Run: "r9", Only: []string{"auth"}})
	o, target := a.Audit, a.Audit.Target
	if o.Run != "r9" || o.Tool != "1.2" || o.Seed != 3 || o.FailOn != lr.Medium || o.Owners.Default != "cto@acme.test" || len(o.Only) != 1 {
		t.Errorf("options: got %+v", o)
	}
	if len(o.Waivers) != 1 || o.Waivers[0] != (lr.Waiver{Check: "auth/no-credential", Reason: "later", Owner: "cto", Until: "2027-01-31"}) {
		t.Errorf("waivers: got %+v", o.Waivers)
	}
	if target.Product != "Notes" || target.Environment != "staging" || !target.Mutate || target.Base.String() != "http://127.0.0.1:1/base" || len(target.Access.Admin) != 1 {
		t.Errorf("target: got %+v", target)
	}
	if target.SignIn == nil || target.SignIn.String() != "POST /login" {
		t.Errorf("sign-in route: got %v", target.SignIn)
	}
	accounts := a.Cast.Accounts()
	if len(accounts) != 2 || accounts[0].Name != "acme_admin" || accounts[0].Tenant != "acme" || accounts[0].Role != "admin" || accounts[0].TenantID != "ten_1" {
		t.Fatalf("accounts: got %+v", accounts)
	}
	if w := accounts[0].WhoAmI; w == nil || w.Path != "/me" {
		t.Errorf("whoami: got %v, want it found among the routes", w)
	}
	if got := a.Redact.String("pw sw0rdfish-pw and token-of-globex-77"); strings.Contains(got, "sw0rdfish") || strings.Contains(got, "of-globex") {
		t.Errorf("secrets of the configuration are not redacted: %s", got)
	}
	if a.Client.Requests() != 0 {
		t.Errorf("%d requests were sent", a.Client.Requests())
	}
}

func TestNewRefuses(t *testing.T) {
	if _, err := New(t.Context(), &config.Config{}, Options{}); err == nil || !strings.Contains(err.Error(), "target.url") {
		t.Errorf("without a target: got %v", err)
	}
	c := parsed(t, head+"target: {url: 'http://127.0.0.1:1', spec: 'http://127.0.0.1:1/openapi.json'}\n")
	if _, err := New(t.Context(), c, Options{}); err == nil || !strings.Contains(err.Error(), "target.spec") {
		t.Errorf("a specification that nobody serves: got %v", err)
	}
}

// TestDescriptionIsLookedFor holds that the usual places are asked where the
// configuration names no specification, and that none is no error.
func TestDescriptionIsLookedFor(t *testing.T) {
	for name, served := range map[string]string{"openapi.json": "/openapi.json", "swagger": "/swagger.json", "none": ""} {
		t.Run(name, func(t *testing.T) {
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path != served {
					http.NotFound(w, r)
					return
				}
				_, _ = w.Write([]byte(`{"openapi":"3.0.0","info":{},"paths":{"/notes":{"get":{}}}}`)) // the client tells
			}))
			defer srv.Close()
			a := assembled(t, parsed(t, head+"target: {url: "+srv.URL+"}\n"), Options{})
			switch {
			case served == "" && a.Surface != nil:
				t.Errorf("got %d routes from nowhere", len(a.Surface.Routes))
			case served != "" && (a.Surface == nil || len(a.Audit.Target.Routes) != 1 || !strings.Contains(strings.Join(a.Audit.Warnings, " "), served)):
				t.Errorf("got %v, warnings %q, want the description and where it was found", a.Surface, a.Audit.Warnings)
			}
		})
	}
}

// A description that is endless or huge ends in an error, not in memory.
func TestDescriptionIsBounded(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/loop" {
			http.Redirect(w, r, "/loop", http.StatusFound)
			return
		}
		chunk := []byte(strings.Repeat(" ", 1<<20))
		for r.Context().Err() == nil {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	}))
	defer srv.Close()
	for path, says := range map[string]string{"/endless": "target.spec", "/loop": "302"} {
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		_, err := New(ctx, parsed(t, head+"target: {url: "+srv.URL+", spec: "+srv.URL+path+"}\n"), Options{})
		cancel()
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: got %v, want an error that says %s", path, err, says)
		}
	}
}

func TestPreflightIsOneError(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) }))
	defer srv.Close()
	a := assembled(t, parsed(t, head+"target: {url: "+srv.URL+", spec: [POST /login, GET /me]}\n"), Options{})
	_, err := audit.Run(t.Context(), a.Audit)
	var s *audit.SetupError
	if !errors.As(err, &s) || !strings.Contains(err.Error(), "acme_admin") || !strings.Contains(err.Error(), "globex_member") {
		t.Errorf("got %v, want one set-up error that names both identities", err)
	}
	if strings.Contains(err.Error(), "sw0rdfish") || strings.Contains(err.Error(), "of-globex") {
		t.Errorf("the error tells a secret: %v", err)
	}
}

func TestResolveAddresses(t *testing.T) {
	c := parsed(t, head+`target: {url: "https://acme.test:8443", resolve: {acme.test: 127.0.0.1, "api.acme.test:443": "127.0.0.1:9443"}}`+"\n")
	want := map[string]string{"acme.test:80": "127.0.0.1:80", "acme.test:443": "127.0.0.1:443", "acme.test:8443": "127.0.0.1:8443", "api.acme.test:443": "127.0.0.1:9443"}
	got := addresses(c)
	for from, to := range want {
		if got[from] != to {
			t.Errorf("%s: got %q, want %q", from, got[from], to)
		}
	}
	if len(got) != len(want) {
		t.Errorf("got %v", got)
	}
}

func TestRunID(t *testing.T) {
	a, b := runID(), runID()
	if a == b || len(a) != 8 {
		t.Errorf("got %q and %q, want two short names", a, b)
	}
}
