package launchready_test

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
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
	"github.com/launchready/launchready/demo/postgres"
	"github.com/launchready/launchready/internal/assembly"
	"github.com/launchready/launchready/probe/browser"
)

var (
	seeds  = flag.Int("seeds", 1, "how many seeds the readiness test walks")
	first  = flag.Int64("first", 1, "the seed that it starts with")
	single = flag.Bool("single", false, "audit each flaw alone as well, not only those that declare what else they trip")
)

// profile is quick: a flaw is obeyed each time, so that one try would show it.
const profile = lr.Quick

// groups is in how many parts the flaws are audited with the whole scorecard.
const groups = 8

// demoKey is made once: making an RSA key takes longer than an audit.
var demoKey = sync.OnceValues(demo.NewKey)

// TestReadiness is the product's promise, in both directions. The clean demo,
// which carries every trap, has no finding at all. Put to the whole scorecard in
// groups, which the seed draws, each flaw is caught by the check of its name, and
// none trips a check that no flaw of the group declares. A flaw that declares
// what else it trips is asked alone, and so is every flaw with -single. And with
// all flaws on every one is still found, and behind guard each that it is for is stopped.
func TestReadiness(t *testing.T) {
	t.Parallel()
	trips, may := map[string][]string{}, map[string][]string{}
	for _, f := range demo.Flaws() {
		trips[f.ID], may[f.ID] = f.Trips, slices.Concat(f.Trips, f.May)
	}
	for seed := *first; seed < *first+int64(*seeds); seed++ {
		t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) {
			t.Run("clean", func(t *testing.T) {
				t.Parallel()
				passes(t, auditDemo(t, seed, nil))
			})
			t.Run("all", func(t *testing.T) {
				t.Parallel()
				rep := auditDemo(t, seed, nil, "all")
				caught(t, rep, checkIDs(), checkIDs())
				if rep.Readiness != lr.NotReady {
					t.Errorf("readiness is %s with all flaws on, want %s", rep.Readiness, lr.NotReady)
				}
				wholeLoop(t, seed, rep)
			})
			for i, flaws := range drawn(seed) {
				t.Run(fmt.Sprintf("group=%d", i+1), func(t *testing.T) {
					t.Parallel()
					trip := slices.Clone(flaws)
					for _, id := range flaws {
						trip = append(trip, may[id]...)
					}
					t.Logf("flaws: %s", strings.Join(flaws, " "))
					caught(t, auditDemo(t, seed, nil, flaws...), flaws, trip)
				})
			}
			for _, id := range checkIDs() {
				if !*single && trips[id] == nil {
					continue // its group shows that it is caught
				}
				t.Run(id, func(t *testing.T) {
					t.Parallel()
					if asksDatabase(id) && noPostgres(t) {
						t.Skipf("there is no Postgres: %s is not set; make test starts one", postgres.Variable)
					}
					want := append([]string{id}, trips[id]...)
					caught(t, auditDemo(t, seed, want, id), want, want)
				})
			}
		})
	}
}

// asksBrowser is the check that only a browser can ask: TestReadinessInABrowser holds
// its promise, since one for each audit would take minutes.
const asksBrowser = "secrets/browser-storage"

// TestReadinessInABrowser is the same promise for what a page keeps in the browser.
func TestReadinessInABrowser(t *testing.T) {
	t.Parallel()
	if _, err := browser.Find(os.Getenv("LAUNCHREADY_CHROMIUM")); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("%v; in CI the page must be opened: make test installs one", err)
		}
		t.Skip(err)
	}
	for _, flaws := range [][]string{nil, {asksBrowser}} {
		t.Run(strings.Join(append([]string{"flaws"}, flaws...), "="), func(t *testing.T) {
			t.Parallel()
			rep := auditWith(t, 1, true, []string{"secrets/page", asksBrowser}, flaws...)
			if got := failures(rep); !slices.Equal(got, append([]string{}, flaws...)) {
				t.Errorf("found %v, want %v: %s", got, flaws, whatOf(rep, asksBrowser))
			}
			if len(flaws) == 0 && !strings.HasPrefix(whatOf(rep, asksBrowser), "passed") {
				t.Error(whatOf(rep, asksBrowser))
			}
		})
	}
}

// passes wants every check passed and no finding.
func passes(t *testing.T, rep *lr.Report) {
	t.Helper()
	for _, row := range rep.Rows {
		for _, c := range row.Checks {
			for _, f := range c.Findings {
				t.Errorf("%s: a %s finding on the clean demo at %s: %s", c.ID, f.Confidence, f.Subject, f.Message)
			}
			if noPostgres(t) && asksDatabase(c.ID) || c.ID == asksBrowser {
				continue
			}
			if c.Verdict != lr.Passed && !(row.ID == "latency" && c.Verdict == lr.Unknown) { // a busy machine cannot time another
				t.Errorf("%s: %s on the clean demo, want passed: %s", c.ID, c.Verdict, whatOf(rep, c.ID))
			}
		}
	}
}

// caught wants a finding of each check in must, and of none that is not in may.
func caught(t *testing.T, rep *lr.Report, must, may []string) {
	t.Helper()
	got := failures(rep)
	for _, id := range must {
		if noPostgres(t) && asksDatabase(id) || id == asksBrowser {
			continue
		}
		if !slices.Contains(got, id) && !shownAlone(t, id) {
			t.Errorf("%s: not found: %s", id, whatOf(rep, id))
		}
	}
	for _, id := range got {
		if !slices.Contains(may, id) {
			t.Errorf("%s: found, and no flaw that is on declares it: %s", id, whatOf(rep, id))
		}
	}
}

// fickle are the checks that tell a fault by times, or by what many do at one
// time: on a machine that is busy with other audits it may not show.
var fickle = []string{"input/regex-denial", "isolation/stream-cross-talk", "latency/p95"}

// shownAlone asks for a fickle flaw again, alone, a few times.
func shownAlone(t *testing.T, id string) bool {
	t.Helper()
	if !slices.Contains(fickle, id) {
		return false
	}
	for range 4 {
		if slices.Contains(failures(auditDemo(t, *first, []string{id}, id)), id) {
			return true
		}
	}
	return false
}

// asksDatabase reports whether a check needs the demo's database.
func asksDatabase(id string) bool {
	for _, row := range audit.Scorecard() {
		for _, c := range row.Checks {
			if c.ID == id {
				return c.Needs&lr.Database != 0
			}
		}
	}
	return false
}

// noPostgres reports that the checks of the database cannot be asked here. In CI
// there is no excuse.
func noPostgres(t *testing.T) bool {
	t.Helper()
	none := os.Getenv(postgres.Variable) == ""
	if none && os.Getenv("CI") == "true" {
		t.Fatalf("%s is not set: make test starts a Postgres", postgres.Variable)
	}
	return none
}

// checkIDs lists the checks in the scorecard's order.
func checkIDs() []string {
	var out []string
	for _, row := range audit.Scorecard() {
		for _, c := range row.Checks {
			out = append(out, c.ID)
		}
	}
	return out
}

// drawn deals the flaws out to groups; another seed deals others together, so
// that what hides in one group shows in the next.
func drawn(seed int64) [][]string {
	ids := checkIDs()
	rand.New(rand.NewPCG(uint64(seed), 0)).Shuffle(len(ids), func(i, j int) { ids[i], ids[j] = ids[j], ids[i] }) //nolint:gosec // reproducible groups are the point
	out := make([][]string, groups)
	for i, id := range ids {
		out[i%groups] = append(out[i%groups], id)
	}
	for _, g := range out {
		sort.Strings(g)
	}
	return out
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

// auditDemo puts checks (nil: all) to a demo with the flaws and returns the report.
func auditDemo(t *testing.T, seed int64, only []string, flaws ...string) *lr.Report {
	t.Helper()
	return auditWith(t, seed, slices.Contains(flaws, "all"), only, flaws...)
}

// ordinary is the normal rate of the demo here, in questions a second: less than it says
// itself, as several of them and their audits share the machine.
const ordinary = 10

func auditWith(t *testing.T, seed int64, inBrowser bool, only []string, flaws ...string) *lr.Report {
	t.Helper()
	key, err := demoKey()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	o := demo.Options{Flaws: flaws, Seed: seed, Key: key, Folder: dir}
	if len(flaws) == 0 || slices.ContainsFunc(flaws, func(id string) bool { return id == "all" || asksDatabase(id) }) {
		o.Postgres = os.Getenv(postgres.Variable)
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
	if err := os.WriteFile(filepath.Join(dir, demo.SecretsFile), s.Secrets(), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := config.Parse("launchready.yaml", s.Config(), dir, config.Options{Env: os.LookupEnv, Now: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	c.Latency.Rate = ordinary
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	a, err := assembly.New(ctx, c, assembly.Options{Only: only, Mutate: true, Load: true, Profile: profile, Seed: seed, Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	if !inBrowser {
		a.Audit.Browser = nil // the header oracle must find a flaw by itself; a browser for each audit would take minutes
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
