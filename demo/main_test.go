package demo

import (
	"os"
	"runtime/debug"
	"testing"
)

// TestMain trades memory for time: hundreds of Harbors live for a moment each.
func TestMain(m *testing.M) {
	debug.SetGCPercent(400)
	os.Exit(m.Run())
}
