package tail_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/launchready/launchready/tail"
)

func TestTail(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "a.log")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("old\n")
	tails, missing := tail.Follow([]string{dir, filepath.Join(dir, "none.log")})
	if len(tails) != 1 || len(missing) != 1 || !strings.Contains(missing[0], "none.log does not exist") {
		t.Fatalf("got %d tails, missing %v", len(tails), missing)
	}
	read := func(want ...string) {
		t.Helper()
		got, err := tails[0].Lines()
		if err != nil || strings.Join(got, "|") != strings.Join(want, "|") {
			t.Errorf("got %q, %v, want %q", got, err, want)
		}
	}
	read()
	write("old\nnew\nhalf")
	read("new\n")
	write("old\nnew\nhalf a line\n")
	read("half a line\n")
	write("after a rotation\n") // as long as it was, or shorter
	read("after a rotation\n")
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	read()
	write(strings.Repeat("x", 200<<10) + "\nend\n")
	got, err := tails[0].Lines()
	if err != nil || got[len(got)-1] != "end\n" {
		t.Errorf("a long line: %d pieces, %v", len(got), err)
	}
}
