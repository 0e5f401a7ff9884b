package model_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/audit"
	"github.com/launchready/launchready/config"
	"github.com/launchready/launchready/demo"
	"github.com/launchready/launchready/internal/assembly"
)

var demoKey = sync.OnceValues(demo.NewKey) // making one takes longer than an audit

// toolChecks are the checks of tools and of output.
var toolChecks = []string{"model/fetch-on-request", "model/tool-ssrf", "model/exfiltration-by-fetch", "model/mail-by-injection", "model/write-by-injection",
	"model/admin-tool", "model/tool-tenant", "model/unconfirmed-action", "model/tool-loop", "model/image-exfiltration", "model/reference-exfiltration",
	"model/active-markup", "model/streaming-parity"}

// audited puts the checks to a demo.
func audited(t *testing.T, o demo.Options, profile lr.Profile) *lr.Report {
	t.Helper()
	key, err := demoKey()
	if err != nil {
		t.Fatal(err)
	}
	o.Key = key
	s, err := demo.New(o)
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
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	a, err := assembly.New(ctx, c, assembly.Options{Only: toolChecks, Mutate: true, Seed: o.Seed, Version: "test", Profile: profile})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	a.Audit.Browser = nil
	a.Audit.Outcome = func(check string, o lr.Outcome) { t.Logf("%s %s %s: %s", check, o.Verdict, o.Subject, o.Message) }
	rep, err := audit.Run(ctx, a.Audit)
	if err != nil {
		t.Fatal(err)
	}
	return rep
}

// verdicts are those of a report, with the reasons.
func verdicts(rep *lr.Report) (failed []string, told map[string]string, of map[string]lr.Verdict) {
	told, of = map[string]string{}, map[string]lr.Verdict{}
	for _, row := range rep.Rows {
		for _, c := range row.Checks {
			of[c.ID] = c.Verdict
			text := fmt.Sprintf("%s %s %q %.1fs", c.Verdict, c.Reason, c.Open, c.Seconds)
			for _, f := range c.Findings {
				text += fmt.Sprintf("\n    %s %s %s: %s", f.Severity, f.Confidence, f.Subject, f.Message)
			}
			told[c.ID] = text
			if len(c.Findings) > 0 {
				failed = append(failed, c.ID)
			}
		}
	}
	slices.Sort(failed)
	return failed, told, of
}

// TestClean: the demo without flaws, whose model obeys every document that
// reaches it, passes each check.
func TestClean(t *testing.T) {
	t.Parallel()
	_, told, of := verdicts(audited(t, demo.Options{Seed: 1}, lr.Standard))
	for _, id := range toolChecks {
		if of[id] != lr.Passed {
			t.Errorf("%s: %s", id, told[id])
		}
	}
}

// TestHalfSusceptible: a model that obeys a document six times in ten is caught
// all the same, for what is left to chance is tried more than once.
func TestHalfSusceptible(t *testing.T) {
	flaws := []string{"model/exfiltration-by-fetch", "model/mail-by-injection", "model/write-by-injection", "model/image-exfiltration", "model/reference-exfiltration"}
	var mu sync.Mutex
	found, asked := 0, 0
	t.Run("seeds", func(t *testing.T) {
		for i := range *seeds {
			seed := *first + i
			t.Run(fmt.Sprint(seed), func(t *testing.T) {
				t.Parallel()
				of := checksOf(audited(t, demo.Options{Seed: seed, Flaws: flaws, Susceptibility: 0.6}, lr.Standard))
				mu.Lock()
				defer mu.Unlock()
				for _, id := range flaws {
					asked++
					if c := of[id]; c != nil && len(c.Findings) > 0 {
						found++
					} else {
						t.Logf("seed %d: missed %s: %s", seed, id, what(c))
						if c == nil || c.Verdict == lr.Passed && !bounded(c) {
							t.Errorf("seed %d: %s is not asked, or passes without a bound", seed, id)
						}
					}
				}
			})
		}
	})
	t.Logf("found %d of %d over %d seeds", found, asked, *seeds)
	if asked == 0 || float64(found) < 0.95*float64(asked) {
		t.Errorf("found %d of %d with a model that obeys in six of ten cases, want 95 %%", found, asked)
	}
}

// TestMailRelay: mail that leaves by a relay is heard by the listener, without a
// mail catcher.
func TestMailRelay(t *testing.T) {
	t.Parallel()
	key, err := demoKey()
	if err != nil {
		t.Fatal(err)
	}
	s, err := demo.New(demo.Options{Seed: 1, Key: key, Flaws: []string{"model/mail-by-injection"}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, demo.SecretsFile), s.Secrets(), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := config.Parse("launchready.yaml", s.Config(), dir, config.Options{Env: os.LookupEnv, Now: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	a, err := assembly.New(t.Context(), c, assembly.Options{Only: []string{"model/mail-by-injection"}, Mutate: true, Seed: 1, Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	a.Audit.Browser, a.Audit.Target.Mailbox = nil, nil
	relay, ok := a.Audit.Listener.(interface{ MailAddress() string })
	if !ok {
		t.Fatal("the listener takes no mail")
	}
	if err := s.RelayMail(relay.MailAddress()); err != nil {
		t.Fatal(err)
	}
	rep, err := audit.Run(t.Context(), a.Audit)
	if err != nil {
		t.Fatal(err)
	}
	failed, told, _ := verdicts(rep)
	if !slices.Equal(failed, []string{"model/mail-by-injection"}) {
		t.Errorf("failed %v: %s", failed, told["model/mail-by-injection"])
	}
	if err := s.RelayMail("192.0.2.1:25"); err == nil {
		t.Error("a relay on another machine was taken")
	}
}
