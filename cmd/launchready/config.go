package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/launchready/launchready/config"
	"github.com/launchready/launchready/internal/checkdoc"
)

func (p *program) configVerb() *cobra.Command {
	var file string
	c := &cobra.Command{
		Use:   "config",
		Short: "Validate and show the configuration, and print its schema",
		Args:  cobra.NoArgs,
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.PersistentFlags().StringVarP(&file, "config", "c", "", "configuration file (default: launchready.yaml here or above)")
	c.AddCommand(
		&cobra.Command{
			Use: "validate", Short: "Find every mistake in the configuration", Args: cobra.NoArgs,
			RunE: func(*cobra.Command, []string) error {
				cfg, err := p.read(file, true)
				if err != nil {
					return err
				}
				_, err = fmt.Fprintf(p.out, "%s is valid: %s, %d tenants, %d identities\n", cfg.File, cfg.Target.URL, len(cfg.Tenants), len(cfg.Identities))
				return err
			},
		},
		&cobra.Command{
			Use: "schema", Short: "Print the JSON Schema of launchready.yaml", Args: cobra.NoArgs,
			RunE: func(*cobra.Command, []string) error {
				b, err := config.Schema()
				if err != nil {
					return err
				}
				_, err = p.out.Write(b)
				return err
			},
		},
		p.configPrint(&file),
	)
	return c
}

func (p *program) configPrint(file *string) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use: "print", Short: "Show every value as it will be used, and where it came from", Args: cobra.NoArgs,
		Long: "Show every value as it will be used, and where it came from.\nA secret shows as the reference it comes by, never as its value.",
		RunE: func(*cobra.Command, []string) error {
			cfg, err := p.load(*file)
			if err != nil {
				return err
			}
			if asJSON {
				e := json.NewEncoder(p.out)
				e.SetIndent("", "  ")
				e.SetEscapeHTML(false)
				return e.Encode(cfg.Settings())
			}
			w := tabwriter.NewWriter(p.out, 0, 8, 2, ' ', 0)
			for _, s := range cfg.Settings() {
				fmt.Fprintf(w, "%s\t%s\t%s\n", s.Path, s.Value, s.Origin)
			}
			return w.Flush()
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "as JSON")
	return c
}

// load reads the configuration; flags beat the environment, which beats the file.
func (p *program) load(file string, set ...config.Override) (*config.Config, error) {
	return p.read(file, false, set...)
}

func (p *program) read(file string, strict bool, set ...config.Override) (*config.Config, error) {
	if v, ok := p.env(config.EnvPrefix + "CONFIG"); file == "" && ok && v != "" {
		file = v
	}
	cfg, err := config.Load(config.Options{Path: file, Dir: p.dir, Env: p.env, Now: p.now(), Checks: checkdoc.IDs(scorecard()), Strict: strict, Set: set})
	var mistakes config.Errors
	if err != nil && !errors.As(err, &mistakes) {
		return nil, setup(err)
	}
	if err != nil {
		return nil, &failure{exitSetup, err}
	}
	for _, w := range cfg.Warnings {
		p.warn("%s", w)
	}
	return cfg, nil
}
