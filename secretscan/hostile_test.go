package secretscan

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// TestAGigabyteOnOneLine reads a sparse file without a line break through the tree: memory
// does not grow with it, and what stands at its very end is found.
func TestAGigabyteOnOneLine(t *testing.T) {
	if testing.Short() {
		t.Skip("a gigabyte takes seconds")
	}
	root := t.TempDir()
	f, err := os.Create(filepath.Join(root, "app.log"))
	if err != nil {
		t.Fatal(err)
	}
	const size = 1 << 30
	if _, err := f.WriteString(strings.Repeat("x", 16<<10)); err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt([]byte(` API_KEY=`+random32+"\n"), size); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	r, err := newScanner(t, Options{}).Tree(t.Context(), root)
	runtime.ReadMemStats(&after)
	if err != nil {
		t.Fatal(err)
	}
	if got := r.Secrets(); len(got) != 1 || got[0].Place.Line != 1 || got[0].Place.Column < size {
		t.Errorf("got %s", showAll(r))
	}
	if grown := after.TotalAlloc - before.TotalAlloc; grown > 64<<20 || r.Coverage.Bytes < size {
		t.Errorf("%d MiB were allocated, %d bytes read", grown>>20, r.Coverage.Bytes)
	}
}

// TestAPackOfTwoGigabytes has a pack that claims to be so large, and holds holes: git refuses
// it, and the scan says so instead of passing.
func TestAPackOfTwoGigabytes(t *testing.T) {
	r := newRepository(t)
	r.write("a.env", "API_KEY="+variant(1)+"\n")
	r.commit("one")
	r.git("gc", "-q")
	packs, err := filepath.Glob(filepath.Join(r.dir, ".git/objects/pack/*.pack"))
	if err != nil || len(packs) != 1 {
		t.Fatalf("%d packs: %v", len(packs), err)
	}
	if err := os.Chmod(packs[0], 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(packs[0], 2<<30); err != nil {
		t.Fatal(err)
	}
	seen := memory{}
	for n := range 2 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		res, err := newScanner(t, Options{}).History(t.Context(), r.dir, seen)
		runtime.ReadMemStats(&after)
		if err != nil || len(res.Coverage.Partial()) == 0 {
			t.Errorf("run %d: %v, partial %v", n, err, res.Coverage.Partial())
		}
		if grown := after.TotalAlloc - before.TotalAlloc; grown > 64<<20 {
			t.Errorf("%d MiB were allocated", grown>>20)
		}
	}
}

// TestLinksThatLoop ends, whatever the links lead to, and reads nothing outside of the tree.
func TestLinksThatLoop(t *testing.T) {
	outside := lay(t, map[string]string{"secret.env": "API_KEY=" + variant(2) + "\n"})
	root := lay(t, map[string]string{"a/b/c.env": secretLine})
	for link, to := range map[string]string{"a/b/up": "../..", "self": "self", "one": "two", "two": "one", "a/root": root, "out": outside, "out.env": filepath.Join(outside, "secret.env"), "gone": "nowhere"} {
		if err := os.Symlink(to, filepath.Join(root, link)); err != nil {
			t.Fatal(err)
		}
	}
	r, err := newScanner(t, Options{}).Tree(t.Context(), root)
	if err != nil {
		t.Fatal(err)
	}
	if got := r.Secrets(); len(got) != 1 || got[0].Place.Path != "a/b/c.env" || r.Coverage.Files != 1 || r.Coverage.Counts[Link] != 8 {
		t.Errorf("got %s, coverage %+v", showAll(r), r.Coverage)
	}
}
