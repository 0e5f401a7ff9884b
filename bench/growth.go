package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	lr "github.com/launchready/launchready"
)

// size is what audits of one size of target took.
type size struct {
	routes    int
	requests  int
	wall, cpu time.Duration
	target    time.Duration
	peak      int64
	report    *lr.Report
}

// measureGrowth audits synthetic applications of growing size and lays a line
// through what they took.
func measureGrowth(ctx context.Context, s *settings) error {
	var rows [][]string
	var sizes []size
	for _, routes := range s.sizes {
		z, err := growthOf(ctx, s, routes)
		if err != nil {
			return fmt.Errorf("%d routes: %w", routes, err)
		}
		added := "-"
		if n := len(sizes); n > 0 && routes != sizes[n-1].routes {
			added = fmt.Sprintf("%.1f", float64(z.requests-sizes[n-1].requests)/float64(routes-sizes[n-1].routes))
		}
		sizes = append(sizes, z)
		rows = append(rows, []string{fmt.Sprint(routes), fmt.Sprint(z.requests), fmt.Sprintf("%.1f", float64(z.requests)/float64(routes)), added, seconds(z.wall),
			seconds(z.cpu), fmt.Sprintf("%.2f", z.cpu.Seconds()*1e3/float64(z.requests)), seconds(z.target), megabytes(z.peak)})
	}
	err := table(s, fmt.Sprintf("audit --mutate of a synthetic application, medians of %d up to 200 routes, one run above", s.runs),
		[]string{"routes", "requests", "a route", "an added route", "wall s", "CPU s", "CPU ms a request", "target CPU s", "peak MB"}, rows)
	if err != nil || len(sizes) < 2 {
		return err
	}
	rows = nil
	for _, of := range []struct {
		what, unit string
		y          func(size) float64
	}{
		{"requests", "", func(z size) float64 { return float64(z.requests) }},
		{"wall", "s", func(z size) float64 { return z.wall.Seconds() }},
		{"CPU", "s", func(z size) float64 { return z.cpu.Seconds() }},
		{"peak", "MB", func(z size) float64 { return float64(z.peak) / (1 << 20) }},
	} {
		var x, y []float64
		for _, z := range sizes {
			x, y = append(x, float64(z.routes)), append(y, of.y(z))
		}
		l := fit(x, y)
		rows = append(rows, []string{of.what, strings.TrimSpace(fmt.Sprintf("%.3g + %.3g a route %s", l.base, l.slope, of.unit)), fmt.Sprintf("%.4f", l.r2), fmt.Sprintf("%.1f %%", l.off*100), fmt.Sprintf("%.2f", order(x, y))})
	}
	return table(s, "growth: least squares over the routes, and the power of the routes by which it grows (1 is linear, 2 square)",
		[]string{"", "line", "R^2", "farthest off", "power"}, rows)
}

func growthOf(ctx context.Context, s *settings, routes int) (size, error) {
	runs := s.runs
	if routes > 200 {
		runs = 1
	}
	var walls, cpus, targets []time.Duration
	var peaks []int64
	var requests []int
	z := size{routes: routes}
	for n := range runs {
		a, err := auditSynthetic(ctx, s, filepath.Join(s.dir, fmt.Sprintf("synthetic-%d-%d", routes, n)), routes)
		if err != nil {
			return z, err
		}
		if a.report.Coverage.Routes != routes {
			return z, fmt.Errorf("the audit saw %d routes of %d", a.report.Coverage.Routes, routes)
		}
		if wrong := findings(a.report); len(wrong) > 0 {
			return z, fmt.Errorf("the application is right, and the audit says: %s", strings.Join(wrong, "; "))
		}
		walls, cpus, targets = append(walls, a.wall), append(cpus, a.cpu), append(targets, a.target)
		peaks, requests = append(peaks, a.peak), append(requests, a.report.Requests)
		z.report = a.report
	}
	z.wall, z.cpu, z.target, z.peak, z.requests = median(walls), median(cpus), median(targets), median(peaks), median(requests)
	return z, nil
}

// findings lists what a report finds wrong.
func findings(r *lr.Report) []string {
	var out []string
	for _, row := range r.Rows {
		for _, c := range row.Checks {
			for _, f := range c.Findings {
				out = append(out, c.ID+" at "+f.Subject+": "+f.Message)
			}
		}
	}
	return out
}

// auditSynthetic serves an application from this process, which does nothing
// else meanwhile, and audits it from another.
func auditSynthetic(ctx context.Context, s *settings, dir string, routes int) (a audited, err error) {
	_, stop, err := synthetic(dir, routes)
	if err != nil {
		return a, err
	}
	defer func() { err = errors.Join(err, stop()) }()
	before := cpuOf(os.Getpid())
	if a, err = auditIn(ctx, s, dir); err != nil {
		return a, err
	}
	a.target = cpuOf(os.Getpid()) - before
	return a, nil
}

// synthetic serves an application on loopback, described in the folder.
func synthetic(dir string, routes int) (url string, stop func() error, err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, fmt.Errorf("listen: %w", err)
	}
	url = "http://" + l.Addr().String()
	app := newAPI(routes)
	if err := app.settle(dir, url); err != nil {
		return "", nil, errors.Join(err, l.Close())
	}
	server := &http.Server{Handler: app.handler, ReadHeaderTimeout: 10 * time.Second}
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()
	return url, func() error {
		err := server.Close()
		if serr := <-served; !errors.Is(serr, http.ErrServerClosed) {
			err = errors.Join(err, serr)
		}
		return err
	}, nil
}

// serveHere serves an application until it is interrupted.
func serveHere(ctx context.Context, s *settings) error {
	if s.serve < minRoutes || s.serve > maxRoutes {
		return fmt.Errorf("-serve: between %d and %d routes", minRoutes, maxRoutes)
	}
	url, stop, err := synthetic(".", s.serve)
	if err != nil {
		return err
	}
	fmt.Fprintln(s.out, url)
	<-ctx.Done()
	return stop()
}

// settle writes the application's launchready.yaml and secrets into the folder.
func (a *api) settle(dir, base string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make a folder for the target: %w", err)
	}
	yaml, secrets := a.config(base)
	for name, text := range map[string]string{"launchready.yaml": yaml, secretsFile: secrets} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			return fmt.Errorf("describe the target: %w", err)
		}
	}
	return nil
}
