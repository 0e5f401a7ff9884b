// Command bench measures the auditor: how long an audit of the demo takes and
// what it costs, how requests, time and memory grow with the routes of a target,
// and how long the program takes to start. Everything runs on loopback, and the
// auditor is the built program in a process of its own.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// settings are the flags.
type settings struct {
	runs    int
	starts  int
	sizes   []int
	only    string
	profile string
	serve   int
	stand   string
	peers   string
	contest contest
	tree    string // for secrets
	repo    string
	guard   guardSettings
	binary  string // the program under measurement
	dir     string // scratch, removed at the end
	out     io.Writer
}

// measurement is one part of the bench.
type measurement struct {
	name string
	run  func(context.Context, *settings) error
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := bench(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintf(os.Stderr, "bench: %v\n", err)
		stop()
		os.Exit(1)
	}
}

func bench(ctx context.Context, args []string, out io.Writer) (err error) {
	s := &settings{out: out}
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	f.IntVar(&s.runs, "runs", 5, "audits of the demo, and of each size up to 200 routes; medians are printed")
	f.IntVar(&s.starts, "starts", 20, "starts of the program; the median is printed")
	sizes := f.String("sizes", "10,50,200,1000", "routes of the synthetic targets")
	f.StringVar(&s.only, "only", "", "one of demo, growth, start, names, peers, secrets, guard, latency, streams; empty: all but the last five, which take long")
	f.StringVar(&s.peers, "peers", "", "tools of the comparison, by comma; empty: all that are installed")
	which := f.String("contest", "authorization", "comparison of -only peers, and flaws of -stand: authorization, hygiene, cors or input")
	f.StringVar(&s.tree, "tree", "", "folder that -only secrets scans for throughput; empty: the corpus alone")
	f.StringVar(&s.repo, "repo", "", "git repository whose history -only secrets scans beside git log -p")
	scan := f.String("scan", "", "only scan a folder for secrets: the process that -only secrets measures")
	seen := f.String("seen", "", "with -scan: scan the history, and remember in this file what was read")
	report := f.String("report", "", "with -scan: file for what was found")
	f.StringVar(&s.guard.caddy, "caddy", "", "Caddy for -only guard; empty: caddy on the PATH")
	f.StringVar(&s.guard.nginx, "nginx", "", "nginx for -only guard, likewise")
	f.StringVar(&s.guard.litellm, "litellm", "", "LiteLLM's proxy for -only guard, likewise")
	f.StringVar(&s.guard.gateway, "gateway", "", "Portkey's gateway for -only guard, likewise")
	f.DurationVar(&s.guard.span, "span", 3*time.Second, "how long -only guard asks one proxy in a round; twice as long for latency")
	f.IntVar(&s.guard.callers, "callers", 16, "connections of -only guard on which one request is under way at a time")
	f.IntVar(&s.guard.rate, "rate", 500, "requests a second of -only latency, and of -only guard where it measures latency")
	f.IntVar(&s.guard.streams, "streams", 10_000, "event streams that -only guard and -only streams hold open; 0: none")
	process := f.String("part", "", "only be a process of -only guard: upstream, bare=URL, hold=COUNT,ADDRESS")
	f.StringVar(&s.profile, "profile", "", "folder for CPU profiles: auditor.pprof (of the demo), large.pprof (of the largest size), demo.pprof; nothing is measured")
	f.IntVar(&s.serve, "serve", 0, "only serve a synthetic application of that many routes, with a launchready.yaml in the current folder")
	f.StringVar(&s.stand, "stand", "", "only serve the demo, flawed or clean, behind a meter that counts requests, for a tool run by hand; or the address of another application")
	f.StringVar(&s.binary, "binary", "", "program to measure; empty: build it")
	if err := f.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return nil
		}
		return err
	}
	if s.sizes, err = numbers(*sizes); err != nil {
		return fmt.Errorf("-sizes: %w", err)
	}
	if s.contest, err = contestOf(*which); err != nil {
		return fmt.Errorf("-contest: %w", err)
	}
	if *scan != "" {
		return scanHere(ctx, *scan, *seen, *report)
	}
	if *process != "" {
		return part(ctx, *process, out)
	}
	if s.serve > 0 {
		return serveHere(ctx, s)
	}
	s.runs, s.starts = max(s.runs, 1), max(s.starts, 1)
	if s.dir, err = os.MkdirTemp("", "launchready-bench-"); err != nil {
		return fmt.Errorf("make a folder for the bench: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(s.dir)) }()
	if s.binary == "" && s.only != "secrets" {
		if s.binary, err = build(ctx, s.dir); err != nil {
			return err
		}
	}
	if s.binary, err = filepath.Abs(s.binary); err != nil {
		return err
	}
	if s.stand != "" {
		return standHere(ctx, s, s.stand)
	}
	if s.profile != "" {
		return profiles(ctx, s)
	}
	known := false
	for _, m := range []measurement{{"start", measureStart}, {"demo", measureDemo}, {"growth", measureGrowth}, {"names", measureNames}, {"peers", measurePeers}, {"secrets", measureSecrets}, {"guard", measureGuard}, {"latency", measureLatency}, {"streams", measureStreams}} {
		if s.only != m.name && (s.only != "" || slices.Contains([]string{"peers", "secrets", "guard", "latency", "streams"}, m.name)) {
			continue
		}
		known = true
		if err := m.run(ctx, s); err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
	}
	if !known {
		return fmt.Errorf("-only %q: demo, growth, start, names, peers, secrets, guard, latency or streams", s.only)
	}
	return nil
}

// build makes the program as a release is made.
func build(ctx context.Context, dir string) (string, error) {
	bin := filepath.Join(dir, "launchready")
	c := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", bin, "github.com/launchready/launchready/cmd/launchready")
	c.Env = append(os.Environ(), "CGO_ENABLED=0")
	if b, err := c.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the program: %w\n%s", err, b)
	}
	return bin, nil
}

func numbers(list string) ([]int, error) {
	var out []int
	for _, w := range strings.Split(list, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(w))
		if err != nil || n < minRoutes || n > maxRoutes {
			return nil, fmt.Errorf("%q is no number of routes between %d and %d", w, minRoutes, maxRoutes)
		}
		out = append(out, n)
	}
	return out, nil
}
