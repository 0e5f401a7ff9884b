package assembly

import (
	"os"
	"strings"
	"testing"

	"github.com/launchready/launchready/config"
)

// TestBrowserIsOptional goes on without a Chromium, and not with a name that
// leads nowhere.
func TestBrowserIsOptional(t *testing.T) {
	c, err := config.Parse("launchready.yaml", []byte("version: 1\ntarget: {url: http://127.0.0.1:1}\n"), t.TempDir(), config.Options{Env: os.LookupEnv})
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", t.TempDir())
	a := &Assembly{}
	if err := a.browse(c, Options{}); err != nil || a.Audit.Browser != nil {
		t.Errorf("without a Chromium: got %v and browser %v", err, a.Audit.Browser)
	}
	if err := a.browse(c, Options{Chromium: "/no/such/chromium"}); err == nil || !strings.Contains(err.Error(), "LAUNCHREADY_CHROMIUM") {
		t.Errorf("got %v, want an error that names the variable", err)
	}
	if err := a.browse(c, Options{Chromium: "/bin/sh"}); err != nil || a.Audit.Browser == nil {
		t.Errorf("with one that is there: got %v and browser %v", err, a.Audit.Browser)
	}
}
