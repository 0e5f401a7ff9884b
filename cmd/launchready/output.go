package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/internal/nearest"
	"github.com/launchready/launchready/report"
	"github.com/launchready/launchready/report/html"
	"github.com/launchready/launchready/report/json"
	"github.com/launchready/launchready/report/junit"
	"github.com/launchready/launchready/report/markdown"
	"github.com/launchready/launchready/report/sarif"
	"github.com/launchready/launchready/report/term"
)

var formats = []string{"term", "json", "html", "md", "sarif", "junit"}

// output is one -o FORMAT=FILE; the file "-" is stdout.
type output struct{ format, file string }

// outputs reads the flag, before anything is sent: a mistake here must not cost
// a run.
func (p *program) outputs(flags []string) ([]output, error) {
	var out []output
	taken := map[string]string{}
	onScreen := false
	for _, f := range flags {
		format, file, ok := strings.Cut(f, "=")
		if !ok {
			file = "-"
		}
		if file == "" {
			return nil, setup(fmt.Errorf("-o %s: write FORMAT=FILE", f))
		}
		if !slices.Contains(formats, format) {
			return nil, setup(fmt.Errorf("-o %s: there is no format %q: one of %s%s", f, format, strings.Join(formats, ", "), nearest.Hint(format, formats)))
		}
		if file == "-" {
			if onScreen {
				return nil, setup(errors.New("-o: only one format can go to stdout"))
			}
			onScreen = true
			out = append(out, output{format, file})
			continue
		}
		file = p.path(file)
		at, err := place(file)
		if err != nil {
			return nil, setup(fmt.Errorf("-o %s: %w", f, err))
		}
		if other, twice := taken[at]; twice {
			return nil, setup(fmt.Errorf("-o %s: -o %s writes the same file", f, other))
		}
		taken[at] = f
		out = append(out, output{format, file})
	}
	if !onScreen {
		out = append(out, output{"term", "-"})
	}
	return out, nil
}

// path is a file of the command line, from the current folder.
func (p *program) path(file string) string {
	if file == "" || filepath.IsAbs(file) {
		return file
	}
	return filepath.Join(p.dir, file)
}

// write draws a report everywhere it was asked for. One place that fails does
// not keep it from the others.
func (p *program) write(r *lr.Report, outs []output) error {
	var errs []error
	for _, o := range outs {
		var b bytes.Buffer
		if err := p.draw(&b, r, o); err != nil {
			errs = append(errs, err)
			continue
		}
		if o.file == "-" {
			errs = append(errs, p.show(r, o, b.Bytes()))
			continue
		}
		if err := replace(p.path(o.file), b.Bytes()); err != nil {
			errs = append(errs, err)
			continue
		}
		p.progress("wrote %s", o.file)
	}
	return setup(errors.Join(errs...))
}

// draw is one format, whole. Colour is for a screen.
func (p *program) draw(w io.Writer, r *lr.Report, o output) error {
	switch o.format {
	case "json":
		return json.Write(w, r)
	case "html":
		return html.Write(w, r)
	case "md":
		return markdown.Write(w, r)
	case "sarif":
		return sarif.Write(w, r)
	case "junit":
		return junit.Write(w, r)
	}
	return term.Write(w, r, term.Options{Color: o.file == "-" && p.colored(p.out), Width: p.width(p.out), Verbose: p.verbose})
}

// show puts the result on stdout. Where that is for a program, a person reads
// the table on stderr: a log that ends with an exit code alone hides the reason.
func (p *program) show(r *lr.Report, o output, text []byte) error {
	if _, err := p.result(o.format).Write(text); err != nil {
		return fmt.Errorf("write the result to stdout: %w", err)
	}
	switch {
	case o.format == "term" || p.quiet:
		return nil
	case p.logFormat == "json":
		reasons, _ := report.Reasons(report.Tidy(r))
		p.events().Info("result", "readiness", string(r.Readiness), "exit_code", r.ExitCode(), "reasons", reasons)
		return nil
	}
	return term.Write(p.err, r, term.Options{Color: p.colored(p.err), Width: p.width(p.err), Verbose: p.verbose})
}
