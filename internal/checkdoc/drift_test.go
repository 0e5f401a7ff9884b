package checkdoc_test

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/launchready/launchready/audit"
	"github.com/launchready/launchready/internal/checkdoc"
)

var update = flag.Bool("update", false, "rewrite docs/checks")

// TestDrift holds docs/checks to what the checks say.
func TestDrift(t *testing.T) {
	dir := filepath.Join("..", "..", "docs", "checks")
	pages := checkdoc.Pages(audit.Scorecard())
	if *update {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		for name, text := range pages {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, want := range pages {
		got, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Error(err)
			continue
		}
		if string(got) != want {
			t.Errorf("docs/checks/%s is stale: run make docs", name)
		}
	}
	have, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range have {
		if _, ok := pages[e.Name()]; !ok {
			t.Errorf("docs/checks/%s is of no row", e.Name())
		}
	}
}
