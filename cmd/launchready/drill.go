package main

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/audit"
	"github.com/launchready/launchready/config"
	"github.com/launchready/launchready/drill"
	"github.com/launchready/launchready/report"
)

func (p *program) drillVerb() *cobra.Command {
	c := &cobra.Command{
		Use:   "drill",
		Short: "Try out what must work when something goes wrong",
		Args:  cobra.NoArgs,
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(p.rollbackVerb())
	return c
}

func (p *program) rollbackVerb() *cobra.Command {
	f := &auditFlags{}
	var patience time.Duration
	c := &cobra.Command{
		Use:   "rollback",
		Short: "Release, roll back, and tell the minutes and what became of the data",
		Long: `Release, roll back, and tell the minutes and what became of the data.

It runs deploy.release and deploy.rollback of the configuration in that file's folder, with
the shell, asks deploy.health until the product answers, and writes something in between
that must still be there afterwards. The record goes to .launchready/rehearsal.json, where
the check operations/rollback-rehearsed finds it. Exit code 0 when the product came back
with its data, 1 when not, 2 when the drill could not be done.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			cfg, err := p.settings(f, c.Flags().Changed)
			if err != nil {
				return err
			}
			if err := p.consent(cfg, f.yes); err != nil {
				return err
			}
			return p.drillRollback(c.Context(), cfg, f, patience)
		},
	}
	p.targetFlags(c, f)
	c.Flags().DurationVar(&patience, "patience", 10*time.Minute, "how long the product may take to answer after a command")
	c.Flags().BoolVarP(&f.yes, "yes", "y", false, "do not ask before it is done in production")
	return c
}

func (p *program) drillRollback(ctx context.Context, cfg *config.Config, f *auditFlags, patience time.Duration) error {
	d := cfg.Deploy
	for _, need := range []struct {
		path    string
		missing bool
	}{{"deploy.release", d.Release == ""}, {"deploy.rollback", d.Rollback == ""}, {"deploy.health", d.Health.IsZero()}} {
		if need.missing {
			return setup(fmt.Errorf("the drill needs %s, which the configuration does not give", need.path))
		}
	}
	var out lr.Rehearsal
	var orphans []string
	err := p.ledgered(ctx, cfg, f, func(o audit.Options) error {
		var kept *audit.Kept
		defer func() {
			if kept != nil {
				orphans, _ = kept.Close(context.WithoutCancel(ctx)) // it ends by its own deadline
			}
		}()
		r := drill.Rollback{
			Release: p.shell(cfg.Dir, d.Release), Back: p.shell(cfg.Dir, d.Rollback),
			Healthy: healthy(o.Client, d.Health),
			Write: func(ctx context.Context) (_ func(context.Context) error, err error) {
				if kept, err = audit.Keep(ctx, o); err != nil {
					return nil, err
				}
				return kept.Look, nil
			},
			Patience: patience, Pause: pause, Now: p.now, Say: p.progress,
		}
		var err error
		out, err = r.Run(ctx)
		return err
	})
	if err != nil {
		return setup(err)
	}
	b, err := drill.Encode(out)
	if err != nil {
		return err
	}
	if err := writeSecret(filepath.Join(cfg.Dir, privateFolder, drill.File), b); err != nil {
		return setup(err)
	}
	for _, o := range orphans {
		p.warn("still there: %s", report.Line(o))
	}
	return p.rehearsed(out)
}

// rehearsed says what came out.
func (p *program) rehearsed(r lr.Rehearsal) error {
	took := "less than a second"
	if r.Took >= time.Second {
		took = r.Took.Round(time.Second).String()
	}
	var err error
	switch {
	case !r.Healthy:
		_, err = fmt.Fprintf(p.out, "NOT BACK after %s: %s\n", took, report.Line(r.Note))
	case !r.Kept:
		_, err = fmt.Fprintf(p.out, "BACK after %s, WITHOUT ITS DATA: %s\n", took, report.Line(r.Note))
	default:
		_, err = fmt.Fprintf(p.out, "BACK after %s, with its data\n", took)
	}
	if !r.Healthy || !r.Kept {
		p.code = exitNotReady
	}
	return err
}

// shell is one of the owner's own commands. What it says is progress.
func (p *program) shell(dir, command string) func(context.Context) error {
	return func(ctx context.Context) error {
		c := exec.CommandContext(ctx, "sh", "-c", command) //nolint:gosec // the owner's own command
		c.Dir, c.Stdout, c.Stderr = dir, p.err, p.err
		c.WaitDelay = 5 * time.Second
		if err := c.Run(); err != nil {
			return fmt.Errorf("%s: %w", report.Line(command), err)
		}
		return nil
	}
}

func healthy(c lr.Client, line config.RequestLine) func(context.Context) error {
	return func(ctx context.Context) error {
		x, err := c.Do(ctx, nil, &lr.Request{Method: line.Method, Path: line.Path, Note: "health", Once: true})
		switch {
		case err != nil:
			return err
		case !x.OK():
			return fmt.Errorf("%s answers %d", line, x.Status)
		}
		return nil
	}
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
