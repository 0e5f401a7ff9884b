package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/internal/nearest"
	"github.com/launchready/launchready/report/html"
	"github.com/launchready/launchready/report/json"
	"github.com/launchready/launchready/report/term"
)

var formats = []string{"term", "json", "html"}

// output is one -o FORMAT=FILE; the file "-" is stdout.
type output struct{ format, file string }

// outputs reads the flag, before anything is sent: a mistake here must not cost
// a run.
func (p *program) outputs(flags []string) ([]output, error) {
	var out []output
	onScreen := false
	for _, f := range flags {
		format, file, ok := strings.Cut(f, "=")
		if !ok {
			file = "-"
		}
		if file == "" {
			return nil, setup(fmt.Errorf("-o %s: write FORMAT=FILE", f))
		}
		known := false
		for _, k := range formats {
			known = known || k == format
		}
		if !known {
			return nil, setup(fmt.Errorf("-o %s: there is no format %q: one of %s%s", f, format, strings.Join(formats, ", "), nearest.Hint(format, formats)))
		}
		if file == "-" {
			if onScreen {
				return nil, setup(errors.New("-o: only one format can go to stdout"))
			}
			onScreen = true
		} else {
			file = p.path(file)
			if fi, err := os.Stat(filepath.Dir(file)); err != nil || !fi.IsDir() {
				return nil, setup(fmt.Errorf("-o %s: the folder %s does not exist", f, filepath.Dir(file)))
			}
			if err := writable(filepath.Dir(file)); err != nil {
				return nil, setup(fmt.Errorf("-o %s: %w", f, err))
			}
		}
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
		if o.file == "-" {
			errs = append(errs, p.draw(p.out, r, o.format))
			continue
		}
		var b bytes.Buffer
		if err := p.draw(&b, r, o.format); err != nil {
			errs = append(errs, err)
			continue
		}
		if err := replace(o.file, b.Bytes()); err != nil {
			errs = append(errs, err)
			continue
		}
		p.progress("wrote %s", o.file)
	}
	return setup(errors.Join(errs...))
}

func (p *program) draw(w io.Writer, r *lr.Report, format string) error {
	switch format {
	case "json":
		return json.Write(w, r)
	case "html":
		return html.Write(w, r)
	}
	return term.Write(w, r, term.Options{Color: w == p.out && p.colored(p.out), Width: p.width(p.out), Verbose: p.verbose})
}

// writable reports a folder that takes no file: said before a run, not after.
func writable(dir string) error {
	f, err := os.CreateTemp(dir, ".launchready-*")
	if err != nil {
		return fmt.Errorf("write into %s: %w", dir, errors.Unwrap(err))
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

// replace writes a whole file or leaves the old one.
func replace(file string, text []byte) error {
	f, err := os.CreateTemp(filepath.Dir(file), ".launchready-*")
	if err != nil {
		return fmt.Errorf("write %s: %w", file, err)
	}
	_, err = f.Write(text)
	err = errors.Join(err, f.Chmod(0o644), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), file)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", file, errors.Join(err, os.Remove(f.Name())))
	}
	return nil
}
