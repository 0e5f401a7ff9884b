package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/launchready/launchready/secretscan"
	"github.com/launchready/launchready/secretscan/corpus"
)

// scanners are the programs that measureSecrets runs: ours is the bench itself, in a process
// of its own. Peers are those on the PATH that take the command line of Gitleaks.
type scanner struct {
	name string
	args func(tree, report string) []string
}

func scanners() []scanner {
	gitleaks := func(tree, report string) []string {
		return []string{"dir", "--no-banner", "--exit-code", "0", "--report-format", "json", "--report-path", report, tree}
	}
	return []scanner{
		{"launchready", func(tree, report string) []string { return []string{"-scan", tree, "-report", report} }},
		{"gitleaks", gitleaks},
		{"betterleaks", gitleaks},
	}
}

// found is what a scanner's report says, as far as it is compared.
type found struct {
	File string `json:"File"`
	Rule string `json:"RuleID"`
}

// measureSecrets compares precision and recall on the corpus, and throughput on a tree, all
// programs in turn and several times; then the history of a repository beside git log -p.
func measureSecrets(ctx context.Context, s *settings) error {
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find the bench: %w", err)
	}
	var list []scanner
	programs := map[string]string{"launchready": self}
	for _, c := range scanners() {
		if c.name != "launchready" {
			p, err := exec.LookPath(c.name)
			if err != nil {
				fmt.Fprintf(s.out, "%s is not on the PATH: left out\n", c.name)
				continue
			}
			programs[c.name] = p
		}
		list = append(list, c)
	}
	if err := s.scores(ctx, list, programs); err != nil {
		return err
	}
	if s.tree != "" {
		if err := s.throughput(ctx, list, programs); err != nil {
			return err
		}
	}
	if s.repo != "" {
		return s.history(ctx, self)
	}
	return nil
}

// scores writes the corpus of an unseen seed and counts by file.
func (s *settings) scores(ctx context.Context, list []scanner, programs map[string]string) error {
	dir := filepath.Join(s.dir, "corpus")
	items := corpus.Generate(corpus.Unseen)
	secret := map[string]bool{}
	for _, it := range items {
		path := filepath.Join(dir, filepath.FromSlash(it.Path))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return fmt.Errorf("write the corpus: %w", err)
		}
		if err := os.WriteFile(path, it.Data, 0o600); err != nil {
			return fmt.Errorf("write the corpus: %w", err)
		}
		secret[it.Path] = it.Secret
	}
	var rows [][]string
	for _, c := range list {
		findings, _, err := s.scan(ctx, c, programs[c.name], dir)
		if err != nil {
			return err
		}
		hit := map[string]bool{}
		for _, f := range findings {
			name := f.File
			if rel, err := filepath.Rel(dir, name); err == nil && filepath.IsAbs(name) {
				name = rel
			}
			hit[filepath.ToSlash(name)] = true
		}
		tp, fp, fn := 0, 0, 0
		for name, is := range secret {
			switch {
			case is && hit[name]:
				tp++
			case is:
				fn++
			case hit[name]:
				fp++
			}
		}
		p, r := float64(tp)/float64(max(1, tp+fp)), float64(tp)/float64(max(1, tp+fn))
		f1 := 0.0
		if p+r > 0 {
			f1 = 2 * p * r / (p + r)
		}
		rows = append(rows, []string{c.name, fmt.Sprint(tp), fmt.Sprint(fn), fmt.Sprint(fp), fmt.Sprintf("%.3f", p), fmt.Sprintf("%.3f", r), fmt.Sprintf("%.3f", f1)})
	}
	return table(s, fmt.Sprintf("corpus of seed %d, %d files", corpus.Unseen, len(items)), []string{"scanner", "found", "missed", "false", "precision", "recall", "F1"}, rows)
}

// scan runs a scanner over a tree and reads its report.
func (s *settings) scan(ctx context.Context, c scanner, program, tree string) ([]found, cost, error) {
	report := filepath.Join(s.dir, "report.json")
	if err := os.Remove(report); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, cost{}, fmt.Errorf("remove the last report: %w", err)
	}
	took, err := spend(ctx, s.dir, 1, program, c.args(tree, report)...)
	if err != nil {
		return nil, took, err
	}
	b, err := os.ReadFile(report)
	if err != nil {
		return nil, took, fmt.Errorf("read the report of %s: %w", c.name, err)
	}
	var out []found
	if err := json.Unmarshal(b, &out); err != nil {
		return nil, took, fmt.Errorf("read the report of %s: %w", c.name, err)
	}
	return out, took, nil
}

// throughput runs the scanners in turn over one tree.
func (s *settings) throughput(ctx context.Context, list []scanner, programs map[string]string) error {
	size, files := int64(0), 0
	err := filepath.WalkDir(s.tree, func(_ string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		info, err := e.Info()
		if err == nil {
			size, files = size+info.Size(), files+1
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("measure the tree: %w", err)
	}
	cpu, wall, peak, findings := map[string][]float64{}, map[string][]float64{}, map[string]int64{}, map[string]int{}
	for range s.runs {
		for _, c := range list {
			f, took, err := s.scan(ctx, c, programs[c.name], s.tree)
			if err != nil {
				return err
			}
			cpu[c.name] = append(cpu[c.name], took.cpu.Seconds())
			wall[c.name] = append(wall[c.name], took.wall.Seconds())
			peak[c.name], findings[c.name] = max(peak[c.name], took.peak), len(f)
		}
	}
	var rows [][]string
	ours := median(cpu["launchready"])
	for _, c := range list {
		m := median(cpu[c.name])
		rows = append(rows, []string{c.name, fmt.Sprintf("%.2f", m), fmt.Sprintf("%.2f", median(wall[c.name])), fmt.Sprintf("%.1f", float64(size)/1e6/m), fmt.Sprintf("%.1f", m/ours), megabytes(peak[c.name]), fmt.Sprint(findings[c.name])})
	}
	return table(s, fmt.Sprintf("tree of %d files, %.0f MB, median of %d", files, float64(size)/1e6, s.runs), []string{"scanner", "CPU s", "wall s", "MB a CPU s", "times ours", "peak MB", "findings"}, rows)
}

// history compares with git log -p, which every scanner of patches pays, and with a second run.
func (s *settings) history(ctx context.Context, self string) error {
	var log, first, second []float64
	for n := range s.runs {
		// The CPU of git that the scan starts counts, too: a shell adds up its children.
		took, err := spend(ctx, s.dir, 0, "git", "-C", s.repo, "log", "-p", "--all", "--full-history", "--no-textconv", "-U0")
		if err != nil {
			return err
		}
		log = append(log, took.cpu.Seconds())
		seen := filepath.Join(s.dir, fmt.Sprintf("seen-%d", n))
		for _, to := range []*[]float64{&first, &second} {
			took, err := spend(ctx, s.dir, 0, self, "-scan", s.repo, "-seen", seen, "-report", filepath.Join(s.dir, "report.json"))
			if err != nil {
				return err
			}
			*to = append(*to, took.cpu.Seconds())
		}
	}
	l, f, g := median(log), median(first), median(second)
	return table(s, "history of "+filepath.Base(s.repo)+", CPU s", []string{"git log -p", "first run", "times", "second run", "faster"},
		[][]string{{fmt.Sprintf("%.2f", l), fmt.Sprintf("%.2f", f), fmt.Sprintf("%.2f", f/l), fmt.Sprintf("%.3f", g), fmt.Sprintf("%.0f", f/g)}})
}

// scanHere is the process that is measured.
func scanHere(ctx context.Context, dir, seen, report string) (err error) {
	var o secretscan.Options
	if seen != "" { // as the check of the history does it
		if o.Key, err = secretscan.KeyFile(seen + ".key"); err != nil {
			return err
		}
	}
	sc, err := secretscan.New(o)
	if err != nil {
		return err
	}
	var res secretscan.Result
	if seen == "" {
		if res, err = sc.Tree(ctx, dir); err != nil {
			return err
		}
	} else {
		past, err := sc.Past(seen)
		if err != nil {
			return err
		}
		if res, err = sc.History(ctx, dir, past); err != nil {
			return err
		}
		res = past.Join(sc, res)
		if err := past.Save(); err != nil {
			return err
		}
	}
	out := []found{}
	for _, f := range res.Secrets() {
		name, _, _ := strings.Cut(f.Place.Path, "!")
		out = append(out, found{name, f.Rule})
	}
	b, err := json.Marshal(out)
	if err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	if err := os.WriteFile(report, b, 0o600); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	return nil
}
