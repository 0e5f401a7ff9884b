package main

import (
	"fmt"
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/launchready/launchready/demo/postgres"
	"github.com/launchready/launchready/internal/abreast"
)

func TestMain(m *testing.M) {
	testscript.Main(waiting{m}, map[string]func(){"launchready": main})
}

// waiting are tests that wait most of their time for a program in the background,
// or for an audit that keeps its pace.
type waiting struct{ testscript.TestingM }

// Run comes after the process is known to be the test, and not the program.
func (w waiting) Run() int {
	abreast.Tests(2)
	return w.TestingM.Run()
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
			e.Setenv(postgres.Variable, os.Getenv(postgres.Variable))
			return os.MkdirAll(e.WorkDir+"/.git", 0o755) // the search for a configuration ends here
		},
		Condition: func(name string) (bool, error) {
			if name != "postgres" {
				return false, fmt.Errorf("unknown condition %q", name)
			}
			have := os.Getenv(postgres.Variable) != ""
			if !have && os.Getenv("CI") == "true" {
				return false, fmt.Errorf("%s is not set: make test starts a Postgres", postgres.Variable)
			}
			return have, nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"capture": capture,
			"exits":   exits,
			"expand":  expand,
			"serving": serving,
			"mode":    mode,
			"tenants": tenants,
		},
	})
}
