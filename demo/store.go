package demo

import (
	"context"
	"crypto/rand"
	"database/sql"
	_ "embed"
	"errors"
	"fmt"
	"sync"

	_ "modernc.org/sqlite" // the driver "sqlite"
)

//go:embed schema.sql
var schema string

// store is the database. All SQL goes over one connection, so a query must be
// read to its end before the next: [many] and [one] do. Statements are prepared
// once each.
type store struct {
	db   *sql.DB
	keep *sql.DB // holds an in-memory database alive should the pool drop its connection
	mu   sync.RWMutex
	stmt map[string]*sql.Stmt

	mirror *mirror // Postgres, which is given some of it too; nil without one
}

// querier is the store or a transaction of it.
type querier interface {
	exec(ctx context.Context, q string, args ...any) (int64, error)
	query(ctx context.Context, q string, args ...any) (*sql.Rows, error)
}

func openStore(file string) (*store, error) {
	dsn := "file:" + file + "?_pragma=foreign_keys(1)&_pragma=synchronous(0)"
	if file == "" {
		dsn = "file:harbor-" + rand.Text() + "?mode=memory&cache=shared&_pragma=foreign_keys(1)"
	}
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	st := &store{db: db, stmt: map[string]*sql.Stmt{}}
	if file == "" {
		if st.keep, err = sql.Open("sqlite", dsn); err == nil {
			err = st.keep.Ping()
		}
		if err != nil {
			return nil, errors.Join(fmt.Errorf("open database: %w", err), st.Close())
		}
	}
	db.SetMaxOpenConns(1)
	db.SetMaxIdleConns(1)
	if _, err := db.Exec(schema); err != nil {
		return nil, errors.Join(fmt.Errorf("migrate: %w", err), st.Close())
	}
	return st, nil
}

// Close drops the data when it is in memory.
func (st *store) Close() error {
	err := st.db.Close()
	if st.keep != nil {
		err = errors.Join(err, st.keep.Close())
	}
	return err
}

func (st *store) prepared(ctx context.Context, q string) (*sql.Stmt, error) {
	st.mu.RLock()
	p := st.stmt[q]
	st.mu.RUnlock()
	if p != nil {
		return p, nil
	}
	p, err := st.db.PrepareContext(ctx, q)
	if err != nil {
		return nil, err
	}
	st.mu.Lock()
	defer st.mu.Unlock()
	if have := st.stmt[q]; have != nil {
		return have, p.Close()
	}
	st.stmt[q] = p
	return p, nil
}

// exec runs a statement and returns the number of rows it changed.
func (st *store) exec(ctx context.Context, q string, args ...any) (int64, error) {
	p, err := st.prepared(ctx, q)
	if err != nil {
		return 0, err
	}
	res, err := p.ExecContext(ctx, args...)
	if err != nil {
		return 0, err
	}
	st.mirror.follow(q, args)
	return res.RowsAffected()
}

func (st *store) query(ctx context.Context, q string, args ...any) (*sql.Rows, error) {
	p, err := st.prepared(ctx, q)
	if err != nil {
		return nil, err
	}
	return p.QueryContext(ctx, args...)
}

// within runs f in a transaction. f must use tx alone: the store has one connection.
func (st *store) within(ctx context.Context, f func(tx querier) error) error {
	tx, err := st.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	q := &txQuerier{tx: tx}
	if err := f(q); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	for _, s := range q.done {
		st.mirror.follow(s.q, s.args)
	}
	return nil
}

type txQuerier struct {
	tx   *sql.Tx
	done []statement // what a mirror is to follow
}

type statement struct {
	q    string
	args []any
}

func (t *txQuerier) exec(ctx context.Context, q string, args ...any) (int64, error) {
	res, err := t.tx.ExecContext(ctx, q, args...)
	if err != nil {
		return 0, err
	}
	if follows(q) {
		t.done = append(t.done, statement{q, args})
	}
	return res.RowsAffected()
}

func (t *txQuerier) query(ctx context.Context, q string, args ...any) (*sql.Rows, error) {
	return t.tx.QueryContext(ctx, q, args...)
}

// scanner is a row being read.
type scanner interface{ Scan(dest ...any) error }

// many reads all rows; it never returns a nil slice, so that lists encode as [].
func many[T any](ctx context.Context, db querier, scan func(scanner) (T, error), q string, args ...any) ([]T, error) {
	out := []T{}
	rows, err := db.query(ctx, q, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, rows.Err()
}

// one reads the first row; no row is errNoRow.
func one[T any](ctx context.Context, db querier, scan func(scanner) (T, error), q string, args ...any) (T, error) {
	var zero T
	rows, err := db.query(ctx, q, args...)
	if err != nil {
		return zero, err
	}
	defer rows.Close()
	if !rows.Next() {
		if err := rows.Err(); err != nil {
			return zero, err
		}
		return zero, errNoRow
	}
	v, err := scan(rows)
	if err != nil {
		return zero, err
	}
	return v, rows.Err()
}

// everyTenant is what jobs over all customers, such as the nightly invoicing,
// pass to the queries that take a tenant.
const everyTenant = ""

var errNoRow = errors.New("no such row")

// scalar scans a row of a single column.
func scalar[T any](r scanner) (v T, err error) { return v, r.Scan(&v) }
