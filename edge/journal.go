package edge

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// JournalFile is the name of the file that takes an apply back.
const JournalFile = "rollback.json"

// Journal is what an apply writes before it changes anything: all that is needed
// to finish it or to take it back, whenever it ends.
type Journal struct {
	Schema string    `json:"schema"`
	Begun  time.Time `json:"begun"`
	State  string    `json:"state"` // applying, applied, rolling-back, rolled-back
	Plans  []*Plan   `json:"plans"`
}

// The states of a journal.
const (
	Applying    = "applying"
	Applied     = "applied"
	RollingBack = "rolling-back"
	RolledBack  = "rolled-back"
)

// Unfinished reports that something was begun and not ended.
func (j *Journal) Unfinished() bool {
	return j != nil && (j.State == Applying || j.State == RollingBack)
}

// ID is the fingerprint of the plans together.
func (j *Journal) ID() string {
	id := ""
	for _, p := range j.Plans {
		id += p.ID()
	}
	return id
}

// ReadJournal reads a journal; nil where there is none.
func ReadJournal(file string) (*Journal, error) {
	b, err := os.ReadFile(file) //nolint:gosec // the user's own folder
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("read %s: %w", filepath.Base(file), err)
	}
	var j Journal
	if err := json.Unmarshal(b, &j); err != nil || j.Schema != Schema {
		return nil, fmt.Errorf("%s is no journal of launchready edge", file)
	}
	for _, p := range j.Plans {
		if p == nil {
			return nil, fmt.Errorf("%s is no journal of launchready edge", file)
		}
		for _, item := range p.Items {
			if err := item.check(p.Zone); err != nil {
				return nil, fmt.Errorf("%s: %w", file, err)
			}
		}
	}
	return &j, nil
}

// Write puts the journal on the disk, whole or not at all, readable by its owner
// alone. When it returns, a crash does not lose it.
func (j *Journal) Write(file string) error {
	j.Schema = Schema
	b, err := json.MarshalIndent(j, "", "  ")
	if err != nil {
		return fmt.Errorf("write %s: %w", JournalFile, err)
	}
	dir := filepath.Dir(file)
	f, err := os.CreateTemp(dir, ".rollback-*") // made with mode 0600
	if err != nil {
		return fmt.Errorf("write %s: %w", JournalFile, err)
	}
	_, err = f.Write(append(b, '\n'))
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), file)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", JournalFile, errors.Join(err, os.Remove(f.Name())))
	}
	d, err := os.Open(dir) //nolint:gosec // the user's own folder
	if err != nil {
		return fmt.Errorf("write %s: %w", JournalFile, err)
	}
	if err := errors.Join(d.Sync(), d.Close()); err != nil {
		return fmt.Errorf("write %s: %w", JournalFile, err)
	}
	return nil
}

// Keep moves the journal of an apply that is over out of the way.
func Keep(file string, j *Journal) error {
	if j == nil {
		return nil
	}
	old := filepath.Join(filepath.Dir(file), fmt.Sprintf("rollback-%s-%s.json", j.Begun.UTC().Format("20060102T150405"), j.ID()))
	if err := os.Rename(file, old); err != nil {
		return fmt.Errorf("keep the earlier %s: %w", JournalFile, err)
	}
	return nil
}
