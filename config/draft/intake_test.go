package draft_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/config"
	"github.com/launchready/launchready/config/draft"
	"github.com/launchready/launchready/config/intake"
)

func secret(s string) lr.Secret { return lr.NewSecret(s) }

// parsed reads a draft with its credentials file, as an audit would.
func parsed(t *testing.T, f draft.Facts, env map[string]string) (*config.Config, error) {
	t.Helper()
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, ".launchready"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, draft.CredentialsFile), f.Credentials(), 0o600); err != nil {
		t.Fatal(err)
	}
	return config.Parse("launchready.yaml", f.YAML(), dir, config.Options{
		Env: func(n string) (string, bool) { v, ok := env[n]; return v, ok }, Now: time.Unix(0, 0)})
}

func TestFromIntake(t *testing.T) {
	for _, tc := range []struct {
		name       string
		in         intake.Intake
		want, not  []string
		env        map[string]string
		identities int
	}{
		{"two tenants by password", intake.Intake{Target: "https://staging.acme.test", SignIn: &intake.SignIn{Request: "POST /l", JSON: map[string]any{"user": "$user", "pw": "$password", "n": 1, "list": []any{true, nil, "a"}}, Token: "/t", Send: "X-A: {token}"},
			Identities: []intake.Identity{{Name: "Ann B", Tenant: "Acme", Role: "Admin", User: "ann@acme.test", Password: secret("p-1")}, {Name: "bob", Tenant: "globex", TenantFrom: "its address", User: "bob", References: map[string]string{"password": "${env:BOB_PW}"}}}},
			[]string{"url: \"https://staging.acme.test\"", "tenants: {acme: {}, globex: {}}", `request: "POST /l"`, `json: {list: [true, null, a], "n": 1, pw: $password, user: $user}`, `token: "/t"`, `send: "X-A: {token}"`,
				`ann_b: {tenant: acme, role: admin, user: "ann@acme.test", password: "file:.launchready/credentials#ANN_B_PASSWORD"}`, `bob: {tenant: globex, user: bob, password: "${env:BOB_PW}"}  # tenant by its address`},
			[]string{"p-1", "guessed"}, map[string]string{"BOB_PW": "x"}, 2},
		{"nothing told of tenants", intake.Intake{Identities: []intake.Identity{{Name: "a", Token: secret("t-1")}, {Name: "a", Token: secret("t-2"), Send: "query: k={token}"}}},
			[]string{"# guessed: the files do not say who belongs to which customer", "tenants: {tenant_a: {}}", "a: {tenant: tenant_a, token: \"file:.launchready/credentials#A_TOKEN\"}", `a_2: {tenant: tenant_a, token: "file:.launchready/credentials#A_2_TOKEN", send: "query: k={token}"}`},
			[]string{"t-1", "sign_in"}, nil, 2},
		{"one is open", intake.Intake{Identities: []intake.Identity{{Name: "a", Tenant: "acme", Token: secret("t-1")}, {Name: "b", Token: secret("t-2")}}},
			[]string{"# Nothing says to which tenant it belongs", "  # b: {token:"}, []string{"t-2"}, nil, 1},
		{"headers, a cookie and a tenant's name", intake.Intake{Identities: []intake.Identity{{Name: "a", Tenant: "t1", Cookie: secret("sid=s-1; x=\"y\""), Headers: map[string]lr.Secret{"X-Tenant": secret("t1"), "X-Csrf": secret("c-1")}},
			{Name: "b", Tenant: "t1", References: map[string]string{"headers.X-Key": "${env:K}", "cookie": "sid=${env:C}"}}}},
			[]string{`cookie: "file:.launchready/credentials#A_COOKIE"`, `headers: {X-Csrf: "file:.launchready/credentials#A_X_CSRF", X-Tenant: t1}`, `cookie: "sid=${env:C}", headers: {X-Key: "${env:K}"}`},
			[]string{"s-1", "c-1"}, map[string]string{"K": "k", "C": "c"}, 2},
		{"OAuth 2.0 with a secret, on another host", intake.Intake{Hosts: []string{"id.acme.test"}, Secrets: map[string]lr.Secret{"SIGN_IN_CLIENT_SECRET": secret("cs-1")},
			SignIn:     &intake.SignIn{Request: "POST https://id.acme.test/t", OAuth2: &intake.OAuth2{Grant: "password", ClientID: "web", ClientSecret: "${secret:SIGN_IN_CLIENT_SECRET}", Client: "body", Scope: "a b"}, Headers: map[string]string{"X-Org": "$tenant"}},
			Identities: []intake.Identity{{Name: "a", Tenant: "t", User: "a", Password: secret(" p'1\" ")}}},
			[]string{"hosts: [id.acme.test]", `oauth2: {grant: password, client_id: web, client_secret: "${file:.launchready/credentials#SIGN_IN_CLIENT_SECRET}", client: body, scope: "a b"}`, `headers: {X-Org: "$tenant"}`}, []string{"cs-1"}, nil, 1},
		{"basic", intake.Intake{SignIn: &intake.SignIn{Basic: true}, Identities: []intake.Identity{{Name: "a", Tenant: "t", User: "a", Password: secret("p")}}}, []string{"sign_in:\n  basic: true"}, nil, nil, 1},
		{"a password and no sign-in", intake.Intake{Identities: []intake.Identity{{Name: "a", Tenant: "t", User: "a", Password: secret("p")}}}, []string{"sign_in:  # guessed"}, nil, nil, 1},
		{"routes, access and objects", intake.Intake{Routes: []string{"GET /v1/chats/{id}", `POST /v1/chats {"title":"a # b"}`, "POST /v1/auth/login"}, Public: []string{"GET /health", "GET http://x/y"}, Admin: []string{"/admin/**"}, Shared: []string{"GET /articles/{id}"},
			Objects:    []intake.Object{{Name: "Chat", Read: "GET /v1/chats/{id}", Create: "POST /v1/chats", ID: "/data/id", Body: map[string]any{"a": "b"}, IDs: map[string]string{"acme": "01", "unknown": "2"}}, {Name: "x", Read: "GET /x/{id}", IDs: map[string]string{"other": "1"}}},
			Identities: []intake.Identity{{Name: "a", Tenant: "acme", Token: secret("t")}}},
			[]string{`- "POST /v1/chats {\"title\":\"a # b\"}"`, `public: ["GET /health"]`, `admin: ["/admin/**"]`, `shared: ["GET /articles/{id}"]`, `chat: {create: "POST /v1/chats", body: {a: b}, id: "/data/id", read: "GET /v1/chats/{id}", ids: {acme: "01"}}`},
			[]string{"http://x/y", "unknown", "GET /x/"}, nil, 1},
		{"nobody, but a sign-in", intake.Intake{SignIn: &intake.SignIn{Request: "POST /l", Form: map[string]string{"u": "$user", "password": "$password"}}, WhoAmI: "GET /me"},
			[]string{`form: {password: "$password", u: "$user"}`, `whoami: "GET /me"`, "acme_admin:"}, nil, map[string]string{"ACME_ADMIN_PASSWORD": "a", "ACME_MEMBER_PASSWORD": "b", "GLOBEX_MEMBER_PASSWORD": "c"}, 3},
		{"someone without means", intake.Intake{Identities: []intake.Identity{{Name: "a", Tenant: "t"}, {Name: "b", Tenant: "t", Token: secret("x")}}}, []string{"  b: {"}, []string{"  a: {"}, nil, 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f := draft.Facts{}
			draft.FromIntake(&tc.in, &f)
			text := string(f.YAML())
			for _, w := range tc.want {
				if !strings.Contains(text, w) {
					t.Errorf("lacks %s in\n%s", w, text)
				}
			}
			for _, w := range tc.not {
				if strings.Contains(text, w) {
					t.Errorf("has %s in\n%s", w, text)
				}
			}
			c, err := parsed(t, f, tc.env)
			if err != nil {
				t.Fatalf("the draft is refused: %v\n%s", err, text)
			}
			if len(c.Identities) != tc.identities {
				t.Errorf("got %d identities, want %d", len(c.Identities), tc.identities)
			}
		})
	}
}

// TestSecretsComeBack: what goes to the credentials file is what comes out of it,
// however it is written.
func TestSecretsComeBack(t *testing.T) {
	for _, want := range []string{"plain", " spaces ", `"quoted"`, `'`, `a"`, "'a", `"`, "a=b#c", "$x ${env:Y} $(z)", "# no comment", `back\slash\`, "tab\tin", "ünï"} {
		f := draft.Facts{}
		draft.FromIntake(&intake.Intake{Identities: []intake.Identity{{Name: "a", Tenant: "t", Token: secret(want)}}}, &f)
		c, err := parsed(t, f, nil)
		if err != nil {
			t.Errorf("%q: %v", want, err)
			continue
		}
		if got := c.Identities.Get("a").Token.Reveal(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// TestKnownBeatsTold: what the application or a flag told stays.
func TestKnownBeatsTold(t *testing.T) {
	f := draft.Facts{Target: "https://a.test", Spec: "https://a.test/openapi.json", Repository: draft.Repository{Product: "Mine"}, Routes: routes(),
		Accounts: []draft.Account{{Tenant: "acme", User: "o@acme.test", Password: secret("made")}}}
	draft.FromIntake(&intake.Intake{Target: "https://b.test", Spec: "b.yaml", Product: "Theirs", Routes: []string{"GET /b"}, Identities: []intake.Identity{{Name: "acme_owner", Tenant: "acme", Token: secret("t")}}}, &f)
	text := string(f.YAML())
	for _, w := range []string{"https://a.test/openapi.json", "product: Mine", "sign_in:\n  request: POST /v1/auth/login", "sign_up:", "  acme_owner: {user: \"o@acme.test\"", "  acme_owner_2: {tenant: acme"} {
		if !strings.Contains(text, w) {
			t.Errorf("lacks %s in\n%s", w, text)
		}
	}
	if strings.Contains(text, "b.test") || strings.Contains(text, "b.yaml") || strings.Contains(text, "GET /b\"") {
		t.Errorf("told beats known in\n%s", text)
	}
	if creds := string(f.Credentials()); creds != "ACME_OWNER_2_TOKEN=t\nACME_PASSWORD=made\n" {
		t.Errorf("credentials: got %q", creds)
	}
}

func TestMissing(t *testing.T) {
	facts := func(in intake.Intake) draft.Facts {
		f := draft.Facts{}
		draft.FromIntake(&in, &f)
		return f
	}
	full := facts(intake.Intake{Target: "https://x.test", Spec: "o.yaml", SignIn: &intake.SignIn{Request: "POST /l", Form: map[string]string{"a": "$user", "b": "$password"}}, Identities: []intake.Identity{
		{Name: "a", Tenant: "t1", Role: "admin", User: "a", Password: secret("1")}, {Name: "b", Tenant: "t1", User: "b", References: map[string]string{"password": "${env:B_PW}"}}, {Name: "c", Tenant: "t2", User: "c", Password: secret("3")}}})
	if got := full.Missing(); len(got) > 0 {
		t.Errorf("nothing is missing: got %q", got)
	}
	if got := full.Variables(); len(got) != 1 || got[0] != "B_PW" {
		t.Errorf("variables: got %q", got)
	}
	poor := facts(intake.Intake{Routes: []string{"GET /a"}, Identities: []intake.Identity{{Name: "a", Tenant: "t", TenantFrom: "its name", Token: secret("1")}, {Name: "b", Token: secret("2"), References: map[string]string{"headers.X": "${env:NOT_THERE}"}}}})
	got := strings.Join(poor.Missing(), "\n")
	for _, w := range []string{"the address of the running application", "only the 1 routes", "the tenant of b", "a user of a second tenant", "an administrator and a plain member", "for a, b, or a fresh token", "a look at the tenant of a"} {
		if !strings.Contains(got, w) {
			t.Errorf("lacks %q in:\n%s", w, got)
		}
	}
	if v := poor.Variables(); len(v) > 0 {
		t.Errorf("a variable of a line that is a comment is needed: %q", v)
	}
}
