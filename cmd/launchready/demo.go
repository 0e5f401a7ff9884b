package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/config"
	"github.com/launchready/launchready/demo"
	"github.com/launchready/launchready/report"
	"github.com/launchready/launchready/report/html"
	"github.com/launchready/launchready/report/term"
)

func (p *program) demoVerb() *cobra.Command {
	var seed int64
	c := &cobra.Command{
		Use:   "demo",
		Short: "Audit a flawed chatbot, put guard in front, and compare with a clean one",
		Long: `Audit a flawed chatbot, put guard in front, and compare with a clean one.

Guard stands in front of the flawed chatbot by the policy that guard init drafts from the
report, and what it stops is audited again through it; what that leaves open is asked once
more, by itself. All runs on this machine and needs nothing else. The comparison comes on
the screen and as launchready-demo.html and launchready-demo.json in the current folder,
with the policy in launchready-demo.guard.yaml.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return p.demo(c.Context(), seed) },
	}
	c.Flags().Int64Var(&seed, "seed", 1, "decides ids, passwords and contents of the chatbot")
	c.AddCommand(p.demoServeVerb())
	return c
}

// demo audits the chatbot with every flaw and with none.
func (p *program) demo(ctx context.Context, seed int64) error {
	p.roomy()
	if err := writable(p.dir); err != nil {
		return setup(err)
	}
	var before, after *lr.Report
	var behind *loop
	err := p.withDemo(demo.Options{Flaws: []string{"all"}, Seed: seed, Log: p.chatbotLog()}, func(s *staged) (err error) {
		before, err = s.audit(ctx, "a chatbot with every flaw", s.URL, nil)
		return err
	})
	if err != nil {
		return err
	}
	err = p.withDemo(demo.Options{Flaws: rotated(), Seed: seed, Log: p.chatbotLog()}, func(s *staged) (err error) {
		behind, err = p.closeLoop(ctx, s, before)
		return err
	})
	if err != nil {
		return err
	}
	err = p.withDemo(demo.Options{Seed: seed, Log: p.chatbotLog()}, func(s *staged) (err error) {
		after, err = s.audit(ctx, "the same chatbot without the flaws", s.URL, nil)
		return err
	})
	if err != nil {
		return err
	}
	if err := term.Compare(p.out, before, after, term.Options{Color: p.colored(p.out), Width: p.width(p.out), Verbose: p.verbose}); err != nil {
		return err
	}
	if err := term.Guarded(p.out, behind.findings, term.Options{Color: p.colored(p.out), Width: p.width(p.out)}); err != nil {
		return err
	}
	if err := p.demoReports(before, after, behind); err != nil {
		return setup(err)
	}
	if after.Readiness == lr.NotReady || before.Readiness != lr.NotReady {
		return fmt.Errorf("the demo came out wrong: %s with every flaw, %s with none", before.Readiness, after.Readiness)
	}
	return nil
}

// chatbotLog is where the chatbot writes what it sees of its own faults: nowhere,
// unless somebody asks. An audit makes it stumble on purpose, and stack traces
// would bury what the audit says.
func (p *program) chatbotLog() *slog.Logger {
	if p.verbose {
		return p.log
	}
	return nil
}

// staged is a chatbot that runs, in a folder of its own.
type staged struct {
	*demo.Server
	p    *program
	dir  string
	seed int64
}

// withDemo starts a chatbot, and stops it when do has ended.
func (p *program) withDemo(o demo.Options, do func(*staged) error) (err error) {
	dir, err := os.MkdirTemp("", "launchready-demo-")
	if err != nil {
		return setup(fmt.Errorf("make a folder for the demo: %w", err))
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	o.Folder = dir
	s, err := demo.New(o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if err := writeSecret(filepath.Join(dir, demo.SecretsFile), s.Secrets()); err != nil {
		return setup(err)
	}
	return do(&staged{s, p, dir, o.Seed})
}

// audit asks the chatbot as anybody would, at an address that leads to it.
func (s *staged) audit(ctx context.Context, what, at string, only []string) (*lr.Report, error) {
	text := bytes.ReplaceAll(s.Config(), []byte(s.URL), []byte(at))
	cfg, err := config.Parse(config.FileName, text, s.dir, config.Options{Env: none, Now: s.p.now()})
	if err != nil {
		return nil, err
	}
	s.p.progress("%s, at %s", what, at)
	return s.p.run(ctx, cfg, &auditFlags{mutate: true, load: true, profile: "quick", whole: true, seed: s.seed, only: only}, nil)
}

// none is an environment without variables: what the user has set is for the
// user's own application.
func none(string) (string, bool) { return "", false }

// comparison is what launchready-demo.json holds.
type comparison struct {
	Before *lr.Report `json:"before"`
	After  *lr.Report `json:"after"`
	// Guard is what became of the first report's findings behind guard.
	Guard []report.Guarded `json:"guard"`
}

func (p *program) demoReports(before, after *lr.Report, behind *loop) error {
	var page, data bytes.Buffer
	if err := html.WriteComparison(&page, before, after); err != nil {
		return err
	}
	e := json.NewEncoder(&data)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	if err := e.Encode(comparison{report.Tidy(before), report.Tidy(after), behind.findings}); err != nil {
		return err
	}
	for name, b := range map[string][]byte{"launchready-demo.html": page.Bytes(), "launchready-demo.json": data.Bytes(), demoPolicy: behind.policy, demoDescription: behind.description} {
		if err := replace(filepath.Join(p.dir, name), b); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintln(p.out, "\nThe whole story is in launchready-demo.html; launchready-demo.json holds both reports;\nlaunchready-demo.guard.yaml is the policy that guard stood in front by, with launchready-demo.openapi.json beside it.")
	return err
}
