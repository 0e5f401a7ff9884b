package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/config"
	"github.com/launchready/launchready/report/json"
)

func (p *program) convertVerb() *cobra.Command {
	var flags []string
	c := &cobra.Command{
		Use:   "convert REPORT.json",
		Short: "Draw other formats from a JSON report",
		Long: `Draw other formats from a JSON report.

The JSON report of an audit holds everything; this draws any other format from it,
without asking the target again: the table on stdout, or what -o names. - reads it from
stdin. The exit code says whether it
was drawn, not whether the product is ready.`,
		Example: `  launchready convert report.json
  launchready convert report.json -o html=report.html -o sarif=report.sarif`,
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			outs, err := p.outputs(flags)
			if err != nil {
				return err
			}
			if len(outs) == 0 {
				outs = []output{table}
			}
			rep, err := p.open(args[0], outs)
			if err != nil {
				return setup(err)
			}
			return p.write(rep, outs)
		},
	}
	c.Flags().StringArrayVarP(&flags, "output", "o", nil, "FORMAT=FILE, repeatable; formats: "+strings.Join(formats, ", "))
	return c
}

// open reads a report, which none of the outputs may overwrite.
func (p *program) open(name string, outs []output) (*lr.Report, error) {
	if name == "-" {
		return named("stdin", p.in)
	}
	f, err := os.Open(p.path(name))
	if err != nil {
		return nil, fmt.Errorf("read the report: %w", err)
	}
	defer f.Close()
	fi, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("read the report: %w", err)
	}
	for _, o := range outs {
		if there, err := os.Stat(o.file); o.file != "-" && err == nil && os.SameFile(fi, there) {
			return nil, fmt.Errorf("-o %s=%s would overwrite the report that it is drawn from", o.format, name)
		}
	}
	return named(name, f)
}

func named(name string, r io.Reader) (*lr.Report, error) {
	if r == nil {
		return nil, errors.New("there is no stdin to read a report from")
	}
	rep, err := json.Read(r)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return rep, nil
}

// located is the place of the configuration below the root of its repository, or
// below the current folder: code scanning finds it by that.
func (p *program) located(file string) string {
	file = p.path(file)
	root := p.dir
	for dir := filepath.Dir(file); ; dir = filepath.Dir(dir) {
		if _, err := os.Lstat(filepath.Join(dir, ".git")); err == nil {
			root = dir
			break
		}
		if dir == filepath.Dir(dir) {
			break
		}
	}
	rel, err := filepath.Rel(root, file)
	if err != nil || strings.HasPrefix(rel, "..") {
		return config.FileName
	}
	return filepath.ToSlash(rel)
}
