package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	lr "github.com/launchready/launchready"
)

// measureDemo audits the clean demo and the one with every flaw, each with all
// rows, mutating, at an unlimited rate. A run has a demo of its own.
func measureDemo(ctx context.Context, s *settings) error {
	var rows [][]string
	for _, flaws := range []string{"none", "all"} {
		var walls, cpus, targets []time.Duration
		var peaks []int64
		var requests, routes []int
		for n := range s.runs {
			a, err := auditDemo(ctx, s, flaws, n)
			if err != nil {
				return err
			}
			walls, cpus, targets = append(walls, a.wall), append(cpus, a.cpu), append(targets, a.target)
			peaks, requests, routes = append(peaks, a.peak), append(requests, a.report.Requests), append(routes, a.report.Coverage.Routes)
		}
		rows = append(rows, []string{flaws, fmt.Sprint(median(routes)), fmt.Sprint(median(requests)), seconds(median(walls)), seconds(slices.Min(walls)),
			seconds(median(cpus)), seconds(median(targets)), megabytes(median(peaks))})
	}
	return table(s, fmt.Sprintf("audit --mutate of the demo, median of %d", s.runs),
		[]string{"flaws", "routes", "requests", "wall s", "best s", "CPU s", "demo CPU s", "peak MB"}, rows)
}

// audited is one measured audit.
type audited struct {
	cost
	target time.Duration // CPU of the target meanwhile
	report *lr.Report
}

func auditDemo(ctx context.Context, s *settings, flaws string, n int) (a audited, err error) {
	dir := filepath.Join(s.dir, fmt.Sprintf("demo-%s-%d", flaws, n))
	d, err := startDemo(ctx, s, dir, flaws)
	if err != nil {
		return a, err
	}
	defer func() { err = errors.Join(err, d.stop()) }()
	before := cpuOf(d.pid())
	if a, err = auditIn(ctx, s, dir); err != nil {
		return a, err
	}
	a.target = cpuOf(d.pid()) - before
	return a, nil
}

// auditIn runs the audit that the folder's configuration describes.
func auditIn(ctx context.Context, s *settings, dir string, more ...string) (audited, error) {
	file := filepath.Join(dir, "report.json")
	args := append([]string{"audit", "--mutate", "--quiet", "--rate", "0", "--seed", "1", "-o", "json=" + file}, more...)
	c, err := spend(ctx, dir, 3, s.binary, args...)
	if err != nil {
		return audited{}, err
	}
	if c.code == 2 {
		return audited{}, fmt.Errorf("the audit in %s was not set up", dir)
	}
	b, err := os.ReadFile(file)
	if err != nil {
		return audited{}, fmt.Errorf("read the report: %w", err)
	}
	a := audited{cost: c, report: &lr.Report{}}
	if err := json.Unmarshal(b, a.report); err != nil {
		return a, fmt.Errorf("read the report: %w", err)
	}
	if a.report.Interrupted {
		return a, errors.New("the audit was interrupted")
	}
	return a, nil
}

// server is a target in a process of its own.
type server struct {
	cmd *exec.Cmd
}

func (d *server) pid() int { return d.cmd.Process.Pid }

// startDemo returns once the demo listens and launchready.yaml is written.
func startDemo(ctx context.Context, s *settings, dir, flaws string) (*server, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make a folder for the demo: %w", err)
	}
	if flaws == "none" {
		return startServer(ctx, dir, s.binary, "demo", "serve", "--clean")
	}
	return startServer(ctx, dir, s.binary, "demo", "serve", "--flaws", flaws)
}

// startServer runs a program that serves until it is interrupted, and prints its
// address once launchready.yaml is in the folder.
func startServer(ctx context.Context, dir, name string, args ...string) (*server, error) {
	d, _, err := startListening(ctx, dir, name, args...)
	return d, err
}

// startListening tells the address as well.
func startListening(ctx context.Context, dir, name string, args ...string) (*server, string, error) {
	c := exec.CommandContext(ctx, name, args...)
	c.Dir = dir
	var said strings.Builder
	c.Stderr = &said
	out, err := c.StdoutPipe()
	if err != nil {
		return nil, "", fmt.Errorf("start the target: %w", err)
	}
	if err := c.Start(); err != nil {
		return nil, "", fmt.Errorf("start the target: %w", err)
	}
	d := &server{c}
	address, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		err = errors.Join(err, d.stop())
		return nil, "", fmt.Errorf("start the target: %w\n%s", err, said.String())
	}
	go func() { _, _ = io.Copy(io.Discard, out) }() // so that it never blocks on its output
	return d, strings.TrimSpace(address), nil
}

func (d *server) stop() error {
	if err := d.cmd.Process.Signal(os.Interrupt); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stop the target: %w", err)
	}
	// It was told to go: how it exits is its own affair.
	_ = d.cmd.Wait()
	return nil
}
