package assembly_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/audit"
	"github.com/launchready/launchready/config"
	"github.com/launchready/launchready/demo"
	"github.com/launchready/launchready/internal/assembly"
)

// TestAssistant: a check that needs an assistant gets the one that the routes
// suggest, with what it was found to do, and a listener that the target reaches.
func TestAssistant(t *testing.T) {
	s, err := demo.New(demo.Options{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
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
	a, err := assembly.New(t.Context(), c, assembly.Options{Mutate: true, Seed: 1, Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	var skills lr.Skills
	heard := false
	probe := &lr.Check{
		ID: "model/probe", Title: "probe", Why: "x", Fix: "x", Severity: lr.Low, Needs: lr.Chat | lr.Callback, Effect: lr.Spends,
		Run: func(_ context.Context, t *lr.Trial) error {
			skills, heard = t.Assistant.Skills(), t.Listener != nil
			t.Pass(lr.Evidence{}, "application", "met")
			return nil
		},
	}
	a.Audit.Rows = []lr.Row{{ID: "model", Title: "model", Pass: "x", Checks: []*lr.Check{probe}}}
	rep, err := audit.Run(t.Context(), a.Audit)
	if err != nil {
		t.Fatal(err)
	}
	if got := rep.Rows[0].Checks[0]; got.Verdict != lr.Passed {
		t.Fatalf("%s: %s", got.Verdict, got.Reason)
	}
	t.Logf("%+v", skills)
	if !skills.Remembers || !slices.Contains(skills.Computes, "join") || skills.Subject == "" || !heard {
		t.Errorf("skills %+v, listener %v", skills, heard)
	}
	if len(rep.Orphans) > 0 {
		t.Errorf("orphans: %v", rep.Orphans)
	}
}
