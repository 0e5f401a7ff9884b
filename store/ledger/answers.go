package ledger

import (
	"context"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/launchready/launchready/guard/state"
)

// Begin claims the key for the owner.
func (s *Store) Begin(ctx context.Context, key, owner string, print [32]byte, lease time.Duration) (state.Found, state.Answer, error) {
	if err := s.ready(ctx); err != nil {
		return 0, state.Answer{}, err
	}
	if err := s.room(ctx); err != nil {
		return 0, state.Answer{}, err
	}
	found, a, err := s.claim(ctx, key, owner, print, lease)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.coming--
	if err == nil && found == state.Fresh { // a key that was there is no new one
		s.keys++
	}
	return found, a, err
}

func (s *Store) claim(ctx context.Context, key, owner string, print [32]byte, lease time.Duration) (state.Found, state.Answer, error) {
	text := hex.EncodeToString(print[:])
	for range 3 { // the row that stood in the way may be gone when it is read
		res, err := s.db.ExecContext(ctx, s.timed(`INSERT INTO guard_answers AS a (key, owner, print, until, status, header, body, whole) VALUES ($1, $2, $3, {now} + $4, 0, '', $5, 0)
			ON CONFLICT (key) DO UPDATE SET owner = excluded.owner, print = excluded.print, until = excluded.until, status = 0, header = '', body = excluded.body, whole = 0
			WHERE a.until <= {now}`), key, owner, text, lease.Microseconds(), []byte{})
		if err != nil {
			return 0, state.Answer{}, fmt.Errorf("claim an idempotency key: %w", err)
		}
		if n, err := res.RowsAffected(); err != nil {
			return 0, state.Answer{}, err
		} else if n == 1 {
			return state.Fresh, state.Answer{}, nil
		}
		var was, had, header string
		var status, whole int64
		var body []byte
		err = s.db.QueryRowContext(ctx, `SELECT owner, print, status, header, body, whole FROM guard_answers WHERE key = $1`, key).Scan(&had, &was, &status, &header, &body, &whole)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			continue
		case err != nil:
			return 0, state.Answer{}, fmt.Errorf("read an idempotency key: %w", err)
		case was != text:
			return state.Other, state.Answer{}, nil
		case had != "":
			return state.Busy, state.Answer{}, nil
		}
		a := state.Answer{Status: int(status), Body: body, Whole: whole == 1}
		if err := json.Unmarshal([]byte(header), &a.Header); err != nil {
			return 0, state.Answer{}, fmt.Errorf("read an answer: %w", err)
		}
		return state.Done, a, nil
	}
	return 0, state.Answer{}, errors.New("claim an idempotency key: it comes and goes")
}

// room drops what is past, once a minute, and refuses new keys when what is left
// is too much: none of it may be forgotten.
func (s *Store) room(ctx context.Context) error {
	if s.due("answers", time.Minute) {
		var keys, stored int64
		_, err := s.db.ExecContext(ctx, s.timed(`DELETE FROM guard_answers WHERE until <= {now}`))
		if err == nil {
			err = s.db.QueryRowContext(ctx, `SELECT count(*), coalesce(sum(length(body)), 0) FROM guard_answers`).Scan(&keys, &stored)
		}
		if err != nil {
			return fmt.Errorf("make room for idempotency keys: %w", err)
		}
		s.mu.Lock()
		s.keys, s.stored = keys, stored
		s.mu.Unlock()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	most, bytes := s.Max, s.Bytes
	if most == 0 {
		most = 200_000
	}
	if bytes == 0 {
		bytes = 1 << 30
	}
	if s.keys+s.coming >= most || s.stored >= bytes {
		return state.ErrFull
	}
	s.coming++
	return nil
}

// Finish keeps the answer.
func (s *Store) Finish(ctx context.Context, key, owner string, a state.Answer, keep time.Duration) error {
	if err := s.ready(ctx); err != nil {
		return err
	}
	header, err := json.Marshal(a.Header)
	if err != nil {
		return err
	}
	body, whole := a.Body, 0
	if body == nil {
		body = []byte{}
	}
	if a.Whole {
		whole = 1
	}
	_, err = s.db.ExecContext(ctx, s.timed(`UPDATE guard_answers SET owner = '', until = {now} + $1, status = $2, header = $3, body = $4, whole = $5 WHERE key = $6 AND owner = $7`),
		keep.Microseconds(), a.Status, string(header), body, whole, key, owner)
	if err != nil {
		return fmt.Errorf("keep an answer: %w", err)
	}
	s.mu.Lock()
	s.stored += int64(len(body))
	s.mu.Unlock()
	return nil
}

// Forget gives the key up.
func (s *Store) Forget(ctx context.Context, key, owner string) error {
	if err := s.ready(ctx); err != nil {
		return err
	}
	if _, err := s.db.ExecContext(ctx, `DELETE FROM guard_answers WHERE key = $1 AND owner = $2`, key, owner); err != nil {
		return fmt.Errorf("give an idempotency key up: %w", err)
	}
	return nil
}
