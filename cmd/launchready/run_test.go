package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestColor walks the precedence: flag, NO_COLOR, CLICOLOR_FORCE, terminal.
func TestColor(t *testing.T) {
	for _, tc := range []struct {
		name, flag string
		env        []string
		want       bool
	}{
		{"no terminal", "auto", nil, false},
		{"always", "always", []string{"NO_COLOR=1"}, true},
		{"never", "never", []string{"CLICOLOR_FORCE=1"}, false},
		{"forced", "auto", []string{"CLICOLOR_FORCE=1"}, true},
		{"forced with 0 is not", "auto", []string{"CLICOLOR_FORCE=0"}, false},
		{"NO_COLOR over CLICOLOR_FORCE", "auto", []string{"CLICOLOR_FORCE=1", "NO_COLOR=1"}, false},
		{"empty NO_COLOR is not set", "auto", []string{"CLICOLOR_FORCE=1", "NO_COLOR="}, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := &program{color: tc.flag, environ: tc.env}
			if got := p.colored(io.Discard); got != tc.want {
				t.Errorf("got %v, want %v", got, tc.want)
			}
		})
	}
}

// TestPanicIsExitFour: an error inside the program is told from a verdict.
func TestPanicIsExitFour(t *testing.T) {
	var errs strings.Builder
	code := run([]string{"version"}, nil, nil, &errs, nil) // a nil writer panics
	if code != exitInternal {
		t.Errorf("got exit code %d, want %d", code, exitInternal)
	}
	if !strings.Contains(errs.String(), "internal error") {
		t.Errorf("got %q, want an internal error", errs.String())
	}
}

func TestWriteSecretIsPrivateFromTheStart(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "s")
	if err := os.WriteFile(file, []byte("old"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := writeSecret(file, []byte("new")); err != nil {
		t.Fatal(err)
	}
	fi, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	if fi.Mode().Perm() != 0o600 {
		t.Errorf("got mode %o, want 600", fi.Mode().Perm())
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".new-*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}
