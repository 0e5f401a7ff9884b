package main

import (
	"embed"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// contest is one comparison: the rows whose flaws are on, and the tools that
// claim to find such flaws.
type contest struct {
	name  string // its folder below peers
	rows  []string
	peers []peer
	// front is where the target stands as a user has deployed it, for tools that
	// make hostile origins out of the target's own name; "" where none does.
	front string
}

// contests lists the comparisons. None of the tools is installed by the bench: one
// that is not on the PATH is left out.
func contests() []contest {
	return []contest{
		{name: "authorization", rows: []string{"auth", "isolation"}, peers: authorizationPeers()},
		{name: "hygiene", rows: []string{"hygiene"}, peers: hygienePeers()},
		{name: "cors", rows: []string{"cors"}, peers: corsPeers(), front: "https://app.harbor.test"},
		{name: "input", rows: []string{"input"}, peers: inputPeers()},
	}
}

// contestOf finds a comparison by its name.
func contestOf(name string) (contest, error) {
	var names []string
	for _, c := range contests() {
		if c.name == name {
			return c, nil
		}
		names = append(names, c.name)
	}
	return contest{}, fmt.Errorf("no comparison %q: %s", name, strings.Join(names, ", "))
}

// peer is a tool of a comparison. What a user writes by hand for it is in its
// folder below peers: the command, an option a line, and its configuration.
type peer struct {
	contest string
	name    string   // its folder
	version []string // arguments that make it tell its version
	read    reader
}

// entered puts the name of the comparison to its tools.
func entered(contest string, ps []peer) []peer {
	for i := range ps {
		ps[i].contest = contest
	}
	return ps
}

// authorizationPeers lists the tools in the order of the table, as the others do.
func authorizationPeers() []peer {
	return entered("authorization", []peer{
		{name: "launchready", read: readLaunchReady},
		{name: "overstep", version: []string{"version"}, read: readOverstep},
		{name: "authztrace", version: []string{"--version"}, read: readAuthzTrace},
		{name: "schemathesis", version: []string{"--version"}, read: readSchemathesis},
		{name: "granttrace", version: []string{"--version"}, read: readGrantTrace},
		{name: "phaseaccess", read: readPhaseAccess},
		{name: "cerberus", read: readCerberus},
		{name: "vamp-api-probe", read: readVamp},
		{name: "offat", version: []string{"--version"}, read: readOFFAT},
	})
}

func hygienePeers() []peer {
	return entered("hygiene", []peer{
		{name: "launchready", read: readLaunchReady},
		{name: "schemathesis", version: []string{"--version"}, read: readSchemathesisErrors},
		{name: "nikto", read: readNikto},
		{name: "wapiti", read: readWapiti},
		{name: "owaspscan", version: []string{"--version"}, read: readOWASPScan},
	})
}

func corsPeers() []peer {
	return entered("cors", []peer{
		{name: "launchready", read: readLaunchReady},
		{name: "corsy", read: readCorsy},
		{name: "cors", read: readCORScanner},
		{name: "corsair", read: readCorsair},
		{name: "overreacher", read: readOverreacher},
		{name: "owaspscan", version: []string{"--version"}, read: readOWASPScanOrigins},
	})
}

func inputPeers() []peer {
	return entered("input", []peer{
		{name: "launchready", read: readLaunchReady},
		{name: "schemathesis", version: []string{"--version"}, read: readSchemathesisInput},
	})
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
	command, err := written.ReadFile(p.folder() + "/command")
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

func (p peer) folder() string { return "peers/" + p.contest + "/" + p.name }

// files gives each file that was written by hand for the tool.
func (p peer) files(use func(name, text string) error) error {
	entries, err := fs.ReadDir(written, p.folder())
	if err != nil {
		return err
	}
	for _, e := range entries {
		b, err := written.ReadFile(p.folder() + "/" + e.Name())
		if err != nil {
			return err
		}
		if err := use(e.Name(), string(b)); err != nil {
			return err
		}
	}
	return nil
}

// needs reports whether the tool's configuration refers to what is named.
func (p peer) needs(reference string) (bool, error) {
	found := false
	err := p.files(func(_, text string) error {
		found = found || strings.Contains(text, reference)
		return nil
	})
	return found, err
}

// lines counts what is written by hand: lines of configuration that are neither
// empty nor comments, and options of the command. The program's name is no line.
func (p peer) lines() (int, error) {
	n := 0
	err := p.files(func(name, text string) error {
		if name == "out.json" { // laid for a tool that writes none when it has found nothing
			return nil
		}
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
