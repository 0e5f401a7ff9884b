package policy_test

import (
	"strings"
	"testing"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/guard/policy"
)

func TestDraft(t *testing.T) {
	found := func(guard, subject string) lr.Finding {
		return lr.Finding{Guard: guard, Subject: subject, Confidence: lr.Confirmed}
	}
	r := &lr.Report{Rows: []lr.RowReport{{Checks: []lr.CheckReport{{ID: "row/check", Findings: []lr.Finding{
		found("authenticate", "GET /v1/invoices"), found("roles", "GET /v1/admin"), found("block_paths", "GET /.git/config"),
		found("limits", "POST /v1/chat"), found("hide_headers", "application"), found("ownership", "GET /v1/chats/{id}"),
		found("block_paths", "GET /a;b\n  - {path: /evil, public: true}"),
		{Guard: "block_paths", Subject: "GET /suspected", Confidence: lr.Suspected},
	}}}}}}
	s := policy.Sketch{Listen: "127.0.0.1:0", Upstream: "http://127.0.0.1:1"}
	for name, c := range map[string]struct {
		auth     *policy.Auth
		has, not []string
	}{
		"without a provider": {nil,
			[]string{`{path: "/.git/config", blocked: true}`, `{path: "/v1/chat", methods: [POST], public: true, limits: [found]}`, "#   row/check GET /v1/invoices (authenticate): say --issuer", "(ownership): not in this build", "X-Powered-By"},
			[]string{"\n  - {path: /evil", "suspected", "auth:", `{path: "/v1/invoices"`}},
		"with one": {&policy.Auth{Issuer: "i", Audience: "a", JWKS: "http://127.0.0.1:1/keys", RolesClaim: "role"},
			[]string{`{path: "/v1/invoices", methods: [GET], public: false}`, `roles: ["boss"]`},
			[]string{"\n  - {path: /evil", "say --issuer"}},
	} {
		s.Auth, s.AdminRole = c.auth, "boss"
		text, err := policy.Draft(r, s)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for _, want := range c.has {
			if !strings.Contains(string(text), want) {
				t.Errorf("%s lacks %s:\n%s", name, want, text)
			}
		}
		for _, bad := range c.not {
			if strings.Contains(string(text), bad) {
				t.Errorf("%s holds %s:\n%s", name, bad, text)
			}
		}
	}
}
