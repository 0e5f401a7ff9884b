package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/audit"
	"github.com/launchready/launchready/guard/policy"
)

var update = flag.Bool("update", false, "rewrite docs/commands.md")

// TestDrift holds docs/commands.md to the verbs and flags that there are.
func TestDrift(t *testing.T) {
	p := &program{in: strings.NewReader(""), out: io.Discard, err: io.Discard, now: time.Now}
	root := p.root()
	root.InitDefaultCompletionCmd()
	want := commands(root)
	path := filepath.Join("..", "..", "docs", "commands.md")
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("%s is stale: run make docs", path)
	}
}

// TestNoGuard: what readers are told of directives is what this build can do. As
// long as a check names a directive that guard init does not apply to every finding,
// lr.NoGuard says so, and lr.LeftOpen what is missing of that one; then both are empty.
func TestNoGuard(t *testing.T) {
	whole := true
	for _, row := range audit.Scorecard() {
		for _, c := range row.Checks {
			if c.Guard == "" {
				continue
			}
			drafted := slices.Contains(policy.Directives(), c.Guard)
			whole = whole && drafted
			if drafted != (lr.LeftOpen(c.Guard) == "") {
				t.Errorf("guard init drafts all of %s: %t; a reader is told %q", c.Guard, drafted, lr.Directive(c.Guard))
			}
			if known := !strings.Contains(lr.LeftOpen(c.Guard), "not known"); !known {
				t.Errorf("%s names %s, of which a reader is told nothing", c.ID, c.Guard)
			}
		}
	}
	if whole != (lr.NoGuard == "") {
		t.Errorf("guard init applies every directive: %t; lr.NoGuard tells readers %q", whole, lr.NoGuard)
	}
}

// commands is docs/commands.md: every verb and flag, printed from the program.
func commands(root *cobra.Command) string {
	var b strings.Builder
	b.WriteString("<!-- Printed from the program by make docs. -->\n# Commands\n\n" +
		"stdout is the result; stderr is progress and logs.\n\n" +
		"| exit code | meaning |\n|---|---|\n| 0 | ready, done, or all of the rows that were asked for passed |\n| 1 | not ready: a confirmed failure |\n| 2 | usage, configuration or set-up |\n" +
		"| 3 | not enough tested |\n| 4 | an error inside the program |\n| 130 | interrupted; the report is still written |\n")
	describe(&b, root)
	return b.String()
}

func describe(b *strings.Builder, c *cobra.Command) {
	if c.Hidden || c.Name() == "help" || c.Parent() != nil && c.Parent().Name() == "completion" {
		return
	}
	text := c.Long
	if text == "" {
		text = c.Short + "."
	}
	fmt.Fprintf(b, "\n## %s\n\n%s\n", c.CommandPath(), strings.TrimSpace(text))
	if c.Runnable() {
		fmt.Fprintf(b, "\n    %s\n", c.UseLine())
	}
	if c.Example != "" {
		fmt.Fprintf(b, "\nExamples:\n\n%s\n", indent(c.Example))
	}
	head := true
	c.LocalFlags().VisitAll(func(f *pflag.Flag) {
		if f.Hidden || f.Name == "help" {
			return
		}
		if head {
			b.WriteString("\n| flag | meaning | default |\n|---|---|---|\n")
			head = false
		}
		name := "`--" + f.Name + "`"
		if f.Shorthand != "" {
			name = "`-" + f.Shorthand + "`, " + name
		}
		def := f.DefValue
		if def == "[]" || def == "false" || def == "" {
			def = ""
		} else {
			def = "`" + def + "`"
		}
		fmt.Fprintf(b, "| %s | %s | %s |\n", name, strings.ReplaceAll(f.Usage, "|", `\|`), def)
	})
	for _, sub := range c.Commands() {
		describe(b, sub)
	}
}

// indent makes an example a block of code.
func indent(s string) string {
	lines := strings.Split(strings.Trim(s, "\n"), "\n")
	for i, l := range lines {
		lines[i] = "    " + strings.TrimSpace(l)
	}
	return strings.Join(lines, "\n")
}
