package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/config"
	"github.com/launchready/launchready/report/json"
)

// reportFolder keeps the last reports, so that replay and export know a finding
// by its id. keptReports is how many: a run of one row must not make the ids of
// the whole run before it unknown.
const (
	reportFolder = "reports"
	keptReports  = 10
)

// remember stores the report where only its owner reads it, and drops the oldest.
func (p *program) remember(cfg *config.Config, rep *lr.Report) error {
	folder := filepath.Join(cfg.Dir, privateFolder, reportFolder)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return setup(fmt.Errorf("keep the report for replay: %w", err))
	}
	var b bytes.Buffer
	if err := json.Write(&b, rep); err != nil {
		return err
	}
	name := rep.Started.UTC().Format("20060102T150405.000Z") + "-" + rep.Run + ".json"
	if err := writeSecret(filepath.Join(folder, name), b.Bytes()); err != nil {
		return setup(fmt.Errorf("keep the report for replay: %w", err))
	}
	files, err := keptFiles(cfg.Dir)
	if err != nil {
		return setup(err)
	}
	var errs []error
	for i, f := range files {
		if i >= keptReports {
			errs = append(errs, os.Remove(f))
		}
	}
	return setup(errors.Join(errs...))
}

// keptFiles lists the reports stored in a project's folder, the newest first.
func keptFiles(dir string) ([]string, error) {
	folder := filepath.Join(dir, privateFolder, reportFolder)
	entries, err := os.ReadDir(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look for the last report: %w", err)
	}
	var out []string
	for _, e := range entries {
		if e.Type().IsRegular() && strings.HasSuffix(e.Name(), ".json") {
			out = append(out, filepath.Join(folder, e.Name()))
		}
	}
	sort.Sort(sort.Reverse(sort.StringSlice(out))) // the name begins with the time
	return out, nil
}

// readReport reads a report that the user names.
func (p *program) readReport(file string) (*lr.Report, error) {
	f, err := os.Open(p.path(file))
	if err != nil {
		return nil, err // it names the file
	}
	defer f.Close()
	rep, err := json.Read(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return rep, nil
}

// reports are the one that is named, or those that are kept, the newest first.
func (p *program) reports(cfg *config.Config, named string) ([]*lr.Report, error) {
	if named != "" {
		rep, err := p.readReport(named)
		if err != nil {
			return nil, err
		}
		return []*lr.Report{rep}, nil
	}
	files, err := keptFiles(cfg.Dir)
	if err != nil {
		return nil, err
	}
	var out []*lr.Report
	for _, f := range files {
		rep, err := p.readReport(f)
		if err != nil {
			p.warn("a kept report is passed over: %v", err)
			continue
		}
		out = append(out, rep)
	}
	return out, nil
}
