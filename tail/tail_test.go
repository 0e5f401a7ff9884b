package tail_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

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

func TestAwait(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a.log")
	if err := os.WriteFile(file, []byte("old\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	files, _ := tail.Follow([]string{file})
	add := func(text string) {
		t.Helper()
		f, err := os.OpenFile(file, os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.WriteString(text); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	var seen []string
	look := func(want string) (bool, error) {
		seen = nil
		return tail.Await(t.Context(), files, 0, time.Now, func(name, line string) bool {
			seen = append(seen, name+" "+strings.TrimSpace(line))
			return strings.Contains(line, want)
		})
	}
	if grown, err := look("x"); grown || err != nil || len(seen) > 0 {
		t.Errorf("nothing came: grown %t, %v, seen %q", grown, err, seen)
	}
	add("one\ntwo\nthree\n")
	if grown, err := look("two"); !grown || err != nil || strings.Join(seen, ",") != "a.log one,a.log two" {
		t.Errorf("enough after two: grown %t, %v, seen %q", grown, err, seen)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := tail.Await(ctx, files, time.Hour, time.Now, func(string, string) bool { return false }); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want that it was cancelled", err)
	}
}
