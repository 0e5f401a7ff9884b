package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/pprof"
	"slices"
	"strconv"
	"time"

	"github.com/launchready/launchready/audit"
	"github.com/launchready/launchready/config"
	"github.com/launchready/launchready/demo"
	"github.com/launchready/launchready/internal/assembly"
	"github.com/launchready/launchready/store/sqlite"
)

// profiles writes a CPU profile of the auditor against a demo in another
// process, one of the auditor against the largest synthetic application, and one
// of the demo under an auditor in another process.
func profiles(ctx context.Context, s *settings) error {
	if err := os.MkdirAll(s.profile, 0o755); err != nil {
		return fmt.Errorf("make the folder for the profiles: %w", err)
	}
	dir := filepath.Join(s.dir, "served")
	d, err := startDemo(ctx, s, dir, "none")
	if err != nil {
		return err
	}
	err = s.profiled("auditor.pprof", func() error { return auditHere(ctx, dir) })
	if err = errors.Join(err, d.stop()); err != nil {
		return err
	}
	if err := s.profileLarge(ctx); err != nil {
		return err
	}
	return s.profileDemo(ctx)
}

func (s *settings) profileLarge(ctx context.Context) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	dir := filepath.Join(s.dir, "large")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make a folder for the target: %w", err)
	}
	d, err := startServer(ctx, dir, self, "-serve", strconv.Itoa(slices.Max(s.sizes)))
	if err != nil {
		return err
	}
	return errors.Join(s.profiled("large.pprof", func() error { return auditHere(ctx, dir) }), d.stop())
}

func (s *settings) profileDemo(ctx context.Context) error {
	d, err := demo.New(demo.Options{Seed: 1})
	if err != nil {
		return err
	}
	dir := filepath.Join(s.dir, "here")
	err = writeDemo(dir, d)
	if err == nil {
		err = s.profiled("demo.pprof", func() error {
			_, err := auditIn(ctx, s, dir)
			return err
		})
	}
	return errors.Join(err, d.Close())
}

func writeDemo(dir string, d *demo.Server) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make a folder for the demo: %w", err)
	}
	return errors.Join(
		os.WriteFile(filepath.Join(dir, demo.SecretsFile), d.Secrets(), 0o600),
		os.WriteFile(filepath.Join(dir, config.FileName), d.Config(), 0o600))
}

// profiled runs f under the CPU profiler.
func (s *settings) profiled(name string, f func() error) error {
	file, err := os.Create(filepath.Join(s.profile, name))
	if err != nil {
		return fmt.Errorf("write the profile: %w", err)
	}
	if err := pprof.StartCPUProfile(file); err != nil {
		return errors.Join(fmt.Errorf("profile: %w", err), file.Close())
	}
	started, before := time.Now(), cpuOf(os.Getpid())
	err = f()
	fmt.Fprintf(s.out, "%s: %.2f s, %.2f s of CPU\n", name, time.Since(started).Seconds(), (cpuOf(os.Getpid()) - before).Seconds())
	pprof.StopCPUProfile()
	return errors.Join(err, file.Close())
}

// auditHere audits in this process what the folder's configuration describes.
func auditHere(ctx context.Context, dir string) error {
	file := filepath.Join(dir, config.FileName)
	src, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("read the configuration: %w", err)
	}
	c, err := config.Parse(file, src, dir, config.Options{Env: os.LookupEnv, Now: time.Now()})
	if err != nil {
		return err
	}
	ledger, err := sqlite.Open(ctx, filepath.Join(dir, ".launchready", "ledger.db"))
	if err != nil {
		return err
	}
	defer ledger.Close()
	a, err := assembly.New(ctx, c, assembly.Options{Mutate: true, Seed: 1, Version: "bench", Ledger: ledger})
	if err != nil {
		return err
	}
	defer a.Close()
	if err := ledger.Begin(ctx, a.Audit.Run, c.Target.URL.String(), time.Now()); err != nil {
		return err
	}
	rep, err := audit.Run(ctx, a.Audit)
	if err != nil {
		return err
	}
	return ledger.End(ctx, rep.Run, time.Now())
}
