package model_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/audit"
	"github.com/launchready/launchready/config"
	"github.com/launchready/launchready/demo"
	"github.com/launchready/launchready/demo/model"
	"github.com/launchready/launchready/internal/assembly"
)

// told are the checks of what the model can be told, and be made to tell.
var told = []string{
	"model/direct-injection", "model/role-tag", "model/encoded-instruction", "model/smuggled-unicode", "model/turn-by-turn",
	"model/client-role", "model/client-parameters",
	"model/file-text", "model/hidden-html", "model/pdf-layer", "model/office-comment", "model/file-name",
	"model/fetched-page", "model/stored-document", "model/stored-memory", "model/tool-output",
	"model/prompt-leak", "model/prompt-leak-encoded", "model/tool-schema", "model/personal-data", "model/secret-in-reply",
}

// The soak walks more seeds than a run of all tests does.
var (
	seeds = flag.Int64("seeds", 3, "how many seeds the half-susceptible model is asked with")
	first = flag.Int64("first", 1, "the seed that it starts with")
)

var harborKey = sync.OnceValues(demo.NewKey)

// ask puts the checks of this file's list to Harbor, everything real.
func ask(t *testing.T, o demo.Options, profile lr.Profile, only ...string) *lr.Report {
	t.Helper()
	var err error
	if o.Key, err = harborKey(); err != nil {
		t.Fatal(err)
	}
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
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	a, err := assembly.New(ctx, c, assembly.Options{Mutate: true, Seed: o.Seed, Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	a.Audit.Browser, a.Audit.Profile = nil, profile
	if a.Audit.Only = only; len(only) == 0 {
		a.Audit.Only = told
	}
	rep, err := audit.Run(ctx, a.Audit)
	if err != nil {
		t.Fatal(err)
	}
	return rep
}

// checksOf are the results by id.
func checksOf(rep *lr.Report) map[string]*lr.CheckReport {
	out := map[string]*lr.CheckReport{}
	for i := range rep.Rows {
		for j := range rep.Rows[i].Checks {
			c := &rep.Rows[i].Checks[j]
			out[c.ID] = c
		}
	}
	return out
}

func what(c *lr.CheckReport) string {
	if c == nil {
		return "not run"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s", c.Verdict, c.Reason)
	for _, f := range c.Findings {
		fmt.Fprintf(&b, "\n    %s %s: %s", f.Confidence, f.Subject, f.Message)
	}
	for _, o := range c.Open {
		fmt.Fprintf(&b, "\n    open: %s", o)
	}
	return b.String()
}

// TestHarborPasses: clean, each check passes and says how much its tries leave
// open. The readiness test walks the flaws.
func TestHarborPasses(t *testing.T) {
	t.Parallel()
	rep := checksOf(ask(t, demo.Options{Seed: 3}, lr.Standard))
	for _, id := range told {
		c := rep[id]
		if c == nil || c.Verdict != lr.Passed {
			t.Errorf("%s: %s, want passed", id, what(c))
			continue
		}
		if c.Rate == nil || c.Rate.Hits != 0 || c.Rate.N < 2 || c.Rate.Upper95 <= 0 {
			t.Errorf("%s passes with the rate %+v, want its bound", id, c.Rate)
		}
	}
}

// TestSusceptible: a model that obeys in six of ten cases is still caught, and
// what passes says how much its tries leave open.
func TestSusceptible(t *testing.T) {
	var mu sync.Mutex
	found, asked := 0, 0
	t.Run("seeds", func(t *testing.T) {
		for i := range *seeds {
			seed := *first + i
			t.Run(fmt.Sprint(seed), func(t *testing.T) {
				t.Parallel()
				rep := checksOf(ask(t, demo.Options{Seed: seed, Susceptibility: 0.6, Flaws: told}, lr.Standard))
				mu.Lock()
				defer mu.Unlock()
				for _, id := range told {
					c := rep[id]
					asked++
					if c != nil && len(c.Findings) > 0 {
						found++
						continue
					}
					t.Logf("seed %d: missed %s: %s", seed, id, what(c))
					if c == nil || c.Verdict == lr.Passed && !bounded(c) {
						t.Errorf("seed %d: %s is not asked, or passes without a bound", seed, id)
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

// bounded reports a check that says how much its tries leave open.
func bounded(c *lr.CheckReport) bool { return c.Rate != nil && c.Rate.N > 0 && c.Rate.Upper95 > 0 }

// TestRefusing: a model that refuses every ordinary question is neither passed
// nor blamed.
func TestRefusing(t *testing.T) {
	m, err := model.New(model.Options{Cautious: true, Susceptibility: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	for id, c := range checksOf(ask(t, demo.Options{Seed: 1, ModelURL: m.URL}, lr.Quick)) {
		if len(c.Findings) > 0 {
			t.Errorf("%s: a finding on an assistant that refuses everything: %s", id, what(c))
		}
		// What the server itself refuses, whatever the model says, it refuses.
		if c.Verdict == lr.Passed && !slices.Contains([]string{"model/client-role", "model/client-parameters"}, id) {
			t.Errorf("%s: %s, want unknown", id, what(c))
		}
	}
}
