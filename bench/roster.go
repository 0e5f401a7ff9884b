package main

import (
	"embed"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// peer is a tool of the comparison. What a user writes by hand for it is in its
// folder below peers: the command, an option a line, and its configuration.
type peer struct {
	name    string   // its folder
	version []string // arguments that make it tell its version
	read    reader
}

// peers lists the tools in the order of the table. None is installed by the
// bench: one that is not on the PATH is left out.
func peers() []peer {
	return []peer{
		{"launchready", nil, readLaunchReady},
		{"overstep", []string{"version"}, readOverstep},
		{"authztrace", []string{"--version"}, readAuthzTrace},
		{"schemathesis", []string{"--version"}, readSchemathesis},
		{"granttrace", []string{"--version"}, readGrantTrace},
		{"phaseaccess", nil, readPhaseAccess},
		{"cerberus", nil, readCerberus},
		{"vamp-api-probe", nil, readVamp},
		{"offat", []string{"--version"}, readOFFAT},
	}
}

//go:embed peers
var written embed.FS

// invocation is one start of a tool: the program and its arguments.
type invocation []string

// invocations reads the command: the program, then an option a line with its
// value after the first space. An empty line starts another run, in a folder of
// its own.
func invocations(text string) []invocation {
	var out []invocation
	var one invocation
	for line := range strings.Lines(text + "\n\n") {
		line = strings.TrimSpace(line)
		switch option, value, has := strings.Cut(line, " "); {
		case line == "" && one != nil:
			out, one = append(out, one), nil
		case line == "":
		case has:
			one = append(one, option, value)
		default:
			one = append(one, option)
		}
	}
	return out
}

// filled puts values for ${NAME} where the stand has one; other references are
// the tool's own.
func filled(text string, env map[string]string) string {
	var b strings.Builder
	for {
		before, rest, ok := strings.Cut(text, "${")
		b.WriteString(before)
		if !ok {
			return b.String()
		}
		name, after, closed := strings.Cut(rest, "}")
		value, known := env[name]
		if !closed || !known {
			b.WriteString("${")
			text = rest
			continue
		}
		b.WriteString(value)
		text = after
	}
}

// lay writes a tool's configuration into a folder, and returns how it is started.
func (p peer) lay(dir string, st *stand) ([]invocation, error) {
	command, err := written.ReadFile("peers/" + p.name + "/command")
	if err != nil {
		return nil, fmt.Errorf("read the command of %s: %w", p.name, err)
	}
	runs := invocations(filled(string(command), st.env))
	for n := range runs {
		to := filepath.Join(dir, fmt.Sprint(n))
		if err := os.MkdirAll(to, 0o700); err != nil {
			return nil, fmt.Errorf("make a folder for %s: %w", p.name, err)
		}
		if err := os.WriteFile(filepath.Join(to, "openapi.json"), st.spec, 0o600); err != nil {
			return nil, fmt.Errorf("write the description: %w", err)
		}
		err := p.files(func(name, text string) error {
			return os.WriteFile(filepath.Join(to, name), []byte(filled(text, st.env)), 0o600)
		})
		if err != nil {
			return nil, fmt.Errorf("write the configuration of %s: %w", p.name, err)
		}
	}
	return runs, nil
}

// files gives each file that was written by hand for the tool.
func (p peer) files(use func(name, text string) error) error {
	entries, err := fs.ReadDir(written, "peers/"+p.name)
	if err != nil {
		return err
	}
	for _, e := range entries {
		b, err := written.ReadFile("peers/" + p.name + "/" + e.Name())
		if err != nil {
			return err
		}
		if err := use(e.Name(), string(b)); err != nil {
			return err
		}
	}
	return nil
}

// lines counts what is written by hand: lines of configuration that are neither
// empty nor comments, and options of the command. The program's name is no line.
func (p peer) lines() (int, error) {
	n := 0
	err := p.files(func(name, text string) error {
		for line := range strings.Lines(text) {
			if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
				n++
			}
		}
		if name == "command" {
			n -= len(invocations(text))
		}
		return nil
	})
	return n, err
}
