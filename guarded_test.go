package launchready_test

import (
	"bytes"
	"context"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/audit"
	"github.com/launchready/launchready/config"
	"github.com/launchready/launchready/demo"
	"github.com/launchready/launchready/guard/policy"
	"github.com/launchready/launchready/internal/assembly"
)

// stopped are the flaws that the policy of guard init stops.
var stopped = []string{
	"auth/no-credential", "auth/no-credential-write", "auth/empty-credential", "auth/garbage-credential", "auth/expired-token", "auth/token-signature",
	"auth/alg-none", "auth/alg-confusion", "auth/token-key-header", "auth/token-audience", "auth/path-normalisation", "auth/method-override",
	"auth/function-level", "auth/function-level-write",
	"hygiene/stack-trace", "hygiene/debug-page", "hygiene/database-text", "hygiene/file-path", "hygiene/version-header", "hygiene/env-file", "hygiene/git-folder", "hygiene/metrics-endpoint", "hygiene/debug-endpoint",
}

// TestGuarded closes the loop: a flaw is found, guard stands in front by the
// policy that is drafted from that very report, and the same check passes, whose
// controls are the owner's calls.
func TestGuarded(t *testing.T) {
	t.Parallel()
	for _, id := range stopped {
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			key, err := demoKey()
			if err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir()
			s, err := demo.New(demo.Options{Flaws: []string{id}, Seed: 1, Key: key, Folder: dir})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if err := s.Close(); err != nil {
					t.Errorf("close the demo: %v", err)
				}
			})
			if err := os.WriteFile(filepath.Join(dir, demo.SecretsFile), s.Secrets(), 0o600); err != nil {
				t.Fatal(err)
			}
			direct := auditAt(t, dir, s.Config(), id)
			if v := verdictOf(direct, id); v != lr.Failed {
				t.Fatalf("direct: %s: %s", v, whatOf(direct, id))
			}
			text, err := policy.Draft(direct, policy.Sketch{Listen: "127.0.0.1:0", Upstream: s.URL, AdminRole: "admin",
				Auth: &policy.Auth{Issuer: "https://harbor.test", Audience: "harbor-api", JWKS: s.URL + "/.well-known/jwks.json", TenantClaim: "tid", RolesClaim: "role"}})
			if err != nil {
				t.Fatal(err)
			}
			p, err := policy.Parse("guard.yaml", text)
			if err != nil {
				t.Fatal(err)
			}
			pipe, err := p.Build(&policy.State{})
			if err != nil {
				t.Fatal(err)
			}
			front := httptest.NewServer(pipe)
			t.Cleanup(front.Close)
			behind := auditAt(t, dir, bytes.ReplaceAll(s.Config(), []byte(s.URL), []byte(front.URL)), id)
			if v := verdictOf(behind, id); v != lr.Passed {
				t.Errorf("behind guard: %s: %s\n%s", v, whatOf(behind, id), text)
			}
		})
	}
}

func verdictOf(r *lr.Report, id string) lr.Verdict {
	for _, row := range r.Rows {
		for _, c := range row.Checks {
			if c.ID == id {
				return c.Verdict
			}
		}
	}
	return lr.Skipped
}

func auditAt(t *testing.T, dir string, text []byte, id string) *lr.Report {
	t.Helper()
	c, err := config.Parse("launchready.yaml", text, dir, config.Options{Env: os.LookupEnv, Now: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	a, err := assembly.New(ctx, c, assembly.Options{Only: []string{id}, Mutate: true, Load: true, Profile: profile, Seed: 1, Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	a.Audit.Browser = nil
	rep, err := audit.Run(ctx, a.Audit)
	if err != nil {
		t.Fatal(err)
	}
	return rep
}
