package email_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/audit/email"
	"github.com/launchready/launchready/config"
	"github.com/launchready/launchready/demo"
	"github.com/launchready/launchready/internal/assembly"
)

var demoKey = sync.OnceValues(demo.NewKey)

// ofDemo is the target that the demo's own configuration names.
func ofDemo(t *testing.T, flaws ...string) *lr.Target {
	t.Helper()
	key, err := demoKey()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	s, err := demo.New(demo.Options{Flaws: flaws, Seed: 1, Key: key, Folder: dir, Plain: true}) // the mail lies in the folder; nobody looks at the repository
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	if s.Resolver() == "" {
		t.Skip("the demo has no domain here: the machine has one loopback address")
	}
	if err := os.WriteFile(filepath.Join(dir, demo.SecretsFile), s.Secrets(), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := config.Parse("launchready.yaml", s.Config(), dir, config.Options{Env: os.LookupEnv, Now: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	a, err := assembly.New(t.Context(), c, assembly.Options{Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.Close)
	return a.Audit.Target
}

// TestDemo has each flaw of the demo alone: its check finds it, and no other that
// the flaw does not declare. Clean, with every trap, each check passes.
func TestDemo(t *testing.T) {
	type flawed struct {
		id   string
		want []string
	}
	cases := []flawed{{"clean", nil}}
	for _, f := range demo.Flaws() {
		if strings.HasPrefix(f.ID, "email/") {
			cases = append(cases, flawed{f.ID, append([]string{f.ID}, f.Trips...)})
		}
	}
	for _, tc := range cases {
		t.Run(strings.ReplaceAll(tc.id, "email/", ""), func(t *testing.T) {
			t.Parallel()
			var flaws []string
			if tc.id != "clean" {
				flaws = []string{tc.id}
			}
			target, memo := ofDemo(t, flaws...), &lr.Memo{}
			var found []string
			for _, c := range email.Row().Checks {
				for _, line := range asked(t, c, target, memo) {
					switch verdict, _, _ := strings.Cut(line, " "); verdict {
					case "passed", "skipped":
					case "unknown":
						if !slices.Contains(tc.want, tc.id) {
							t.Errorf("%s: %s", c.ID, line)
						}
					default:
						found = append(found, c.ID)
						t.Logf("%s: %s", c.ID, line)
					}
				}
			}
			slices.Sort(found)
			slices.Sort(tc.want)
			if found = slices.Compact(found); !slices.Equal(found, tc.want) {
				t.Errorf("found %v, want %v", found, tc.want)
			}
		})
	}
}
