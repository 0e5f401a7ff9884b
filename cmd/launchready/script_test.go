package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// exits runs a program and holds it to an exit code: exits 2 launchready audit.
// What it wrote is compared with stdout and stderr as after exec.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE PROGRAM ARGS…")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var ee *exec.ExitError
		if !errors.As(err, &ee) {
			ts.Fatalf("run %s: %v", args[1], err)
		}
		got = ee.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit code: got %d, want %d\nstdout: %s\nstderr: %s", got, want, ts.ReadFile("stdout"), ts.ReadFile("stderr"))
	}
}

// serving waits until a program in the background has written a file that holds
// the text, and is bounded by the script's own deadline.
func serving(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: serving FILE TEXT")
	}
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for range 1500 {
		b, err := os.ReadFile(ts.MkAbs(args[0]))
		if err == nil && strings.Contains(string(b), args[1]) {
			return
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			ts.Check(err)
		}
		<-tick.C
	}
	ts.Fatalf("%s never held %q", args[0], args[1])
}

// mode holds a file to its permissions: mode 0600 FILE.
func mode(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: mode OCTAL FILE")
	}
	fi, err := os.Stat(ts.MkAbs(args[1]))
	ts.Check(err)
	if got := fmt.Sprintf("%04o", fi.Mode().Perm()); got != args[0] {
		ts.Fatalf("%s: got mode %s, want %s", args[1], got, args[0])
	}
}

// capture sets a variable to what a pattern finds in a file: capture URL FILE 'url: (.*)'.
func capture(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: capture NAME FILE PATTERN")
	}
	re, err := regexp.Compile(args[2])
	ts.Check(err)
	m := re.FindStringSubmatch(ts.ReadFile(args[1]))
	if len(m) != 2 {
		ts.Fatalf("%s holds nothing like %s", args[1], args[2])
	}
	ts.Setenv(args[0], m[1])
}

// expand copies a file with its variables replaced: expand FROM TO.
func expand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: expand FROM TO")
	}
	text := os.Expand(ts.ReadFile(args[0]), ts.Getenv)
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(text), 0o600))
}

// tenants sets DATABASE_URL, TENANT_A and TENANT_B to what the demo in the current
// folder has.
func tenants(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 0 {
		ts.Fatalf("usage: tenants")
	}
	for l := range strings.Lines(ts.ReadFile("harbor.secrets")) {
		if url, ok := strings.CutPrefix(strings.TrimSpace(l), "DATABASE_URL="); ok {
			ts.Setenv("DATABASE_URL", url)
		}
	}
	ts.Check(ts.Exec("psql", "-XAtc", "SELECT (SELECT tenant_id FROM harbor_find_user('member@acme.test')) || ' ' || (SELECT tenant_id FROM harbor_find_user('member@globex.test'))", ts.Getenv("DATABASE_URL")))
	a, b, ok := strings.Cut(strings.TrimSpace(ts.ReadFile("stdout")), " ")
	if !ok {
		ts.Fatalf("the demo has no two tenants")
	}
	ts.Setenv("TENANT_A", a)
	ts.Setenv("TENANT_B", b)
}
