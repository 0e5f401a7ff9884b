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
	return out, nil
}

// table is the format for people, on stdout.
var table = output{"term", "-"}

// onStdout reports that a format has stdout.
func onStdout(outs []output) bool {
	return slices.ContainsFunc(outs, func(o output) bool { return o.file == "-" })
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
			if _, err := p.result(o.format).Write(b.Bytes()); err != nil {
				errs = append(errs, fmt.Errorf("write the result to stdout: %w", err))
			}
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

// results adds the table to what was asked for where it is the result: nothing
// else is, or stderr is kept for errors.
func (p *program) results(outs []output) []output {
	if len(outs) == 0 || p.quiet && !onStdout(outs) {
		return append(outs, table)
	}
	return outs
}

// conclude puts the table at the end of stderr, below the progress: a log that
// ends with an exit code alone hides the reason. One place shows it once.
func (p *program) conclude(r *lr.Report, outs []output) error {
	switch {
	case p.quiet:
		return nil
	case p.logFormat == "json":
		reasons, _ := report.Reasons(report.Tidy(r))
		p.events().Info("result", "readiness", string(r.Readiness), "exit_code", p.code, "reasons", reasons)
		return nil
	case slices.Contains(outs, table) && samePlace(p.out, p.err):
		return nil
	}
	return setup(term.Write(p.err, r, term.Options{Color: p.colored(p.err), Width: p.width(p.err), Verbose: p.verbose}))
}
