package html_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/report/html"
	"github.com/launchready/launchready/report/sample"
)

var update = flag.Bool("update", false, "write the golden files")

func draw(t *testing.T, r *lr.Report) string {
	t.Helper()
	var b bytes.Buffer
	if err := html.Write(&b, r); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func compare(t *testing.T, before, after *lr.Report) string {
	t.Helper()
	var b bytes.Buffer
	if err := html.WriteComparison(&b, before, after); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestGolden(t *testing.T) {
	for name, got := range map[string]string{
		"flawed.html":     draw(t, sample.Flawed()),
		"clean.html":      draw(t, sample.Clean()),
		"empty.html":      draw(t, &lr.Report{Readiness: lr.NotEnoughTested}),
		"comparison.html": compare(t, sample.Flawed(), sample.Clean()),
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join("testdata", name)
			if *update {
				if err := os.MkdirAll("testdata", 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("%s differs; run with -update, look at it in a browser, and read the diff", path)
			}
		})
	}
}
