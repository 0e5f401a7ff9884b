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

func told() *intake.Intake {
	secret := lr.NewSecret
	return &intake.Intake{
		Format: "HAR 1.2", Product: "Acme: the API", Target: "https://staging.acme.test/", Hosts: []string{"login.acme.test"}, WhoAmI: "GET /me",
		Routes: []string{`POST /v1/chats {"title": "it's"}`, "GET /v1/chats/{id}"},
		SignIn: &intake.SignIn{Request: "POST /auth/login", JSON: map[string]any{"email": "$user", "password": "$password", "remember": true, "app": map[string]any{"id": "web $$1", "n": 2.0, "list": []any{"a"}}, "client_secret": "${secret:client}"},
			Headers: map[string]string{"X-App": "web"}, Token: "/data/token", Send: "X-Token: {token}"},
		Identities: []intake.Identity{
			{Name: "acme_admin", Tenant: "acme", Role: "admin", User: "ann@acme.test", Password: secret("pässword: #1 'q' \"d\" $user ${env:X}"), Headers: map[string]lr.Secret{"X-Requested-With": secret("page"), "X-Csrf": secret("sesame-header-1")}},
			{Name: "acme_no", Tenant: "acme", Role: "yes", Cookie: secret("sid=sesame-cookie; b=c"), Send: ""},
			{Name: "globex_member", Tenant: "globex", User: "bob@globex.test", Token: secret("sesame-token"), Send: "X-Key: {token}", TenantFrom: "mail\ndomain"},
			{Name: "lost", User: "eve@x.test", References: map[string]string{"password": "${env:EVE_PW}", "headers.X-Key": "${env:EVE_KEY}"}},
		},
		Public: []string{"GET /healthz"}, Admin: []string{"/admin/**"}, Shared: []string{"GET /articles/{id}"},
		Objects: []intake.Object{{Name: "chat", Create: "POST /v1/chats", Body: map[string]any{"title": "x"}, ID: "/id", Read: "GET /v1/chats/{id}", IDs: map[string]string{"acme": "7"}}},
		Secrets: map[string]lr.Secret{"client": secret("sesame-client")},
	}
}

// TestIntakeIsAccepted puts what files tell through the reader of the real file,
// with its secrets from the credentials file and from memory.
func TestIntakeIsAccepted(t *testing.T) {
	given := map[string]string{"EVE_PW": "pw-eve", "EVE_KEY": "key-of-eve"}
	for _, memory := range []bool{false, true} {
		f := draft.FromFiles(told())
		if memory {
			f.Refer = func(name string) string { return "${env:MEM_" + name + "}" }
		}
		text := string(f.YAML())
		for name, v := range f.Secrets() {
			if v.IsZero() || strings.Contains(text, v.Reveal()) {
				t.Errorf("%s stands in the file, or is empty", name)
			}
			given["MEM_"+name] = v.Reveal()
		}
		if strings.Contains(text, "sesame") {
			t.Fatalf("the file holds a secret:\n%s", text)
		}
		dir := t.TempDir()
		if !memory {
			keep(t, dir, f.Credentials())
		}
		c, err := config.Parse("launchready.yaml", []byte(text), dir, config.Options{Env: func(n string) (string, bool) { v, ok := given[n]; return v, ok }, Now: time.Unix(0, 0)})
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		ann, no, bob, eve := c.Identities.Get("acme_admin"), c.Identities.Get("acme_no"), c.Identities.Get("globex_member"), c.Identities.Get("lost")
		for _, tc := range []struct{ what, got, want string }{
			{"target", c.Target.URL.String(), "https://staging.acme.test"}, {"product", c.Product, "Acme: the API"}, {"hosts", strings.Join(c.Target.Hosts, ","), "login.acme.test"},
			{"routes", strings.Join(c.Target.Spec.Routes, "|"), `POST /v1/chats {"title": "it's"}|GET /v1/chats/{id}`},
			{"token", string(c.SignIn.Token), "/data/token"}, {"send", string(c.SignIn.Send), "X-Token: {token}"}, {"whoami", c.WhoAmI.String(), "GET /me"},
			{"header that says nothing", ann.Headers["X-Requested-With"].Reveal(), "page"}, {"header that is a secret", ann.Headers["X-Csrf"].Reveal(), "sesame-header-1"},
			{"cookie", no.Cookie.Reveal(), "sid=sesame-cookie; b=c"}, {"role that YAML takes for true", no.Role, "yes"},
			{"token of an identity", bob.Token.Reveal(), "sesame-token"}, {"send of an identity", string(bob.Send), "X-Key: {token}"},
			{"reference that stays", eve.Password.Reveal(), "pw-eve"}, {"reference of a header", eve.Headers["X-Key"].Reveal(), "key-of-eve"}, {"unknown tenant", eve.Tenant, "recorded"},
			{"public", string(c.Access.Public[0]), "GET /healthz"}, {"object", c.Objects.Get("chat").Create.String(), "POST /v1/chats"}, {"ids", c.Objects.Get("chat").IDs["acme"], "7"},
		} {
			if tc.got != tc.want {
				t.Errorf("%s: got %q, want %q", tc.what, tc.got, tc.want)
			}
		}
		if memory {
			if got := ann.Password.Reveal(); got != told().Identities[0].Password.Reveal() {
				t.Errorf("a password did not come through")
			}
		}
		body, _ := config.Reveal(c.SignIn.JSON).(map[string]any)
		if body["client_secret"] != "sesame-client" || body["remember"] != true {
			t.Errorf("the sign-in's body did not come through: %d fields", len(body))
		}
	}
}

func TestIntakeSaysWhatIsMissing(t *testing.T) {
	in := &intake.Intake{Target: "https://acme.test", Spec: "session.har", Identities: []intake.Identity{{Name: "a", Tenant: "acme", Token: lr.NewSecret("sesame")}}}
	text := string(draft.FromFiles(in).YAML())
	for _, want := range []string{"One customer is not enough", "tenants: {acme: {}}", "spec: session.har", `a: {tenant: acme, token: "file:.launchready/credentials#A_TOKEN"}`} {
		if !strings.Contains(text, want) {
			t.Errorf("lacks %q in\n%s", want, text)
		}
	}
	if got := string(draft.FromFiles(in).Credentials()); got != "A_TOKEN=sesame\n" {
		t.Errorf("credentials: got %d bytes", len(got))
	}
	clash := &intake.Intake{Target: "https://acme.test", Identities: []intake.Identity{{Name: "a-b", Tenant: "x", Token: lr.NewSecret("one")}, {Name: "a_b", Tenant: "x", Token: lr.NewSecret("two")}}}
	if got := draft.FromFiles(clash).Secrets(); len(got) != 2 {
		t.Errorf("two secrets of one name: got %d", len(got))
	}
}

func keep(t *testing.T, dir string, credentials []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Join(dir, ".launchready"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, draft.CredentialsFile), credentials, 0o600); err != nil {
		t.Fatal(err)
	}
}
