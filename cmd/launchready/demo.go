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
		Short: "Audit a flawed chatbot and a clean one, and compare",
		Long: `Audit a flawed chatbot and a clean one, and compare.

Both run on this machine and need nothing else. The comparison comes on the screen
and as launchready-demo.html and launchready-demo.json in the current folder.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return p.demo(c.Context(), seed) },
	}
	c.Flags().Int64Var(&seed, "seed", 1, "decides ids, passwords and contents of the chatbot")
	c.AddCommand(p.demoServeVerb())
	return c
}

// demo audits the chatbot with every flaw and with none.
func (p *program) demo(ctx context.Context, seed int64) error {
	if err := writable(p.dir); err != nil {
		return setup(err)
	}
	before, err := p.demoAudit(ctx, "a chatbot with every flaw", demo.Options{Flaws: []string{"all"}, Seed: seed, Log: p.chatbotLog()})
	if err != nil {
		return err
	}
	after, err := p.demoAudit(ctx, "the same chatbot without them", demo.Options{Seed: seed, Log: p.chatbotLog()})
	if err != nil {
		return err
	}
	if err := term.Compare(p.out, before, after, term.Options{Color: p.colored(p.out), Width: p.width(p.out), Verbose: p.verbose}); err != nil {
		return err
	}
	if err := p.demoReports(before, after); err != nil {
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

// demoAudit starts a chatbot, audits it as anybody would, and stops it.
func (p *program) demoAudit(ctx context.Context, what string, o demo.Options) (rep *lr.Report, err error) {
	dir, err := os.MkdirTemp("", "launchready-demo-")
	if err != nil {
		return nil, setup(fmt.Errorf("make a folder for the demo: %w", err))
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	o.Folder = dir
	s, err := demo.New(o)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if err := writeSecret(filepath.Join(dir, demo.SecretsFile), s.Secrets()); err != nil {
		return nil, setup(err)
	}
	cfg, err := config.Parse(config.FileName, s.Config(), dir, config.Options{Env: none, Now: p.now()})
	if err != nil {
		return nil, err
	}
	p.progress("%s, at %s", what, s.URL)
	return p.run(ctx, cfg, &auditFlags{mutate: true, load: true, profile: "quick", seed: o.Seed}, nil)
}

// none is an environment without variables: what the user has set is for the
// user's own application.
func none(string) (string, bool) { return "", false }

// comparison is what launchready-demo.json holds.
type comparison struct {
	Before *lr.Report `json:"before"`
	After  *lr.Report `json:"after"`
}

func (p *program) demoReports(before, after *lr.Report) error {
	var page, data bytes.Buffer
	if err := html.WriteComparison(&page, before, after); err != nil {
		return err
	}
	e := json.NewEncoder(&data)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	if err := e.Encode(comparison{report.Tidy(before), report.Tidy(after)}); err != nil {
		return err
	}
	for name, b := range map[string]*bytes.Buffer{"launchready-demo.html": &page, "launchready-demo.json": &data} {
		if err := replace(filepath.Join(p.dir, name), b.Bytes()); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintln(p.out, "\nThe whole story is in launchready-demo.html; launchready-demo.json holds both reports.")
	return err
}
