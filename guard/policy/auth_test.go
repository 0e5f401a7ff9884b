package policy_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/launchready/launchready/guard/auth"
	"github.com/launchready/launchready/guard/policy"
)

const right = "auth: {issuer: https://id.test, audience: api, jwks: https://id.test/keys"

func TestAuthMistakes(t *testing.T) {
	mistakes(t, map[string]string{
		"auth: {}": ":5:7: auth verifies nothing",
		"auth: {issuer: https://id.test, audience: api}":                                                       "auth verifies nothing",
		"auth: {jwks: https://id.test/keys}":                                                                   "auth needs issuer and audience",
		"auth: {issuer: a, audience: api, jwks: nowhere}":                                                      "auth.jwks is no address",
		right + ", discover: true}":                                                                            "one of the two",
		"auth: {issuer: id.test, audience: api, discover: true}":                                               "issuer is no address",
		right + ", introspection: {client_secret: hunter2}}":                                                   "a secret is referred to",
		right + ", introspection: {cache: 1h}}":                                                                "no time up to 1m",
		right + ", introspection: {url: \"ftp://x\"}}":                                                         "no address of an introspection",
		right + ", api_keys: {}}":                                                                              "there is no key",
		right + ", api_keys: {header: Authorization, file: k}}":                                                "no field of its own",
		right + ", api_keys: {keys: [{sha256: abc, subject: x}]}}":                                             "a key needs subject",
		right + ", api_keys: {keys: [{sha256: " + strings.Repeat("ab", 32) + ", subject: x, expires: soon}]}}": "no date",
		right + ", session: {cookie: sid}}":                                                                    "session needs cookie, whoami",
		right + ", session: {cookie: sid, whoami: /me, subject: id, origins: [\"*\"]}}":                        "no whole origin",
		right + ", assertion: {audience: app}}":                                                                "assertion needs audience",
		right + ", assertion: {audience: app, secret: abc}}":                                                   ":5:",
		"webhooks: [{path: /none, scheme: stripe, secrets: [\"${env:A}\"]}]":                                   "no public route /none",
		"webhooks: [{path: /a, scheme: other, secrets: [\"${env:A}\"]}]":                                       "one of standard, stripe, github",
		"webhooks: [{path: /a, scheme: stripe, secrets: []}]":                                                  ":5:",
		"webhooks: [{path: /a, scheme: stripe, secrets: [whsec_x]}]":                                           "a secret is referred to",
		"webhooks: [{path: /a, scheme: stripe, secrets: [\"${env:A}\"], window: 48h}]":                         "no time up to 24h",
	}, right+", introspection: {cache: 30s}}", "auth: {issuer: https://id.test, audience: api, discover: true, session: {cookie: sid, whoami: /me, subject: user.id}}")
}

// TestSecrets: what a policy refers to is read when it is built, and what is missing
// is told without what is there.
func TestSecrets(t *testing.T) {
	dir := t.TempDir()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	key, hash := auth.NewKey()
	for name, text := range map[string]string{
		"key.pem": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})), "short": "only-a-few", "bad.pem": "no key of mine",
		"keys.yaml": "- {sha256: " + hash + ", subject: svc, tenant: acme}\n", "bad.yaml": "- {sha: 1}\n", "hook": "whsec_" + strings.Repeat("QUFB", 8) + "\n", "bad.hook": "whsec_%%%",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	env := func(n string) (string, bool) { return strings.Repeat("s", 32), n == "SET" }
	for lines, want := range map[string]string{
		"auth: {api_keys: {file: keys.yaml}, assertion: {audience: a, secret: \"${env:SET}\"}}":                           "",
		"auth: {api_keys: {file: keys.yaml}, assertion: {audience: a, key: \"file:key.pem\"}}":                            "",
		"auth: {api_keys: {file: keys.yaml}, assertion: {audience: a, secret: \"file:short\"}}":                           "shorter than 32",
		"auth: {api_keys: {file: keys.yaml}, assertion: {audience: a, key: \"file:bad.pem\"}}":                            "no PEM",
		"auth: {api_keys: {file: keys.yaml}, assertion: {audience: a, secret: \"${env:UNSET}\"}}":                         "UNSET is not set",
		"auth: {api_keys: {file: none.yaml}}":                                                                             "auth.api_keys",
		"auth: {api_keys: {file: bad.yaml}}":                                                                              "bad.yaml:1:4",
		"auth: {issuer: \"https://a.test\", audience: a, introspection: {client_id: g, client_secret: \"${env:UNSET}\"}}": "client_secret",
		"webhooks: [{path: /a, scheme: standard, secrets: [\"file:hook\"]}]":                                              "",
		"webhooks: [{path: /a, scheme: standard, secrets: [\"file:bad.hook\"]}]":                                          "whsec_ and base64",
		"webhooks: [{path: /a, scheme: github, secrets: [\"${env:SET}\", \"file:none\"]}]":                                "webhooks[0]",
	} {
		p, err := judged(lines)
		if err != nil {
			t.Fatal(err)
		}
		_, err = p.Build(&policy.State{Folder: dir, Env: env})
		if (err == nil) != (want == "") || err != nil && (!strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "sss") || strings.Contains(err.Error(), "only-a-few")) {
			t.Errorf("%s: %v, want %q", lines, err, want)
		}
	}
	p, err := policy.Parse("guard.yaml", []byte("version: 1\nlisten: 127.0.0.1:0\nupstream: http://127.0.0.1:1\nauth: {api_keys: {file: keys.yaml}}\nroutes: [{path: /a}]\n"))
	if err != nil {
		t.Fatal(err)
	}
	pipe, err := p.Build(&policy.State{Folder: dir, Transport: bare{}})
	if err != nil {
		t.Fatal(err)
	}
	for k, want := range map[string]int{key: 200, "lrk_WRONG": 401} {
		r := httptest.NewRequest(http.MethodGet, "/a", http.NoBody)
		r.Header.Set("X-API-Key", k)
		w := httptest.NewRecorder()
		if pipe.ServeHTTP(w, r); w.Code != want {
			t.Errorf("%d, want %d", w.Code, want)
		}
	}
}

// TestBeside: a list of API keys that comes, changes or goes is told from what was read.
func TestBeside(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "keys.yaml")
	p, err := judged(right + ", api_keys: {file: keys.yaml}}")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, text := range []string{"", "[{subject: a}]", "[]"} {
		if text != "" {
			if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if is := p.Beside(dir); seen[is] || is != p.Beside(dir) {
			t.Errorf("%q: %q", text, is)
		} else {
			seen[is] = true
		}
	}
	if p, err = judged(right + "}"); err != nil || p.Beside(dir) != "" {
		t.Errorf("nothing beside it: %q, %v", p.Beside(dir), err)
	}
}
