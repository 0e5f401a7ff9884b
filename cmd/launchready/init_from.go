package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/launchready/launchready/config"
	"github.com/launchready/launchready/config/draft"
	"github.com/launchready/launchready/config/intake"
)

// maxIntake bounds a file of another tool; what is larger is a recording of much
// more than a draft needs.
const maxIntake = 64 << 20

// intakes reads the files of --from.
func (p *program) intakes(files []string) ([]*intake.Intake, error) {
	var out []*intake.Intake
	seen := map[string]bool{}
	for _, name := range files {
		if name == "" {
			return nil, errNoFile
		}
		if seen[name] {
			return nil, fmt.Errorf("--from %s is named twice", name)
		}
		seen[name] = true
		if name != intake.Stdin && intake.Recording(p.path(name)) {
			in, err := intake.Open(p.ctx, p.path(name))
			if err != nil {
				return nil, fmt.Errorf("--from: %w", err)
			}
			in.File = name
			out = append(out, in)
			continue
		}
		text, err := p.readIntake(name)
		if err != nil {
			return nil, err
		}
		in, err := intake.Read(name, text)
		if err != nil {
			return nil, fmt.Errorf("--from: %w", err)
		}
		out = append(out, in)
	}
	out, err := intake.WithEnvironments(out)
	if err != nil {
		return nil, fmt.Errorf("--from: %w", err)
	}
	return out, nil
}

func (p *program) readIntake(name string) ([]byte, error) {
	in := p.in
	if name != intake.Stdin {
		f, err := os.Open(p.path(name))
		var pe *os.PathError
		if errors.As(err, &pe) {
			err = pe.Err
		}
		if err != nil {
			return nil, fmt.Errorf("--from %s: %w", name, err)
		}
		defer f.Close()
		in = f
	}
	text, err := io.ReadAll(io.LimitReader(in, maxIntake+1))
	var pe *os.PathError
	if errors.As(err, &pe) {
		err = pe.Err
	}
	switch {
	case err != nil:
		return nil, fmt.Errorf("--from %s: %w", name, err)
	case len(text) > maxIntake:
		return nil, fmt.Errorf("--from %s: larger than 64 MiB", name)
	case strings.TrimSpace(string(text[:min(len(text), 1<<10)])) == "" && len(text) < 1<<10:
		return nil, fmt.Errorf("--from %s: it is empty", name)
	}
	return text, nil
}

// take puts what the files tell of the target beside what it told itself.
func (p *program) take(ctx context.Context, all *intake.Intake, facts *draft.Facts) error {
	if all.Target != "" {
		var u config.URL
		if err := u.UnmarshalText([]byte(all.Target)); err != nil {
			if facts.Target == "" {
				return setup(fmt.Errorf("the target that the files name: %w", err))
			}
			all.Target = ""
		}
	}
	local := all.Spec != "" && !strings.Contains(all.Spec, "://")
	if local {
		if _, err := os.Stat(p.path(all.Spec)); err != nil {
			p.warn("the description that the files name is not there: %s", all.Spec)
			all.Spec, local = "", false
		} else if rel, err := filepath.Rel(p.dir, p.path(all.Spec)); err == nil {
			all.Spec = filepath.ToSlash(rel)
		}
	}
	facts.Intake = all
	if local && facts.Spec == "" {
		facts.Spec = all.Spec
		p.routes(ctx, nil, facts, p.path(all.Spec))
	}
	return nil
}

// mostWarnings keeps the story on one screen.
const mostWarnings = 6

// story says what was taken from which file, and what is missing.
func (p *program) story(from []*intake.Intake, conflicts []string, facts draft.Facts) *lines {
	l := &lines{}
	if len(from) == 0 {
		return l
	}
	for _, in := range from {
		taken := strings.Join(in.Taken(), ", ")
		if taken == "" {
			taken = "nothing"
		}
		l.add("from %s (%s): %s", in.File, in.Format, taken)
		for i, w := range in.Warnings {
			if i == mostWarnings && !p.verbose {
				l.add("  left out: %d more; --verbose lists them", len(in.Warnings)-i)
				break
			}
			l.add("  left out: %s", w)
		}
	}
	section := func(title string, list []string) {
		if len(list) > 0 {
			l.add("\n%s", p.bold(title))
			for _, s := range list {
				l.add("  %s", s)
			}
		}
	}
	section("conflicts", conflicts)
	section("missing for a full audit", facts.Missing())
	section("set in the environment before an audit", facts.Variables())
	l.add("")
	return l
}
