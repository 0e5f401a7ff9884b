package export_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/launchready/launchready/audit"
	"github.com/launchready/launchready/config"
	"github.com/launchready/launchready/demo"
	"github.com/launchready/launchready/export"
	"github.com/launchready/launchready/internal/assembly"

	lr "github.com/launchready/launchready"
)

// harbor is the demo with the flaws, and what a test of it is made of.
type harbor struct {
	*demo.Server
	options export.Options
	audit   audit.Options
	cast    func(t *testing.T) map[string]string // tokens by identity
	given   map[string]string                    // what a regression test is given beside tokens
}

func serve(t *testing.T, flaws ...string) *harbor {
	t.Helper()
	s, err := demo.New(demo.Options{Flaws: flaws, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close the demo: %v", err)
		}
	})
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, demo.SecretsFile), s.Secrets(), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := config.Parse("launchready.yaml", s.Config(), dir, config.Options{Env: os.LookupEnv, Now: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	a, err := assembly.New(t.Context(), c, assembly.Options{Only: routeChecks(), Mutate: true, Seed: 1, Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.Close)
	target := a.Audit.Target
	given := map[string]string{"base_url": s.URL}
	var people []export.Party
	for _, acc := range a.Cast.Accounts() {
		people = append(people, export.Party{Name: acc.Name, Tenant: acc.Tenant, User: acc.User, Role: acc.Role})
		given["user_"+acc.Name], given["password_"+acc.Name] = acc.User, s.Password(acc.User)
		if !acc.Expired.IsZero() {
			given["expired_token_"+acc.Name] = acc.Expired.Reveal()
		}
	}
	mailbox := &export.Mailbox{Method: target.Mailbox.Method, Path: target.Mailbox.Path}
	for name := range target.Mailbox.Header {
		mailbox.Headers = append(mailbox.Headers, name)
		given["mailbox_"+strings.ToLower(strings.ReplaceAll(name, "-", "_"))] = target.Mailbox.Header.Get(name)
	}
	return &harbor{Server: s, audit: a.Audit, given: given, options: export.Options{
		People: people, Mailbox: mailbox,
		Product: "Harbor", Base: target.Base, Routes: target.Routes, Access: target.Access, Tool: "test",
		SignIn: &export.SignIn{Method: "POST", Path: "/v1/auth/login", JSON: map[string]any{"email": "$user", "password": "$password"}, Token: "/access_token", Send: "Authorization: Bearer {token}"},
		A:      export.Party{Name: "acme_member", Tenant: "acme", User: "member@acme.test"}, B: export.Party{Name: "globex_member", Tenant: "globex", User: "member@globex.test"},
	}, cast: func(t *testing.T) map[string]string {
		t.Helper()
		if _, err := a.Client.Do(t.Context(), nil, &lr.Request{Method: "GET", Path: "/"}); err != nil {
			t.Fatal(err)
		}
		for _, p := range a.Cast.Preflight(t.Context()) {
			t.Fatal(p)
		}
		out := map[string]string{}
		for _, acc := range a.Cast.Accounts() {
			out[acc.Name] = acc.Credential.Token.Reveal()
		}
		return out
	}}
}

// run runs the script where nothing but sh and curl is found.
func (h *harbor) run(t *testing.T, env ...string) (code int, out string) {
	t.Helper()
	var script bytes.Buffer
	if err := export.Shell(&script, h.options); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, name := range []string{"sh", "curl"} {
		at, err := exec.LookPath(name)
		if err != nil {
			t.Skipf("no %s on this machine", name)
		}
		if err := os.Symlink(at, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	file := filepath.Join(dir, "abuse.sh")
	if err := os.WriteFile(file, script.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, filepath.Join(dir, "sh"), file)
	cmd.Env = append([]string{"PATH=" + dir}, env...)
	b, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("run the script: %v\n%s", err, b)
	}
	return cmd.ProcessState.ExitCode(), string(b)
}

// body is what the bearer of the token is answered.
func (h *harbor) body(t *testing.T, path, token string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, h.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("%s answered %d: %v", path, res.StatusCode, err)
	}
	return string(b)
}

func (h *harbor) passwords() []string {
	return []string{"PASSWORD_A=" + h.Password("member@acme.test"), "PASSWORD_B=" + h.Password("member@globex.test")}
}

// TestShellOnTheDemo is the promise of export --abuse: green on the clean demo,
// with all its traps, and red on the flawed one, with sh and curl alone.
func TestShellOnTheDemo(t *testing.T) {
	t.Run("clean", func(t *testing.T) {
		t.Parallel()
		h := serve(t)
		code, out := h.run(t, h.passwords()...)
		if code != 0 || strings.Contains(out, "FAIL") {
			t.Errorf("exit code %d:\n%s", code, out)
		}
		for _, want := range []string{
			"PASS  another-tenant   GET /v1/chats/{chat_id} as B: answered 404, with nothing of A's in it",
			"PASS  another-tenant   GET /v1/chats as B", "PASS  another-tenant   PATCH /v1/chats/{chat_id} as B", "PASS  another-tenant   DELETE /v1/files/{file_id} as B",
			"PASS  no-token         GET /v1/files/{file_id}/content as nobody", "PASS  no-token         GET /v1/billing/invoices: refused with 401",
			"PASS  empty-token", "PASS  invalid-json     POST /v1/chats with JSON that breaks off: refused with 400", "PASS  content-type", "PASS  long-text",
			"PASS  file-type        POST /v1/files with picture.svg: kept, and served as an attachment",
			"NOTE  burst            POST /v1/ask: 20 requests one after the other, and none was answered 429; EXPECT_LIMIT=1 makes that a failure",
		} {
			if !strings.Contains(out, want) {
				t.Errorf("the clean demo lacks %q:\n%s", want, out)
			}
		}
		if left := h.body(t, "/v1/chats", h.cast(t)["acme_member"]); strings.Contains(left, "lrx") {
			t.Errorf("the script left something: %s", left)
		}
	})
	t.Run("flawed", func(t *testing.T) {
		t.Parallel()
		h := serve(t, "all")
		code, out := h.run(t, h.passwords()...)
		if code != 1 {
			t.Errorf("exit code %d, want 1", code)
		}
		for _, want := range []string{
			"FAIL  another-tenant   GET /v1/chats/{chat_id} as B: answered 200 with what only A's object holds",
			"FAIL  another-tenant   PUT /v1/collections/{slug}/documents/{document_id} as B",
			"FAIL  another-tenant   DELETE /v1/files/{file_id} as B: answered 204, and A's object is gone",
			"FAIL  no-token         GET /v1/billing/invoices: nobody gets inv_", "FAIL  empty-token      GET /v1/chats/{chat_id} with 'Bearer null'",
		} {
			if !strings.Contains(out, want) {
				t.Errorf("the flawed demo lacks %q:\n%s", want, out)
			}
		}
	})
	t.Run("with tokens, and a limit that is wanted", func(t *testing.T) {
		t.Parallel()
		h := serve(t)
		tokens := h.cast(t)
		code, out := h.run(t, "TOKEN_A="+tokens["acme_member"], "HEADER_B=Authorization: Bearer "+tokens["globex_member"], "EXPECT_LIMIT=1", "BURST=3", "USER_A=", "USER_B=")
		if code != 1 || strings.Count(out, "FAIL") != 1 || !strings.Contains(out, "FAIL  burst            POST /v1/ask: 3 requests") {
			t.Errorf("exit code %d:\n%s", code, out)
		}
		if strings.Contains(out, tokens["acme_member"]) {
			t.Error("a token is in the output")
		}
	})
}

func TestShellThatCannotStart(t *testing.T) {
	h := serve(t)
	for name, c := range map[string]struct {
		env  []string
		code int
		says string
	}{
		"no password":         {nil, 2, "give USER_A and PASSWORD_A, or TOKEN_A"},
		"a wrong password":    {[]string{"PASSWORD_A=wr0ng-one", "PASSWORD_B=x"}, 2, "member@acme.test cannot sign in: POST /v1/auth/login answered 401"},
		"nobody is there":     {append(h.passwords(), "BASE_URL=http://127.0.0.1:1"), 2, "the target did not answer: http://127.0.0.1:1\n"},
		"nobody, with tokens": {[]string{"TOKEN_A=a", "TOKEN_B=b", "BASE_URL=http://127.0.0.1:1"}, 2, "the target did not answer: http://127.0.0.1:1\n"},
		"it may ask nothing":  {[]string{"TOKEN_A=a", "TOKEN_B=b", "MAX_REQUESTS=0"}, 3, "SKIP  burst            POST /v1/ask: MAX_REQUESTS is reached"},
		"a token that is bad": {[]string{"TOKEN_A=a", "TOKEN_B=b", "MAX_REQUESTS=8", "BURST=0"}, 3, "no object of A's is made (POST /v1/chats answered"},
	} {
		t.Run(name, func(t *testing.T) {
			code, out := h.run(t, c.env...)
			if code != c.code || !strings.Contains(out, c.says) || strings.Contains(out, "wr0ng-one") {
				t.Errorf("got exit code %d, want %d and %q:\n%s", code, c.code, c.says, out)
			}
		})
	}
}

// hurl runs a Hurl file with the variables.
func hurl(t *testing.T, text []byte, variables string, flags ...string) (ok bool, out string) {
	t.Helper()
	at, err := exec.LookPath("hurl")
	if err != nil {
		t.Skip("no hurl on this machine: the grammar test judges the files")
	}
	dir := t.TempDir()
	file, vars := filepath.Join(dir, "test.hurl"), filepath.Join(dir, "variables.env")
	for name, b := range map[string][]byte{file: text, vars: []byte(variables)} {
		if err := os.WriteFile(name, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	b, err := exec.CommandContext(t.Context(), at, append(flags, "--test", "--variables-file", vars, file)...).CombinedOutput()
	// 4 is an assertion that failed; 3 is what a step lacks that an earlier reply
	// did not give. Anything else is no verdict on the target.
	var exit *exec.ExitError
	if err != nil && (!errors.As(err, &exit) || exit.ExitCode() != 4 && (exit.ExitCode() != 3 || strings.Contains(string(b), "error: Parsing"))) {
		t.Fatalf("hurl: %v\n%s", err, b)
	}
	return err == nil, string(b)
}

func TestHurlOnTheDemo(t *testing.T) {
	for name, flaws := range map[string][]string{"clean": nil, "flawed": {"all"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := serve(t, flaws...)
			var b bytes.Buffer
			if err := export.Hurl(&b, h.options); err != nil {
				t.Fatal(err)
			}
			parses(t, b.String())
			ok, out := hurl(t, b.Bytes(), "base_url="+h.URL+"\nuser_a=member@acme.test\nuser_b=member@globex.test\n"+
				"password_a="+h.Password("member@acme.test")+"\npassword_b="+h.Password("member@globex.test")+"\n", "--continue-on-error")
			if ok != (flaws == nil) {
				t.Errorf("green: %t\n%s", ok, out)
			}
		})
	}
}

// routeChecks lists the checks of the four rows that ask routes, and no assistant.
func routeChecks() []string {
	var out []string
	for _, row := range audit.Scorecard() {
		for _, c := range row.Checks {
			if slices.Contains([]string{"auth", "isolation", "hygiene", "cors"}, row.ID) && c.Needs&lr.Chat == 0 {
				out = append(out, c.ID)
			}
		}
	}
	return out
}
