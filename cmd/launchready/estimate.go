package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/config"
	"github.com/launchready/launchready/internal/nearest"
	"github.com/launchready/launchready/plan"
	"github.com/launchready/launchready/report/estimate"
	"github.com/launchready/launchready/report/term"
)

var estimateFormats = []string{"term", "json", "md"}

type estimateFlags struct {
	rate, senior float64
	currency     string
	format       string
	output       string
	method       bool
	abuse        abuseFlags
}

func (p *program) estimateVerb() *cobra.Command {
	f := &estimateFlags{}
	c := &cobra.Command{
		Use:   "estimate [REPORT.json]",
		Short: "Price the plan of a report",
		Long: `Price the plan of a report.

It takes a JSON report, or that of the last audit, and says what the plan's work items
take: hours from low to high, days, what stops findings at once, what needs a senior
engineer, and, with a rate, what it costs. Without --rate it uses the report's own, which
is plan.rate of the configuration. --method prints how the hours come about.

--abuse says instead what abuse would cost: tokens and money in an hour of one user and of
one organisation who ask without a pause, at the limits that the run met. It takes the
configuration's price of the model, or that of --model from a built-in table or from
--prices, or the two figures. What the audit itself costs is told by audit plan.

Exit codes: 0 when the plan was priced, or there is nothing to fix; 2 when there is no
report, it cannot be read, or the rate prices nothing.`,
		Example: `  launchready estimate --rate 120
  launchready estimate report.json --rate 110 --senior-rate 175 --currency EUR
  launchready estimate report.json --rate 120 --format md -o estimate.md
  launchready estimate --abuse --model gpt-4o-mini`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if f.method {
				return term.Method(p.out, p.look(p.out))
			}
			if f.abuse.on {
				return p.estimateAbuse(f, args, c.Flags().Changed)
			}
			if err := f.abuse.alone(c.Flags().Changed); err != nil {
				return err
			}
			return p.estimate(f, args, c.Flags().Changed)
		},
	}
	fl := c.Flags()
	fl.Float64Var(&f.rate, "rate", 0, "what an hour costs of whoever knows the code")
	fl.Float64Var(&f.senior, "senior-rate", 0, "what an hour of a senior engineer costs (default: the rate)")
	fl.StringVar(&f.currency, "currency", "USD", "three letters, ISO 4217")
	fl.StringVar(&f.format, "format", "term", "form of the estimate: "+strings.Join(estimateFormats, ", "))
	fl.StringVarP(&f.output, "output", "o", "", "file to write instead of stdout")
	fl.BoolVar(&f.method, "method", false, "print how hours are estimated, with the whole table")
	f.abuse.register(c)
	complete(c, "format", estimateFormats...)
	return c
}

func (p *program) estimate(f *estimateFlags, args []string, changed func(string) bool) error {
	if err := oneOf("format", f.format, estimateFormats); err != nil {
		return err
	}
	given, err := f.rates(changed)
	if err != nil {
		return err
	}
	rep, err := p.priced(args)
	if err != nil {
		return err
	}
	if given == nil {
		given = rep.Rates
	}
	e, err := plan.Price(rep, given)
	if err != nil {
		return setup(fmt.Errorf("estimate: %w", err))
	}
	return p.page(f.output, func(w io.Writer) error {
		switch f.format {
		case "json":
			return estimate.JSON(w, e)
		case "md":
			return estimate.Markdown(w, e)
		}
		return term.Estimate(w, e, p.look(w))
	})
}

// rates are those of the flags; nil when none is given.
func (f *estimateFlags) rates(changed func(string) bool) (*lr.Rates, error) {
	if !changed("rate") {
		for _, flag := range []string{"senior-rate", "currency"} {
			if changed(flag) {
				return nil, setup(fmt.Errorf("--%s needs --rate, what an hour costs", flag))
			}
		}
		return nil, nil
	}
	if changed("senior-rate") && f.senior == 0 {
		return nil, setup(errors.New("--senior-rate: a senior rate of 0 prices nothing: leave it out where it is the rate"))
	}
	r := &lr.Rates{Currency: strings.ToUpper(f.currency), Hour: f.rate, Senior: f.senior}
	if err := plan.CheckRates(*r); err != nil {
		return nil, setup(err)
	}
	return r, nil
}

// priced reads the report that was named, or that of the last audit.
func (p *program) priced(args []string) (*lr.Report, error) {
	if len(args) > 0 {
		rep, err := p.readReport(args[0])
		if err != nil {
			return nil, setup(fmt.Errorf("read the report: %w", err))
		}
		return rep, nil
	}
	dir := p.projectDir()
	files, err := keptFiles(dir)
	if err != nil {
		return nil, setup(err)
	}
	if len(files) == 0 {
		return nil, setup(fmt.Errorf("there is no report of a last audit in %s: run launchready audit, or name a file: launchready estimate REPORT.json",
			filepath.Join(dir, privateFolder)))
	}
	rep, err := p.readReport(files[0])
	return rep, setup(err)
}

// projectDir is the folder of the configuration, or the current one.
func (p *program) projectDir() string {
	if file, err := config.Find(p.dir, p.env); err == nil {
		return filepath.Dir(file)
	}
	return p.dir
}

// look is how a page is drawn for a reader: as on a terminal where it is one.
func (p *program) look(w io.Writer) term.Options {
	return term.Options{Color: w == p.out && p.colored(p.out), Width: p.width(p.out), Verbose: p.verbose}
}

// page writes what draw draws to a file, whole or not at all, or to stdout.
func (p *program) page(file string, draw func(io.Writer) error) error {
	if file == "" || file == "-" {
		return draw(p.out)
	}
	var b bytes.Buffer
	if err := draw(&b); err != nil {
		return err
	}
	if err := replace(p.path(file), b.Bytes()); err != nil {
		return setup(err)
	}
	p.progress("wrote %s", file)
	return nil
}

func oneOf(flag, value string, known []string) error {
	if slices.Contains(known, value) {
		return nil
	}
	return setup(fmt.Errorf("--%s %q: one of %s%s", flag, value, strings.Join(known, ", "), nearest.Hint(value, known)))
}
