package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// longest is what one run of one tool may take.
const longest = 30 * time.Minute

// outcome is what one run of a tool came to.
type outcome struct {
	score
	tally
	took time.Duration
}

// measurePeers runs each tool of the comparison that is installed against the flawed demo and the
// clean one, with all traps, through the same meter, and holds what it reports
// against the truth.
func measurePeers(ctx context.Context, s *settings) error {
	wanted := strings.FieldsFunc(s.peers, func(r rune) bool { return r == ',' })
	var rows, details [][]string
	for _, p := range s.contest.peers {
		if len(wanted) > 0 && !slices.Contains(wanted, p.name) {
			continue
		}
		program, err := s.program(p.name)
		if err != nil {
			fmt.Fprintf(s.out, "%s is not installed and left out\n", p.name)
			continue
		}
		if needs, err := p.needs("${FRONT}"); err != nil || needs && s.front(ctx) == "" {
			if err != nil {
				return err
			}
			fmt.Fprintf(s.out, "%s is left out\n", p.name)
			continue
		}
		lines, err := p.lines()
		if err != nil {
			return err
		}
		flawed, err := s.repeated(ctx, p, program, true)
		if err != nil {
			return fmt.Errorf("%s, flawed: %w", p.name, err)
		}
		clean, err := s.repeated(ctx, p, program, false)
		if err != nil {
			return fmt.Errorf("%s, clean: %w", p.name, err)
		}
		f, c := middle(flawed), middle(clean)
		rows = append(rows, []string{strings.TrimSpace(p.name + " " + version(ctx, program, p.version)), fmt.Sprintf("%d of %d", len(f.found), len(flawsOf(s.contest.rows))),
			fmt.Sprint(len(f.wrong)), fmt.Sprint(len(c.wrong)), fmt.Sprint(len(c.traps)), fmt.Sprint(f.requests), fmt.Sprint(c.requests),
			perFlaw(f), fmt.Sprintf("%d (%d)", f.changed, f.deleted), seconds(f.took), seconds(c.took), fmt.Sprint(lines)})
		details = append(details, []string{p.name, strings.Join(f.found, " "), claimsText(f.wrong), claimsText(c.wrong)})
	}
	markdown(s, []string{"tool", "flaws found", "false, flawed", "false, clean", "traps, clean", "requests, flawed", "requests, clean", "requests a flaw", "changed (deleted) what it did not make", "s, flawed", "s, clean", "lines by hand"}, rows)
	for _, d := range details {
		fmt.Fprintf(s.out, "\n%s\n  found: %s\n  false, flawed: %s\n  false, clean: %s\n", d[0], d[1], d[2], d[3])
	}
	return nil
}

// program is where the tool is. Ours is the one under measurement.
func (s *settings) program(name string) (string, error) {
	if name == "launchready" {
		return s.binary, nil
	}
	return exec.LookPath(name)
}

// repeated runs a tool as often as asked, each time against a demo of its own. A
// tool that takes minutes runs once: what it says of seconds is plain enough.
func (s *settings) repeated(ctx context.Context, p peer, program string, flawed bool) ([]outcome, error) {
	var out []outcome
	for n := range s.runs {
		o, err := s.once(ctx, p, program, flawed, n)
		if err != nil {
			return nil, err
		}
		out = append(out, o)
		if o.took > time.Minute {
			break
		}
	}
	return out, nil
}

func (s *settings) once(ctx context.Context, p peer, program string, flawed bool, n int) (o outcome, err error) {
	dir := filepath.Join(s.dir, fmt.Sprintf("%s-%t-%d", p.name, flawed, n))
	st, err := newStand(ctx, s, filepath.Join(dir, "demo"), flawed)
	if err != nil {
		return o, err
	}
	defer func() { err = errors.Join(err, st.close()) }()
	runs, err := p.lay(dir, st)
	if err != nil {
		return o, err
	}
	var claims []claim
	started := time.Now()
	for i, run := range runs {
		in := filepath.Join(dir, fmt.Sprint(i))
		said, err := start(ctx, in, st, program, run[1:])
		if err != nil {
			return o, err
		}
		found, err := p.read(in, st.meter.routes)
		if err != nil {
			return o, fmt.Errorf("%w; it said:\n%s", err, tail(said, 2000))
		}
		claims = append(claims, found...)
	}
	o.took, o.tally = time.Since(started), st.meter.read()
	var flaws []string
	if flawed {
		flaws = flawsOf(s.contest.rows)
	}
	o.score = s.contest.judge(claims, flaws, publicIn(st.spec))
	return o, nil
}

// start runs a tool to its end. How it exits is its own affair: most say that
// there are findings that way.
func start(ctx context.Context, dir string, st *stand, program string, args []string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	c := exec.CommandContext(ctx, program, args...)
	c.Dir, c.Env = dir, os.Environ()
	for name, value := range st.env {
		c.Env = append(c.Env, name+"="+value)
	}
	if in, err := os.Open(filepath.Join(dir, "stdin")); err == nil { // what the tool reads from its standard input
		defer in.Close()
		c.Stdin = in
	}
	var said bytes.Buffer
	c.Stdout, c.Stderr = &said, &said
	var exit *exec.ExitError
	if err := c.Run(); err != nil && (!errors.As(err, &exit) || ctx.Err() != nil) {
		return nil, fmt.Errorf("run %s: %w", program, errors.Join(err, ctx.Err()))
	}
	return said.Bytes(), nil
}

// middle is the run of median duration; a run is told whole, so that its figures
// belong together.
func middle(runs []outcome) outcome {
	sorted := slices.SortedFunc(slices.Values(runs), func(a, b outcome) int { return int(a.took - b.took) })
	return sorted[(len(sorted)-1)/2]
}

func perFlaw(o outcome) string {
	if len(o.found) == 0 {
		return "-"
	}
	return fmt.Sprint(o.requests / len(o.found))
}

// version is the last word of what the tool says of itself.
func version(ctx context.Context, program string, args []string) string {
	if args == nil {
		return ""
	}
	b, err := exec.CommandContext(ctx, program, args...).CombinedOutput()
	words := strings.Fields(string(b))
	if err != nil || len(words) == 0 {
		return ""
	}
	return words[len(words)-1]
}

func claimsText(claims []claim) string {
	var out []string
	for _, c := range claims {
		out = append(out, string(c.kind)+" "+c.route)
	}
	slices.Sort(out)
	return strings.Join(out, "; ")
}

func tail(b []byte, n int) []byte { return b[max(0, len(b)-n):] }

// markdown prints a table for a page.
func markdown(s *settings, heads []string, rows [][]string) {
	line := func(cells []string) { fmt.Fprintf(s.out, "| %s |\n", strings.Join(cells, " | ")) }
	line(heads)
	rule := slices.Repeat([]string{"---:"}, len(heads))
	rule[0] = "---"
	line(rule)
	for _, row := range rows {
		line(row)
	}
}
