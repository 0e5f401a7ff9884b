package main

import (
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"launchready": main})
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(e *testscript.Env) error {
			// Nothing of the machine's own settings reaches a script.
			e.Setenv("HOME", e.WorkDir)
			e.Setenv("XDG_CONFIG_HOME", e.WorkDir+"/.config")
			e.Setenv("NO_COLOR", "")
			return os.MkdirAll(e.WorkDir+"/.git", 0o755) // the search for a configuration ends here
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"capture": capture,
			"exits":   exits,
			"expand":  expand,
			"serving": serving,
			"mode":    mode,
		},
	})
}
