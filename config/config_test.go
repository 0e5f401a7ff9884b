package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// full is the file of the design page, whole.
const full = `version: 1
product: Acme Assist
target: {url: https://staging.acme.test, environment: staging}
tenants: {acme: {}, globex: {}}
sign_in: {request: POST /auth/login, json: {email: $user, password: $password}, token: /access_token, send: "Authorization: Bearer {token}"}
identities:
  acme_member:   {tenant: acme, role: member, user: member@acme.test, password: "${env:ACME_PW}", whoami: GET /me}
  globex_member: {tenant: globex, role: member, token: "${env:GLOBEX_TOKEN}"}
access:  {public: [GET /healthz], admin: [/admin/**], shared: ["GET /articles/{id}"]}
objects: {chat: {create: POST /v1/chats, id: /id, marker: title}}
chat:    {preset: auto}
domain:  {name: acme.test, mail: {senders: [google]}}
source:  {repository: ., logs: [server.log]}
database: {url: "${env:STAGING_DATABASE_URL}"}
owners:  {default: security@acme.test, backup: cto@acme.test, incidents: {outage: a, leak: b, abuse: c, key-exposed: d}, rows: {auth: anna}}
plan:    {rate: 120, senior_rate: 180, currency: EUR}
deploy:  {release: make release, rollback: make rollback, health: GET /healthz}
watch:   {monitors: [], channels: []}
budget:  {requests: 100, rate: 600/m, minutes: 2, usd: 0}
fail_on: medium
waivers: [{check: https/hsts-preload, reason: later, owner: cto, until: 2027-01-31}]
`

var secrets = map[string]string{
	"ACME_PW":              "sw0rdfish-acme",
	"GLOBEX_TOKEN":         "globex-token-7d1",
	"STAGING_DATABASE_URL": "postgres://app:hunter2@db/prod",
	"EMPTY":                "",
}

func env(m map[string]string) func(string) (string, bool) {
	return func(n string) (string, bool) { v, ok := m[n]; return v, ok }
}

var today = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func parse(t *testing.T, text string, change ...func(*Options)) (*Config, error) {
	t.Helper()
	o := Options{Env: env(secrets), Now: today, Checks: []string{"auth/no-credential", "https/hsts-preload"}}
	for _, f := range change {
		f(&o)
	}
	return Parse("launchready.yaml", []byte(text), t.TempDir(), o)
}

func TestParseWholeFile(t *testing.T) {
	c, err := parse(t, full)
	if err != nil {
		t.Fatal(err)
	}
	if got := c.Identities.Names(); strings.Join(got, " ") != "acme_member globex_member" {
		t.Errorf("identities: got %v, want them in the file's order", got)
	}
	id := c.Identities.Get("acme_member")
	if id.Password.Reveal() != "sw0rdfish-acme" {
		t.Error("the password's reference was not followed")
	}
	if got := id.WhoAmI.String(); got != "GET /me" {
		t.Errorf("whoami: got %q, want GET /me", got)
	}
	if c.Budget.Rate != 10 || c.Budget.Wall() != 2*time.Minute || c.Budget.Requests != 100 {
		t.Errorf("budget: got %+v", c.Budget)
	}
	if c.Budget.USD != 0 {
		t.Errorf("usd: got %v, want the 0 that the file says and not the default", c.Budget.USD)
	}
	if got := c.Waivers[0].Until.String(); got != "2027-01-31" {
		t.Errorf("until: got %s", got)
	}
	if got := Reveal(c.SignIn.JSON).(map[string]any)["password"]; got != "$password" {
		t.Errorf("sign_in.json.password: got %v, want the variable", got)
	}
	if c.FailOn.String() != "medium" {
		t.Errorf("fail_on: got %s, want medium", c.FailOn)
	}
}

func TestDefaultsNameTheirOrigin(t *testing.T) {
	c, err := parse(t, `version: 1
target: {url: "https://api.staging.acme.test:8443/base"}
tenants: {acme: , globex-eu: }
whoami: GET /me
sign_in: {request: POST /login, json: {u: $user, p: $password}}
identities:
  acme_admin: {user: a, password: "${env:ACME_PW}"}
  globex-eu_member: {user: b, password: "${env:ACME_PW}"}
  acme_spare: {user: c, password: "${env:ACME_PW}", spare: true}
`)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][2]string{
		"product":                            {"api.staging.acme.test", "inferred from target.url"},
		"target.environment":                 {"staging", "inferred from target.url"},
		"domain.name":                        {"acme.test", "inferred from target.url"},
		"budget.rate":                        {"50/s", "default"},
		"fail_on":                            {"high", "default"},
		"identities.acme_admin.tenant":       {"acme", "inferred from the identity's name"},
		"identities.acme_admin.role":         {"admin", "inferred from the identity's name"},
		"identities.acme_spare.role":         {"member", "inferred from the identity's name"},
		"identities.globex-eu_member.tenant": {"globex-eu", "inferred from the identity's name"},
		"identities.acme_admin.whoami":       {"GET /me", "whoami"},
		"identities.acme_admin.user":         {"a", "launchready.yaml:7:22"},
		"identities.acme_admin.password":     {"${env:ACME_PW}", "launchready.yaml:7:35"},
	}
	for _, s := range c.Settings() {
		if w, ok := want[s.Path]; ok {
			if s.Value != w[0] || s.Origin != w[1] {
				t.Errorf("%s: got %q from %q, want %q from %q", s.Path, s.Value, s.Origin, w[0], w[1])
			}
			delete(want, s.Path)
		}
		if strings.Contains(s.Value, "sw0rdfish") {
			t.Errorf("%s shows the secret", s.Path)
		}
	}
	for p := range want {
		t.Errorf("%s is not listed", p)
	}
}

func TestOverrides(t *testing.T) {
	e := map[string]string{"LAUNCHREADY_BUDGET_RATE": "5/s", "LAUNCHREADY_TARGET_URL": "http://127.0.0.1:9", "LAUNCHREADY_BUDGET_REQUESTS": "7",
		"LAUNCHREADY_DATABASE_URL": "postgres://u:letmein@h/d"}
	for k, v := range secrets {
		e[k] = v
	}
	c, err := parse(t, full, func(o *Options) {
		o.Env = env(e)
		o.Set = []Override{{"target.url", "http://127.0.0.1:8", "flag --target"}}
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := c.Target.URL.String(); got != "http://127.0.0.1:8" || c.Origin("target.url") != "flag --target" {
		t.Errorf("target.url: got %s from %s, want the flag's", got, c.Origin("target.url"))
	}
	if c.Budget.Rate != 5 || c.Origin("budget.rate") != "environment variable LAUNCHREADY_BUDGET_RATE" {
		t.Errorf("budget.rate: got %v from %s", c.Budget.Rate, c.Origin("budget.rate"))
	}
	if c.Budget.Requests != 7 {
		t.Errorf("budget.requests: got %d, want 7", c.Budget.Requests)
	}
	for _, s := range c.Settings() {
		if strings.Contains(s.Value, "letmein") {
			t.Errorf("%s shows the secret", s.Path)
		}
	}
	_, err = parse(t, full, func(o *Options) { o.Set = []Override{{"budget.rate", "fast", "flag --rate"}} })
	if err == nil || !strings.HasPrefix(err.Error(), "flag --rate: ") {
		t.Errorf("a bad flag: got %v, want an error that names the flag", err)
	}
	e["LAUNCHREADY_BUDGET_REQUESTS"] = "many"
	if _, err = parse(t, full, func(o *Options) { o.Env = env(e) }); err == nil || !strings.Contains(err.Error(), "LAUNCHREADY_BUDGET_REQUESTS: requests must be a number") {
		t.Errorf("a bad variable: got %v, want an error that names it", err)
	}
}

func TestAnchors(t *testing.T) {
	c, err := parse(t, `version: 1
target: {url: https://x.test}
tenants: {acme: {}, globex: {}}
sign_in: {request: POST /login, form: {u: $user, p: $password}}
identities:
  acme_a: &base {user: a, password: "${env:ACME_PW}", whoami: GET /me}
  globex_b: {<<: *base, user: b}
`)
	if err != nil {
		t.Fatal(err)
	}
	id := c.Identities.Get("globex_b")
	if id.User != "b" || id.WhoAmI.Path != "/me" || id.Password.Reveal() == "" {
		t.Errorf("got user %q, whoami %q: want the merged identity", id.User, id.WhoAmI)
	}
}

func TestFind(t *testing.T) {
	root := t.TempDir()
	deep := filepath.Join(root, "repo", "a", "b")
	home := filepath.Join(root, "home")
	for _, d := range []string{deep, filepath.Join(root, "repo", ".git"), filepath.Join(home, "launchready")} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	write := func(p string) string {
		if err := os.WriteFile(p, []byte("version: 1\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		return p
	}
	write(filepath.Join(root, FileName)) // above the repository: not ours
	none := env(map[string]string{"HOME": filepath.Join(root, "nobody")})
	if _, err := Find(deep, none); !errors.Is(err, ErrNotFound) {
		t.Errorf("above the root of the repository: got %v, want ErrNotFound", err)
	}
	inHome := write(filepath.Join(home, "launchready", FileName))
	xdg := env(map[string]string{"XDG_CONFIG_HOME": home})
	if got, _ := Find(deep, xdg); got != inHome {
		t.Errorf("in the user's folder: got %q, want %q", got, inHome)
	}
	up := write(filepath.Join(root, "repo", FileName))
	if got, _ := Find(deep, xdg); got != up {
		t.Errorf("above: got %q, want %q", got, up)
	}
	here := write(filepath.Join(deep, FileName))
	if got, _ := Find(deep, xdg); got != here {
		t.Errorf("here: got %q, want %q", got, here)
	}
}

func TestLoadErrors(t *testing.T) {
	dir := t.TempDir()
	big := filepath.Join(dir, "big.yaml")
	if err := os.WriteFile(big, make([]byte, maxFile+1), 0o644); err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct{ path, want string }{
		"missing": {filepath.Join(dir, "no.yaml"), "no such file"},
		"folder":  {dir, "it is a folder"},
		"large":   {big, "larger than 1 MiB"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Load(Options{Path: tc.path, Dir: dir, Env: env(nil), Now: today})
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want %q", err, tc.want)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	f.Add(full)
	f.Add("a: &a [*a, *a]\n")
	f.Add("version: 1\ntarget: {url: http://x}\nidentities: {a: {<<: *b}}\n")
	f.Add("password: hunter2\n--- \n- x")
	f.Add("a: &a {<<: *a}\nidentities: *a")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := Parse("f.yaml", []byte(text), "/nonexistent", Options{Env: env(secrets), Now: today})
		var errs Errors
		switch {
		case err == nil:
			c.Settings()
			if c.Target.URL.URL == nil || c.Version != 1 {
				t.Error("accepted without a target or a version")
			}
		case !errors.As(err, &errs) || len(errs) == 0:
			t.Errorf("got %v, want Errors", err)
		default:
			if strings.Contains(errs.Detail(), "sw0rdfish") {
				t.Error("an error shows the value of a reference")
			}
		}
	})
}
