// Package ledger keeps what guard spends, and the answers that it may have to give
// again, in SQLite for one process or in Postgres for several: the same schema and
// the same statements on both.
package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/launchready/launchready/store/postgres"
)

// Store is state.Ledger and state.Answers. It connects when it is first asked, and
// again when the database is back.
type Store struct {
	Max   int64 // idempotency keys; 0: 200,000
	Bytes int64 // of all answers; 0: 1 GiB

	db       *sql.DB
	postgres bool
	begun    time.Time

	mu     sync.Mutex
	laid   bool
	tried  time.Time // to lay the schema
	why    error     // it could not be
	swept  map[string]time.Time
	keys   int64 // at the last sweep, and new ones since
	coming int64 // that may become new ones
	stored int64
}

// schema is laid where it is missing. SQLite takes the type names of Postgres.
var schema = [...]string{
	`CREATE TABLE IF NOT EXISTS guard_accounts (account text PRIMARY KEY, used bigint NOT NULL, until bigint NOT NULL)`,
	`CREATE TABLE IF NOT EXISTS guard_holds (hold text PRIMARY KEY, amount bigint NOT NULL, accounts text NOT NULL, made bigint NOT NULL)`,
	`CREATE INDEX IF NOT EXISTS guard_holds_made ON guard_holds (made)`,
	`CREATE TABLE IF NOT EXISTS guard_answers (key text PRIMARY KEY, owner text NOT NULL, print text NOT NULL, until bigint NOT NULL,
		status bigint NOT NULL, header text NOT NULL, body bytea NOT NULL, whole bigint NOT NULL)`,
	`CREATE INDEX IF NOT EXISTS guard_answers_until ON guard_answers (until)`,
}

// SQLite keeps it in a file, which is made where it is missing.
func SQLite(file string) (*Store, error) {
	if file == "" {
		return nil, errors.New("the file of the ledger has no name")
	}
	q := url.Values{"_pragma": {"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(FULL)"}, "_txlock": {"immediate"}}
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: file}).EscapedPath()+"?"+q.Encode())
	if err != nil {
		return nil, fmt.Errorf("open the ledger %s: %w", file, err)
	}
	db.SetMaxOpenConns(1) // one writer: two would wait for each other
	return &Store{db: db, begun: time.Now()}, nil
}

// Postgres keeps it in a database, by an address as
// postgres://user:password@host:5432/name.
func Postgres(address string) (*Store, error) {
	db, err := postgres.Open(address)
	if err != nil {
		return nil, fmt.Errorf("open the ledger: %w", err)
	}
	return &Store{db: db, postgres: true, begun: time.Now()}, nil
}

// Close ends the connections.
func (s *Store) Close() error { return s.db.Close() }

// timed puts the time, in microseconds, where SQL has {now}. Of several replicas it
// is the database's, or one whose clock is ahead would end what another has under way;
// of one process it goes on evenly when the machine's clock is set.
func (s *Store) timed(q string) string {
	now := `(extract(epoch FROM clock_timestamp()) * 1000000)::bigint`
	if !s.postgres {
		now = strconv.FormatInt(s.begun.Add(time.Since(s.begun)).UnixMicro(), 10)
	}
	return strings.ReplaceAll(q, "{now}", now)
}

const (
	pause = time.Second     // between two tries to lay the schema
	lays  = 5 * time.Second // how long one may take
)

// ready lays the schema once.
func (s *Store) ready(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.laid:
		return nil
	case s.why != nil && time.Since(s.tried) < pause: // those who waited for the one who tried do not try one after the other
		return s.why
	}
	// Others wait for it too: a caller that leaves does not end it.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lays)
	defer cancel()
	for s.why = s.lay(ctx); busy(s.why) && ctx.Err() == nil; s.why = s.lay(ctx) {
		time.Sleep(10 * time.Millisecond) // another process makes the file: SQLite does not wait for who sets its journal
	}
	s.tried = time.Now()
	return s.why
}

func busy(err error) bool {
	var e *sqlite.Error
	return errors.As(err, &e) && e.Code()&0xff == sqlite3.SQLITE_BUSY
}

func (s *Store) lay(ctx context.Context) error {
	err := s.within(ctx, func(tx *sql.Tx) error {
		if s.postgres { // two replicas that begin at the same time
			if _, err := tx.ExecContext(ctx, `SELECT pg_advisory_xact_lock(7240611)`); err != nil {
				return err
			}
		}
		for _, q := range schema {
			if _, err := tx.ExecContext(ctx, q); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("lay the ledger's tables: %w", err)
	}
	s.laid, s.swept = true, map[string]time.Time{}
	return nil
}

var errRefused = errors.New("refused")

// within does it in a transaction, which an error undoes.
func (s *Store) within(ctx context.Context, do func(*sql.Tx) error) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := do(tx); err != nil {
		_ = tx.Rollback() // a connection that is gone has undone it
		return err
	}
	return tx.Commit()
}

// due says whether it is time to drop what is past.
func (s *Store) due(what string, every time.Duration) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	if now.Sub(s.swept[what]) < every {
		return false
	}
	s.swept[what] = now
	return true
}
