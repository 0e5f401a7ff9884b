package folder_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/launchready/launchready/source/folder"
)

func everything(string) bool { return true }

func TestWalk(t *testing.T) {
	long := strings.Repeat("var a=1;", 5000)
	files := fstest.MapFS{
		"src/a.ts":            {Data: []byte("a")},
		"src/b/c.py":          {Data: []byte("c")},
		"node_modules/x/y.js": {Data: []byte("no")},
		"vendor/z.go":         {Data: []byte("no")},
		"static/app.min.js":   {Data: []byte("no")},
		"static/bundle.js":    {Data: []byte(long)},
		"src/big.ts":          {Data: []byte(strings.Repeat("x\n", 2000))},
		"src/binary.py":       {Data: []byte("a\x00b")},
		"a/b/c/d/e.ts":        {Data: []byte("deep")},
	}
	var got []string
	skipped, err := folder.Walk(context.Background(), files, folder.Limits{FileBytes: 50_000, Depth: 3}, everything, func(name string, content []byte) {
		got = append(got, name)
	})
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"src/a.ts", "src/b/c.py", "src/big.ts"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	foreign := map[string]bool{"node_modules": true, "vendor": true, "static/app.min.js": true, "static/bundle.js": true, "src/binary.py": true, "a/b/c/d": false}
	for _, s := range skipped {
		want, ok := foreign[s.Path]
		if !ok || want != s.Foreign || s.Reason == "" {
			t.Errorf("skipped %+v", s)
		}
		delete(foreign, s.Path)
	}
	for p := range foreign {
		t.Errorf("%s was left out and is not listed", p)
	}
}

func TestLimits(t *testing.T) {
	files := fstest.MapFS{"a": {Data: []byte("aaaa")}, "b": {Data: []byte("bbbb")}, "c": {Data: []byte("cccc")}}
	for name, c := range map[string]struct {
		limits folder.Limits
		want   int
		reason string
	}{
		"files":     {folder.Limits{Files: 1}, 2, "limit of files"},
		"bytes":     {folder.Limits{Bytes: 5}, 1, "limit of files or bytes"},
		"each file": {folder.Limits{FileBytes: 3}, 3, "longer than 3 bytes"},
	} {
		skipped, err := folder.Walk(context.Background(), files, c.limits, everything, func(string, []byte) {})
		if err != nil || len(skipped) != c.want || !strings.Contains(skipped[0].Reason, c.reason) || skipped[0].Foreign {
			t.Errorf("%s: got %+v, %v", name, skipped, err)
		}
	}
}

// Links that turn in circles, files that may not be read, and an end from outside.
func TestHostileFolder(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("a.py", "a")
	write("d/b.py", "b")
	if err := os.Symlink(dir, filepath.Join(dir, "d", "loop")); err != nil {
		t.Skip("no links here")
	}
	if err := os.Symlink(filepath.Join(dir, "a.py"), filepath.Join(dir, "link.py")); err != nil {
		t.Fatal(err)
	}
	n := 0
	skipped, err := folder.Walk(context.Background(), os.DirFS(dir), folder.Limits{}, everything, func(string, []byte) { n++ })
	if err != nil || n != 2 || len(skipped) != 2 {
		t.Errorf("read %d files, skipped %+v, %v", n, skipped, err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := folder.Walk(ctx, os.DirFS(dir), folder.Limits{}, everything, func(string, []byte) {}); err == nil {
		t.Error("an ended context is no error")
	}
	if _, err := folder.Walk(context.Background(), os.DirFS(filepath.Join(dir, "none")), folder.Limits{}, everything, func(string, []byte) {}); err == nil {
		t.Error("a folder that is not there is no error")
	}
}

func TestTest(t *testing.T) {
	for name, want := range map[string]bool{
		"a.test.ts": true, "src/a_test.go": true, "test/a.py": true, "app/tests/x.py": true, "test_a.py": true, "conftest.py": true, "src/__tests__/a.js": true,
		"src/a.ts": false, "contest/a.ts": false, "src/latest.ts": false, "src/attest.py": false,
	} {
		if got := folder.Test(name); got != want {
			t.Errorf("%s: got %t", name, got)
		}
	}
}
