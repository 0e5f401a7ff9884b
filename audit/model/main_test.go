package model_test

import (
	"os"
	"testing"

	"github.com/launchready/launchready/internal/abreast"
)

// TestMain runs more tests than there are cores: targets that are silent are
// waited for.
func TestMain(m *testing.M) {
	abreast.Tests(4)
	os.Exit(m.Run())
}
