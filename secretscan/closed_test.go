//go:build unix

package secretscan

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestTreeThatIsClosedToUs runs the test of what cannot be read as nobody, where this
// one runs as root, to whom nothing is closed.
func TestTreeThatIsClosedToUs(t *testing.T) {
	const nobody = 65534
	if os.Getuid() != 0 {
		t.Skip("TestTreeSaysWhatItCouldNotRead has told it: this is not root")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, d := range []string{filepath.Dir(dir), dir} {
		if err := os.Chmod(d, 0o777); err != nil { //nolint:gosec // nobody must get through
			t.Fatal(err)
		}
	}
	program := filepath.Join(dir, "secretscan.test")
	if err := os.WriteFile(program, b, 0o755); err != nil { //nolint:gosec // nobody must run it
		t.Fatal(err)
	}
	c := exec.CommandContext(t.Context(), program, "-test.run=^TestTreeSaysWhatItCouldNotRead$", "-test.v")
	c.Dir, c.Env = dir, append(os.Environ(), "TMPDIR="+dir, "HOME="+dir)
	c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	out, err := c.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS: TestTreeSaysWhatItCouldNotRead") {
		t.Errorf("as nobody: %v\n%s", err, out)
	}
}
