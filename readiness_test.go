package launchready_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"sync"
	"testing"
	"time"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/audit"
	"github.com/launchready/launchready/config"
	"github.com/launchready/launchready/demo"
	"github.com/launchready/launchready/internal/assembly"
)

var (
	seeds = flag.Int("seeds", 1, "how many seeds the readiness test walks")
	first = flag.Int64("first", 1, "the seed that it starts with")
)

// demoKey is made once: making an RSA key takes longer than an audit.
var demoKey = sync.OnceValues(demo.NewKey)

// TestReadiness is the product's promise. For each check: the demo with the flaw
// of that name alone fails it and no other check than those the flaw declares;
// the clean demo, which carries every trap, has no finding at all; and with all
// flaws on every one is still found.
func TestReadiness(t *testing.T) {
	t.Parallel()
	trips := map[string][]string{}
	for _, f := range demo.Flaws() {
		trips[f.ID] = f.Trips
	}
	for seed := *first; seed < *first+int64(*seeds); seed++ {
		t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) {
			t.Run("clean", func(t *testing.T) {
				t.Parallel()
				rep := auditDemo(t, seed)
				for _, row := range rep.Rows {
					for _, c := range row.Checks {
						for _, f := range c.Findings {
							t.Errorf("%s: a %s finding on the clean demo at %s: %s", c.ID, f.Confidence, f.Subject, f.Message)
						}
						if c.Verdict != lr.Passed {
							t.Errorf("%s: %s on the clean demo, want passed: %s", c.ID, c.Verdict, whatOf(rep, c.ID))
						}
					}
				}
			})
			t.Run("all", func(t *testing.T) {
				t.Parallel()
				rep := auditDemo(t, seed, "all")
				failed := failures(rep)
				for _, row := range audit.Scorecard() {
					for _, c := range row.Checks {
						if !slices.Contains(failed, c.ID) {
							t.Errorf("%s: not found with all flaws on: %s", c.ID, whatOf(rep, c.ID))
						}
					}
				}
				if rep.Readiness != lr.NotReady {
					t.Errorf("readiness is %s with all flaws on, want %s", rep.Readiness, lr.NotReady)
				}
			})
			for _, row := range audit.Scorecard() {
				for _, c := range row.Checks {
					t.Run(c.ID, func(t *testing.T) {
						t.Parallel()
						want := append([]string{c.ID}, trips[c.ID]...)
						sort.Strings(want)
						rep := auditDemo(t, seed, c.ID)
						got := failures(rep)
						if !slices.Equal(got, want) {
							t.Errorf("flaw %s alone: failed %v, want %v", c.ID, got, want)
							for _, id := range append(got, c.ID) {
								t.Logf("%s: %s", id, whatOf(rep, id))
							}
						}
					})
				}
			}
		})
	}
}

// TestEveryCheckHasAFlaw holds the demo and the scorecard together.
func TestEveryCheckHasAFlaw(t *testing.T) {
	flaws := map[string]bool{}
	for _, f := range demo.Flaws() {
		flaws[f.ID] = true
	}
	for _, row := range audit.Scorecard() {
		for _, c := range row.Checks {
			if !flaws[c.ID] {
				t.Errorf("%s has no flaw in the demo", c.ID)
			}
			delete(flaws, c.ID)
		}
	}
	for id := range flaws {
		t.Errorf("the demo's flaw %s names no check", id)
	}
}

// auditDemo audits a demo with the flaws and returns the report.
func auditDemo(t *testing.T, seed int64, flaws ...string) *lr.Report {
	t.Helper()
	key, err := demoKey()
	if err != nil {
		t.Fatal(err)
	}
	s, err := demo.New(demo.Options{Flaws: flaws, Seed: seed, Key: key})
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
	a, err := assembly.New(ctx, c, assembly.Options{Mutate: true, Load: true, Seed: seed, Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	if !slices.Contains(flaws, "all") {
		a.Audit.Browser = nil // the header oracle must find each flaw by itself; a browser for each would take minutes
	}
	rep, err := audit.Run(ctx, a.Audit)
	if err != nil {
		t.Fatal(err)
	}
	return rep
}

// failures lists the checks that have a finding, confirmed or suspected.
func failures(rep *lr.Report) []string {
	out := []string{}
	for _, row := range rep.Rows {
		for _, c := range row.Checks {
			if len(c.Findings) > 0 {
				out = append(out, c.ID)
			}
		}
	}
	sort.Strings(out)
	return out
}

func whatOf(rep *lr.Report, id string) string {
	for _, row := range rep.Rows {
		for _, c := range row.Checks {
			if c.ID != id {
				continue
			}
			var b strings.Builder
			fmt.Fprintf(&b, "%s %s (asked %d, passed %d)", c.Verdict, c.Reason, c.Asked, c.Passed)
			for _, f := range c.Findings {
				fmt.Fprintf(&b, "\n    %s %s: %s", f.Confidence, f.Subject, f.Message)
			}
			for _, o := range c.Open {
				fmt.Fprintf(&b, "\n    open: %s", o)
			}
			return b.String()
		}
	}
	return "not run"
}
