package https

import (
	"os"
	"runtime"
	"testing"

	"github.com/launchready/launchready/internal/abreast"
)

// TestMain runs more tests than there are cores: targets that are silent are
// waited for.
func TestMain(m *testing.M) {
	abreast.Tests(3*runtime.GOMAXPROCS(0) + 2)
	os.Exit(m.Run())
}
