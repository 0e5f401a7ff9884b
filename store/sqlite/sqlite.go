// Package sqlite keeps runs and what they created in one SQLite file, so that a
// run that dies leaves a record of what it left behind.
package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/pressly/goose/v3"
	_ "modernc.org/sqlite" // the driver

	"github.com/launchready/launchready/stage"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Store is an open file. It is safe for concurrent use by one process; other
// processes wait for its transactions.
type Store struct{ db *sql.DB }

var _ stage.Ledger = (*Store)(nil)

// Open opens the file, making it and its folder when they are missing.
func Open(ctx context.Context, path string) (*Store, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("make the folder of the ledger %s: %w", path, err)
	}
	// WAL with synchronous=NORMAL survives the death of the process at any
	// point; only a power cut may lose the newest entries.
	q := url.Values{"_pragma": {"journal_mode(WAL)", "synchronous(NORMAL)", "busy_timeout(5000)"}}
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+"?"+q.Encode())
	if err != nil {
		return nil, fmt.Errorf("open the ledger %s: %w", path, err)
	}
	db.SetMaxOpenConns(1)
	s := &Store{db}
	if err := s.migrate(ctx); err != nil {
		return nil, fmt.Errorf("prepare the ledger %s: %w (is it a Launch Ready ledger, and is the disk full?)", path, joinClose(err, db))
	}
	return s, nil
}

func joinClose(err error, db *sql.DB) error {
	if cerr := db.Close(); cerr != nil {
		return fmt.Errorf("%w; close: %w", err, cerr)
	}
	return err
}

func (s *Store) migrate(ctx context.Context) error {
	sub, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, s.db, sub)
	if err != nil {
		return err
	}
	_, err = p.Up(ctx)
	return err
}

// Close closes the file.
func (s *Store) Close() error { return s.db.Close() }

// Run is a run that the store knows.
type Run struct {
	ID      string
	Target  string
	Started time.Time
	Ended   bool
	Open    int // creations that may still exist
}

// Begin records the start of a run.
func (s *Store) Begin(ctx context.Context, id, target string, at time.Time) error {
	_, err := s.db.ExecContext(ctx, `INSERT INTO runs (run, target, started) VALUES (?, ?, ?)`, id, target, at.UTC().Format(time.RFC3339))
	if err != nil {
		return fmt.Errorf("record the start of run %s: %w", id, err)
	}
	return nil
}

// End records that a run came to its end.
func (s *Store) End(ctx context.Context, id string, at time.Time) error {
	_, err := s.db.ExecContext(ctx, `UPDATE runs SET ended = ? WHERE run = ?`, at.UTC().Format(time.RFC3339), id)
	if err != nil {
		return fmt.Errorf("record the end of run %s: %w", id, err)
	}
	return nil
}

// Runs lists the runs with something open, newest first.
func (s *Store) Runs(ctx context.Context) ([]Run, error) {
	rows, err := s.db.QueryContext(ctx, `
		SELECT r.run, r.target, r.started, r.ended IS NOT NULL, COUNT(c.id)
		FROM runs r JOIN creations c ON c.run = r.run AND c.state <> ?
		GROUP BY r.run ORDER BY r.started DESC, r.rowid DESC`, stage.Removed)
	if err != nil {
		return nil, fmt.Errorf("list runs: %w", err)
	}
	defer rows.Close()
	var out []Run
	for rows.Next() {
		var r Run
		var started string
		if err := rows.Scan(&r.ID, &r.Target, &started, &r.Ended, &r.Open); err != nil {
			return nil, fmt.Errorf("list runs: %w", err)
		}
		r.Started, err = time.Parse(time.RFC3339, started)
		if err != nil {
			return nil, fmt.Errorf("run %s: %w", r.ID, err)
		}
		out = append(out, r)
	}
	return out, rows.Err()
}
