package launchready_test

import (
	"os"
	"runtime/debug"
	"testing"

	"github.com/launchready/launchready/internal/abreast"
)

// TestMain lets more audits run side by side than there are cores: each waits
// for replies, sockets and streams most of its time.
func TestMain(m *testing.M) {
	abreast.Tests(4)
	debug.SetGCPercent(400) // short-lived audits: memory is cheaper here than collecting it
	os.Exit(m.Run())
}
