package source_test

import (
	"context"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/launchready/launchready/source"
)

func fixture(t *testing.T, file string) (want map[string]string, fsys fs.FS) {
	t.Helper()
	a, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	files := fstest.MapFS{}
	for _, f := range a.Files {
		files[f.Name] = &fstest.MapFile{Data: f.Data}
	}
	_, lines, _ := strings.Cut(string(a.Comment), "\n\n")
	want = map[string]string{}
	for _, line := range strings.Split(strings.TrimSpace(lines), "\n") {
		f := strings.SplitN(line, " ", 4)
		want[f[0]+" "+f[1]] = strings.Join(f[2:], " ")
	}
	return want, files
}

// Each fixture says on top which routes it has, and what stands before them. What
// it does not say must not be found.
func TestRoutes(t *testing.T) {
	fixtures, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(fixtures) < 9 {
		t.Fatalf("%d fixtures, %v", len(fixtures), err)
	}
	for _, file := range fixtures {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			want, fsys := fixture(t, file)
			tree, err := source.Read(context.Background(), fsys, source.Options{})
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range tree.Skipped {
				if !s.Foreign {
					t.Errorf("%s was skipped: %s", s.Path, s.Reason)
				}
			}
			for _, r := range tree.Routes {
				said, ok := want[r.String()]
				if !ok {
					t.Errorf("%s (%s:%d) is no route of the fixture", r.String(), r.File, r.Line)
					continue
				}
				state, names, _ := strings.Cut(said, " ")
				var got []string
				for _, g := range r.Guards {
					got = append(got, g.Name)
				}
				switch {
				case r.State.String() != state:
					t.Errorf("%s is %s %v (%s), want %s", r.String(), r.State, got, r.Why, said)
				case names != "" && !slices.ContainsFunc(strings.Split(names, ","), func(n string) bool { return strings.Contains(strings.Join(got, " "), n) }):
					t.Errorf("%s is guarded by %v, want %s", r.String(), got, names)
				case state == "unknown" && r.Why == "":
					t.Errorf("%s is unknown and does not say why", r.String())
				case r.Line < 1 || r.File == "":
					t.Errorf("%s stands at %s:%d", r.String(), r.File, r.Line)
				}
				delete(want, r.String())
			}
			for r := range want {
				t.Errorf("%s was not found", r)
			}
		})
	}
}
