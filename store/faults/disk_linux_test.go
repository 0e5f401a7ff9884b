package faults_test

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/launchready/launchready/store/faults"
)

// TestFullDisk: a file does not grow beyond the length, the process lives on, and there
// is room again when that is asked, or a test has ended without.
func TestFullDisk(t *testing.T) {
	grow := func(t *testing.T) error {
		t.Helper()
		return os.WriteFile(filepath.Join(t.TempDir(), "file"), make([]byte, 2<<20), 0o600)
	}
	t.Run("forgotten", func(t *testing.T) {
		room := faults.FullDisk(t, 1<<20)
		if err := grow(t); !errors.Is(err, syscall.EFBIG) {
			t.Errorf("a full disk takes more: %v", err)
		}
		room()
		if err := grow(t); err != nil {
			t.Errorf("with room: %v", err)
		}
		faults.FullDisk(t, 1<<20) // and no room is made
	})
	if err := grow(t); err != nil {
		t.Errorf("when the test is over: %v", err)
	}
}
