package surface_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/surface"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// describe writes what was inferred of each route, one a line.
func describe(routes []*lr.Route) string {
	var b strings.Builder
	for _, rt := range routes {
		fmt.Fprintf(&b, "%-7s %-58s %-10s", rt.Method, rt.Path, rt.Kind)
		if rt.Resource != "" {
			b.WriteString(" " + rt.Resource)
		}
		names := make([]string, 0, len(rt.Keys))
		for n := range rt.Keys {
			names = append(names, n)
		}
		slices.Sort(names)
		for _, n := range names {
			fmt.Fprintf(&b, "  %s=%s#%s", n, rt.Keys[n].Resource, rt.Keys[n].Field)
		}
		if surface.Creates(rt) {
			b.WriteString("  +")
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// TestGolden reads every description in testdata and compares what is inferred
// with the file of the same name that ends in .golden.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.*")
	if err != nil {
		t.Fatal(err)
	}
	ran := 0
	for _, f := range files {
		if strings.HasSuffix(f, ".golden") {
			continue
		}
		ran++
		t.Run(filepath.Base(f), func(t *testing.T) {
			s, err := surface.Load(t.Context(), surface.Source{Location: f})
			if err != nil {
				t.Fatal(err)
			}
			var b strings.Builder
			fmt.Fprintf(&b, "%s | %s | %s\n", s.Format, s.Title, s.BasePath)
			for _, w := range s.Warnings {
				fmt.Fprintf(&b, "warning: %s\n", w)
			}
			b.WriteString(describe(s.Routes))
			got := b.String()
			if *update {
				if err := os.WriteFile(f+".golden", []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			want, err := os.ReadFile(f + ".golden")
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("%s differs from its golden file; run with -update and review\ngot:\n%s", f, got)
			}
		})
	}
	if ran == 0 {
		t.Fatal("no descriptions in testdata")
	}
}
