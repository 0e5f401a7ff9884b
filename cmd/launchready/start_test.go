package main

import (
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// mostAtStart bounds what a package of ours allocates before main: every verb
// pays for it, and time follows it closely. A table of regular expressions
// belongs behind sync.OnceValue.
const mostAtStart = 512 << 10

func TestStartIsLight(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(self, "-test.run=^$")
	c.Env = append(os.Environ(), "GODEBUG=inittrace=1")
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	line := regexp.MustCompile(`^init github\.com/launchready/launchready/(\S+) @.* (\d+) bytes, \d+ allocs$`)
	seen := 0
	for l := range strings.Lines(string(out)) {
		m := line.FindStringSubmatch(strings.TrimSpace(l))
		if m == nil {
			continue
		}
		seen++
		if bytes, err := strconv.Atoi(m[2]); err != nil || bytes > mostAtStart {
			t.Errorf("%s allocates %d KiB before main, more than %d", m[1], bytes>>10, mostAtStart>>10)
		}
	}
	if seen < 5 {
		t.Errorf("%d packages are in the trace: its form has changed", seen)
	}
}
