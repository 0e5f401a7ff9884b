// Package database asks a Postgres what keeps its tenants apart: it reads the
// catalogue (tables, policies, roles, rights, views, functions), puts questions
// as the application's role with a tenant set, and writes the migration that
// mends what it found.
//
// It is careful with a database that is in use. Nothing outlives its
// transaction: all is rolled back. Every statement has a time limit and waits
// for no lock for long. A table is never read through: the planner is asked
// first, and a question that it calls dear is not put ([DearError]). Only
// statements of the simple protocol are sent, so that poolers between are no
// matter, and no name comes into a statement unquoted.
package database

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	lr "github.com/launchready/launchready"
)

// Limits bound what is asked. The zero value is the default of each.
type Limits struct {
	Connect   time.Duration // to get a connection: 5 s
	Statement time.Duration // for one statement: 3 s
	Lock      time.Duration // to wait for a lock: 500 ms
	// Cost is the most that the planner may think a question costs, in its own
	// units, were it carried out to the end: 20000, some hundred milliseconds.
	Cost float64
	// Rows is how many rows a table may have to be read without an index: 100000.
	Rows float64
	// Objects is how many tables, columns, policies and functions are read: 20000.
	Objects int
}

func (l Limits) filled() Limits {
	set := func(v *time.Duration, to time.Duration) {
		if *v <= 0 {
			*v = to
		}
	}
	set(&l.Connect, 5*time.Second)
	set(&l.Statement, 3*time.Second)
	set(&l.Lock, 500*time.Millisecond)
	if l.Cost <= 0 {
		l.Cost = 20_000
	}
	if l.Rows <= 0 {
		l.Rows = 100_000
	}
	if l.Objects <= 0 {
		l.Objects = 20_000
	}
	return l
}

// Errors that a caller may tell apart.
var (
	ErrUnreachable = errors.New("the database cannot be reached")
	ErrNotPostgres = errors.New("only a Postgres can be asked so far")
	ErrNoRole      = errors.New("there is no such role")
)

// DB is one connection to a database. It is not safe for concurrent use.
type DB struct {
	conn   *pgx.Conn
	limits Limits
	secret string // the password, which no error may hold
	url    lr.Secret
}

// Open connects. No error of it, nor of anything asked later, holds the password.
func Open(ctx context.Context, url lr.Secret, l Limits) (*DB, error) {
	d := &DB{limits: l.filled(), url: url}
	c, err := d.config()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, d.limits.Connect)
	defer cancel()
	if d.conn, err = pgx.ConnectConfig(ctx, c); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnreachable, d.said(err))
	}
	return d, nil
}

func (d *DB) config() (*pgx.ConnConfig, error) {
	text := strings.TrimSpace(d.url.Reveal())
	if scheme, _, ok := strings.Cut(text, "://"); ok && scheme != "postgres" && scheme != "postgresql" {
		return nil, fmt.Errorf("%w: the URL begins with %s://", ErrNotPostgres, clip(scheme, 20))
	}
	c, err := pgx.ParseConfig(text)
	if err != nil { // what it says quotes the URL
		return nil, fmt.Errorf("%w: the connection URL cannot be read", ErrUnreachable)
	}
	d.secret = c.Password
	c.DefaultQueryExecMode = pgx.QueryExecModeSimpleProtocol
	c.StatementCacheCapacity, c.DescriptionCacheCapacity = 0, 0
	c.ConnectTimeout = d.limits.Connect
	if c.RuntimeParams["application_name"] == "" {
		c.RuntimeParams["application_name"] = "launchready"
	}
	c.OnNotice = func(*pgconn.PgConn, *pgconn.Notice) {} // chatter of triggers
	return c, nil
}

// Close ends the connection.
func (d *DB) Close() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = d.conn.Close(ctx) // there is nothing to lose
}

// StatementError is what the server said to a statement.
type StatementError struct {
	Code    string // SQLSTATE
	Message string
}

func (e *StatementError) Error() string { return fmt.Sprintf("%s (SQLSTATE %s)", e.Message, e.Code) }

// Code is the SQLSTATE of an error, "" when the server did not say one.
func Code(err error) string {
	var e *StatementError
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

// SQLSTATEs that decide something (Postgres, appendix A).
const (
	Denied       = "42501" // insufficient_privilege: a right that is missing, or a policy
	Unique       = "23505"
	foreignKey   = "23503"
	canceled     = "57014"
	noLock       = "55P03"
	readOnly     = "25006"
	invalidText  = "22P02"
	noParameter  = "42704" // undefined_object: a setting or a role
	outOfRange   = "22003"
	invalidDate  = "22007"
	dateOverflow = "22008"
)

// said puts an error into words that hold no password, whatever the driver quoted.
func (d *DB) said(err error) error {
	if err == nil {
		return nil
	}
	var pe *pgconn.PgError
	var ce *pgconn.ConnectError
	switch {
	case errors.Is(err, context.Canceled):
		return context.Canceled
	case errors.As(err, &pe):
		m := d.masked(clip(pe.Message, 300))
		switch pe.Code {
		case canceled:
			m = fmt.Sprintf("a statement took longer than %s and was stopped", d.limits.Statement)
		case noLock:
			m = fmt.Sprintf("a lock was held for longer than %s", d.limits.Lock)
		}
		return &StatementError{pe.Code, m}
	case errors.Is(err, context.DeadlineExceeded) && !errors.As(err, &ce):
		return fmt.Errorf("no answer in time: %w", context.DeadlineExceeded)
	}
	return errors.New(d.masked(clip(lines(err.Error()), 400)))
}

// lines puts what the driver tells of each address it tried, which may be the same
// one twice, into one.
func lines(s string) string {
	var out []string
	for l := range strings.SplitSeq(s, "\n") {
		if l = strings.TrimSpace(l); l != "" && !slices.Contains(out, l) {
			out = append(out, l)
		}
	}
	if len(out) < 2 {
		return strings.Join(out, "")
	}
	return strings.TrimSuffix(out[0], ":") + ": " + strings.Join(out[1:], "; ")
}

func (d *DB) masked(s string) string {
	if d.secret == "" {
		return s
	}
	return strings.ReplaceAll(s, d.secret, "[redacted]")
}

func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "") + "…"
}

// Quote is a name as SQL takes it, whatever is in it.
func Quote(name ...string) string {
	for i, n := range name {
		name[i] = strings.ReplaceAll(n, "\x00", "")
	}
	return pgx.Identifier(name).Sanitize()
}

// Literal is a text as SQL takes it, whatever is in it and however the server
// reads backslashes.
func Literal(s string) string {
	s = strings.ReplaceAll(strings.ReplaceAll(s, "\x00", ""), "'", "''")
	if strings.Contains(s, `\`) {
		return "E'" + strings.ReplaceAll(s, `\`, `\\`) + "'"
	}
	return "'" + s + "'"
}

// within runs f in a transaction that is rolled back, whatever comes of it.
func (d *DB) within(ctx context.Context, write bool, f func(ctx context.Context, tx pgx.Tx) error) (err error) {
	mode := pgx.ReadOnly
	if write {
		mode = pgx.ReadWrite
	}
	tx, err := d.conn.BeginTx(ctx, pgx.TxOptions{AccessMode: mode})
	if err != nil {
		return fmt.Errorf("begin a transaction: %w", d.said(err))
	}
	defer func() {
		back, cancel := context.WithTimeout(context.WithoutCancel(ctx), d.limits.Statement)
		defer cancel()
		if rerr := tx.Rollback(back); err == nil && rerr != nil && !errors.Is(rerr, pgx.ErrTxClosed) {
			err = fmt.Errorf("roll back: %w", d.said(rerr))
		}
	}()
	if err := d.bound(ctx, tx); err != nil {
		return err
	}
	return f(ctx, tx)
}

// bound gives a transaction its time limits. They are no parameters of the
// connection, which poolers refuse.
func (d *DB) bound(ctx context.Context, tx pgx.Tx) error {
	ms := func(t time.Duration) int64 { return max(1, t.Milliseconds()) }
	_, err := d.exec(ctx, tx, fmt.Sprintf("SET LOCAL statement_timeout = %d; SET LOCAL lock_timeout = %d; SET LOCAL idle_in_transaction_session_timeout = %d",
		ms(d.limits.Statement), ms(d.limits.Lock), ms(10*d.limits.Statement)))
	if err != nil {
		return fmt.Errorf("set the time limits: %w", err)
	}
	return nil
}

// patience is when the client gives up on a statement that the server should
// have stopped by itself.
func (d *DB) patience() time.Duration { return d.limits.Statement + 2*time.Second }

func (d *DB) exec(ctx context.Context, tx pgx.Tx, sql string, args ...any) (int64, error) {
	ctx, cancel := context.WithTimeout(ctx, d.patience())
	defer cancel()
	tag, err := tx.Exec(ctx, sql, args...)
	if err != nil {
		return 0, d.said(err)
	}
	return tag.RowsAffected(), nil
}

// rows reads at most n rows; more is whether there were more.
func (d *DB) rows(ctx context.Context, tx pgx.Tx, n int, scan func(pgx.Rows) error, sql string, args ...any) (more bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, d.patience())
	defer cancel()
	rs, err := tx.Query(ctx, sql, args...)
	if err != nil {
		return false, d.said(err)
	}
	defer rs.Close()
	for i := 0; rs.Next(); i++ {
		if i == n {
			more = true
			break
		}
		if err := scan(rs); err != nil {
			return false, fmt.Errorf("read a row: %w", d.said(err))
		}
	}
	if more {
		return true, nil // the rest of what was sent is dropped by Close
	}
	return false, d.said(rs.Err())
}

// apart runs f in a savepoint: what fails there does not end the transaction.
func (d *DB) apart(ctx context.Context, tx pgx.Tx, f func(pgx.Tx) error) error {
	sp, err := tx.Begin(ctx)
	if err != nil {
		return fmt.Errorf("set a savepoint: %w", d.said(err))
	}
	err = f(sp)
	back, cancel := context.WithTimeout(context.WithoutCancel(ctx), d.limits.Statement)
	defer cancel()
	if rerr := sp.Rollback(back); err == nil && rerr != nil {
		err = fmt.Errorf("roll back to the savepoint: %w", d.said(rerr))
	}
	return err
}
