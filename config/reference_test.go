package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestInlineSecret writes a secret into every place that takes one: each is an
// error that names the line and repeats nothing.
func TestInlineSecret(t *testing.T) {
	const planted = "hunter2secret"
	for name, text := range map[string]string{
		"password":             "identities: {acme_a: {user: u, password: hunter2secret}}",
		"password in block":    "identities:\n  acme_a:\n    user: u\n    password: |\n      hunter2secret\n",
		"password quoted":      "identities: {acme_a: {user: u, password: 'hunter2secret'}}",
		"token":                "identities: {acme_a: {token: hunter2secret}}",
		"expired token":        "identities: {acme_a: {token: \"${env:ACME_PW}\", expired_token: hunter2secret}}",
		"cookie":               "identities: {acme_a: {cookie: session=hunter2secret}}",
		"header of identity":   "identities: {acme_a: {headers: {X-API-Key: hunter2secret}}}",
		"authorization":        "identities: {acme_a: {headers: {Authorization: Bearer hunter2secret}}}",
		"header of target":     "target: {url: https://x.test, headers: {X-Preview-Token: hunter2secret}}",
		"sign-in body":         "sign_in: {request: POST /l, json: {email: $user, password: hunter2secret}}",
		"sign-in body deep":    "sign_in: {request: POST /l, json: {a: [{client_secret: hunter2secret}]}}",
		"sign-in form":         "sign_in: {request: POST /l, form: {password: hunter2secret}}",
		"client secret":        "sign_in: {request: POST /l, oauth2: {grant: password, client_secret: hunter2secret}}",
		"mailbox header":       "mailbox: {request: GET /m, header: \"X-Dev-Token: hunter2secret\"}",
		"database URL":         "database: {url: \"postgres://app:hunter2secret@db/prod\"}",
		"database DSN":         "database: {url: \"host=db user=app password=hunter2secret\"}",
		"URL with a password":  "domain: {name: \"https://u:hunter2secret@x.test\"}",
		"beside a reference":   "identities: {acme_a: {user: u, password: \"hunter2secret${env:ACME_PW}\"}}",
		"header beside":        "identities: {acme_a: {headers: {X-API-Key: \"hunter2secret${env:ACME_PW}\"}}}",
		"known shape anywhere": "product: ghp_hunter2secretABCDEFGHIJKLMNOP",
		"shape in command":     "deploy: {release: \"curl -H x:sk-hunter2secretABCDEFGHIJKLMNOP\"}",
	} {
		t.Run(name, func(t *testing.T) {
			whole := "version: 1\n" + text + "\n"
			if !strings.HasPrefix(text, "target") {
				whole = head + text + "\n"
			}
			_, err := parse(t, whole)
			var errs Errors
			if !errors.As(err, &errs) {
				t.Fatalf("got %v, want Errors", err)
			}
			if !strings.Contains(err.Error(), "a secret may not be written into this file") {
				t.Errorf("got %s, want the rule", err)
			}
			if errs[0].Line < 2 {
				t.Errorf("got line %d, want the line of the secret", errs[0].Line)
			}
			if strings.Contains(errs.Detail(), planted) || strings.Contains(errs.Detail(), planted[:7]) {
				t.Errorf("the error repeats the secret:\n%s", errs.Detail())
			}
		})
	}
}

func TestReferences(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"pw": "from-file\n", "creds": "# test\nACME=one\nGLOBEX=\"two\"\n", "none": "\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	r := resolver{env: env(secrets), dir: dir, read: os.ReadFile}
	for _, tc := range []struct{ name, in, want, err string }{
		{"environment", "${env:ACME_PW}", "sw0rdfish-acme", ""},
		{"unset", "${env:NOPE}", "", "environment variable NOPE is not set"},
		{"empty", "${env:EMPTY}", "", "environment variable EMPTY is empty"},
		{"bad name", "${env:A B}", "", "no name of an environment variable"},
		{"file", "file:pw", "from-file", ""},
		{"file in braces", "${file:pw}", "from-file", ""},
		{"absolute file", "file:" + filepath.Join(dir, "pw"), "from-file", ""},
		{"line of a file", "file:creds#ACME", "one", ""},
		{"quoted line", "file:creds#GLOBEX", "two", ""},
		{"no such line", "file:creds#NOPE", "", "has no line NOPE="},
		{"no such file", "file:gone", "", "secret file gone does not exist"},
		{"empty file", "file:none", "", "secret file none is empty"},
		{"folder", "file:.", "", "secret file ."},
		{"no path", "file:", "", "names no file"},
		{"unknown kind", "${vault:x}", "", "not a reference"},
		{"unclosed", "${env:ACME_PW", "", "not a reference"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s, err := r.secret(tc.in)
			if got := s.Reveal(); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
			if tc.err == "" && err != nil || tc.err != "" && (err == nil || !strings.Contains(err.Error(), tc.err)) {
				t.Errorf("error: got %v, want %q", err, tc.err)
			}
		})
	}
}

func TestValuesThatAreNoSecrets(t *testing.T) {
	for name, text := range map[string]string{
		"plain header":         "identities: {acme_a: {token: \"${env:ACME_PW}\", headers: {X-Requested-With: harbor}}}",
		"scheme and reference": "identities: {acme_a: {headers: {Authorization: \"Bearer ${env:ACME_PW}\"}}}",
		"cookie by reference":  "identities: {acme_a: {cookie: \"session=${env:ACME_PW}\"}}",
		"variable":             "sign_in: {request: POST /l, json: {password: $password, grant_type: password, token_type: bearer, cookie: true}}",
		"URL with reference":   "database: {url: \"postgres://app:${env:ACME_PW}@db/prod\"}",
		"URL without password": "database: {url: \"postgres://app@db/prod\"}",
		"send":                 "sign_in: {request: POST /l, send: \"Cookie: session={token}\"}",
		"mailbox":              "mailbox: {request: \"GET /dev/outbox?to=$user\", header: \"X-Dev-Token: ${env:ACME_PW}\"}",
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := parse(t, head+text+"\n"); err != nil {
				t.Errorf("got %v, want none", err)
			}
		})
	}
}

func TestTemplateKeepsDollarSignsOfSecrets(t *testing.T) {
	c, err := parse(t, head+"sign_in: {request: POST /l, json: {key: \"a ${env:DOLLAR}\", user: $user}, headers: {X-Key: \"${env:DOLLAR}\"}}\n",
		func(o *Options) { o.Env = env(map[string]string{"DOLLAR": "p$user"}) })
	if err != nil {
		t.Fatal(err)
	}
	got := Template(c.SignIn.JSON).(map[string]any)
	if got["key"] != "a p$$user" || got["user"] != "$user" {
		t.Errorf("got %v, want the secret's dollar sign doubled and the variable as it was", got)
	}
	if got := Reveal(c.SignIn.JSON).(map[string]any)["key"]; got != "a p$user" {
		t.Errorf("got %v, want the value itself", got)
	}
	if got := c.SignIn.Headers["X-Key"].Template(); got != "p$$user" {
		t.Errorf("header: got %q", got)
	}
}

func TestRevealFillsTheTree(t *testing.T) {
	c, err := parse(t, head+"sign_in: {request: POST /l, json: {key: [\"${env:ACME_PW}\", 3, true, null]}}\n")
	if err != nil {
		t.Fatal(err)
	}
	list := Reveal(c.SignIn.JSON).(map[string]any)["key"].([]any)
	if list[0] != "sw0rdfish-acme" || list[1] != int64(3) || list[2] != true || list[3] != nil {
		t.Errorf("got %v", list)
	}
	for _, s := range c.Settings() {
		if strings.Contains(s.Value, "sw0rdfish") {
			t.Errorf("%s shows the secret", s.Path)
		}
	}
}

func TestOpenSecretFileIsWarnedOf(t *testing.T) {
	dir := t.TempDir()
	for name, mode := range map[string]os.FileMode{"open": 0o644, "closed": 0o600} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("t0ken-"+name), mode); err != nil {
			t.Fatal(err)
		}
	}
	text := head + "identities: {acme_a: {token: file:open}, globex_b: {token: file:closed}}\n"
	c, err := Parse("launchready.yaml", []byte(text), dir, Options{Env: env(secrets), Now: today})
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Warnings) != 1 || !strings.Contains(c.Warnings[0], "secret file open can be read by others: chmod 600 open") {
		t.Errorf("got %q, want one warning of the open file", c.Warnings)
	}
}
