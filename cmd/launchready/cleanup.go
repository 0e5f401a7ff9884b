package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/launchready/launchready/audit"
	"github.com/launchready/launchready/config"
	"github.com/launchready/launchready/internal/assembly"
	"github.com/launchready/launchready/report"
	"github.com/launchready/launchready/stage"
	"github.com/launchready/launchready/store/sqlite"
)

func (p *program) cleanupVerb() *cobra.Command {
	f := &auditFlags{}
	var run string
	var forget bool
	c := &cobra.Command{
		Use:   "cleanup",
		Short: "Remove what an interrupted run left at the target",
		Long: `Remove what an interrupted run left at the target.

Every run writes to .launchready/ledger.db what it is about to create. cleanup signs in as
the same identities, removes what is still there, and lists what it could not remove;
then the exit code is 1. --forget takes what was listed out of the ledger, once a person
has dealt with it.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			cfg, err := p.settings(f, c.Flags().Changed)
			if err != nil {
				return err
			}
			return p.cleanup(c.Context(), cfg, f, run, forget)
		},
	}
	p.targetFlags(c, f)
	c.Flags().StringVar(&run, "run", "", "id of the run (default: every run with something open)")
	c.Flags().BoolVar(&forget, "forget", false, "take what could not be removed out of the ledger, after listing it")
	return c
}

// forgetRest settles what a run left and no request removes.
func forgetRest(ctx context.Context, ledger *sqlite.Store, run string) error {
	left, err := ledger.Open(ctx, run)
	if err != nil {
		return err
	}
	for _, e := range left {
		if err := ledger.Settle(ctx, e.ID, stage.Removed, "forgotten on request: "+e.Reason); err != nil {
			return err
		}
	}
	return nil
}

func (p *program) cleanup(ctx context.Context, cfg *config.Config, f *auditFlags, only string, forget bool) error {
	if err := private(cfg.Dir); err != nil {
		return setup(err)
	}
	ledger, err := sqlite.Open(ctx, ledgerFile(cfg))
	if err != nil {
		return setup(err)
	}
	defer ledger.Close()
	runs, err := openRuns(ctx, ledger, cfg, only)
	if err != nil {
		return err
	}
	if len(runs) == 0 {
		_, err := fmt.Fprintln(p.out, "nothing to clean up")
		return err
	}
	a, err := p.assemble(ctx, cfg, f, assembly.Options{Ledger: ledger})
	if err != nil {
		return err
	}
	defer a.Close()
	left := 0
	for _, r := range runs {
		orphans, err := audit.Cleanup(ctx, a.Audit, r.ID)
		a.Audit.Preflight = nil // signed in once
		var s *audit.SetupError
		if errors.As(err, &s) {
			return setup(err)
		}
		fmt.Fprintf(p.out, "run %s of %s: %d of %d removed\n", r.ID, r.Started.Format(time.DateTime), max(0, r.Open-len(orphans)), r.Open)
		for _, o := range orphans {
			fmt.Fprintf(p.out, "  still there: %s\n", report.Line(o))
		}
		if err != nil {
			return setup(err)
		}
		if forget {
			if err := forgetRest(ctx, ledger, r.ID); err != nil {
				return setup(err)
			}
			orphans = nil
		}
		if left += len(orphans); len(orphans) == 0 {
			if err := ledger.End(ctx, r.ID, p.now()); err != nil {
				return setup(err)
			}
		}
	}
	if left > 0 {
		p.code = exitNotReady
	}
	return nil
}

// openRuns lists the runs against this target that left something, or the one
// that was named.
func openRuns(ctx context.Context, ledger *sqlite.Store, cfg *config.Config, only string) ([]sqlite.Run, error) {
	all, err := ledger.Runs(ctx)
	if err != nil {
		return nil, setup(err)
	}
	var out []sqlite.Run
	for _, r := range all {
		if only == r.ID || only == "" && r.Target == cfg.Target.URL.String() {
			out = append(out, r)
		}
	}
	if only != "" && len(out) == 0 {
		return nil, setup(fmt.Errorf("the ledger knows no run %s with something open", only))
	}
	return out, nil
}
