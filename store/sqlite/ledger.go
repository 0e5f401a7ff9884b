package sqlite

import (
	"context"
	"fmt"

	"github.com/launchready/launchready/stage"
)

// Intend records a creation before it is made.
func (s *Store) Intend(ctx context.Context, e stage.Entry) (int64, error) {
	res, err := s.db.ExecContext(ctx, `
		INSERT INTO creations (run, tenant, account, resource, created_by, canary, path, list_path) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
		e.Run, e.Tenant, e.Account, e.Resource, e.Create, e.Canary, e.Path, e.List)
	if err != nil {
		return 0, fmt.Errorf("record the intent to %s: %w", e.Create, err)
	}
	return res.LastInsertId()
}

// Created records that the creation was answered, and how to undo it.
func (s *Store) Created(ctx context.Context, id int64, deletePath string) error {
	if _, err := s.db.ExecContext(ctx, `UPDATE creations SET state = ?, delete_path = ? WHERE id = ?`, stage.Created, deletePath, id); err != nil {
		return fmt.Errorf("record creation %d: %w", id, err)
	}
	return nil
}

// Settle records how a creation ended.
func (s *Store) Settle(ctx context.Context, id int64, state stage.State, reason string) error {
	if _, err := s.db.ExecContext(ctx, `UPDATE creations SET state = ?, reason = ? WHERE id = ?`, state, reason, id); err != nil {
		return fmt.Errorf("settle creation %d: %w", id, err)
	}
	return nil
}

// Open lists what a run created and nobody has removed, newest first.
func (s *Store) Open(ctx context.Context, run string) ([]stage.Entry, error) {
	rows, err := s.db.QueryContext(ctx, `
		SELECT id, run, tenant, account, resource, created_by, canary, path, list_path, delete_path, state, reason
		FROM creations WHERE run = ? AND state <> ? ORDER BY id DESC`, run, stage.Removed)
	if err != nil {
		return nil, fmt.Errorf("list what run %s created: %w", run, err)
	}
	defer rows.Close()
	var out []stage.Entry
	for rows.Next() {
		var e stage.Entry
		if err := rows.Scan(&e.ID, &e.Run, &e.Tenant, &e.Account, &e.Resource, &e.Create, &e.Canary, &e.Path, &e.List, &e.DeletePath, &e.State, &e.Reason); err != nil {
			return nil, fmt.Errorf("list what run %s created: %w", run, err)
		}
		out = append(out, e)
	}
	return out, rows.Err()
}
