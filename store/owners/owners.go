// Package owners keeps whose each object is: in one SQLite file, which outlives
// guard and may be read by others while it runs, or in Postgres for several replicas.
package owners

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"sync"

	"github.com/pressly/goose/v3"
	_ "modernc.org/sqlite" // the driver

	"github.com/launchready/launchready/guard/ownership"
)

//go:embed migrations/*.sql
var migrations embed.FS

// File is a store in a file, which is opened, and made where it is missing, when
// it is first asked for something. A file that cannot be opened is tried again at
// the next question.
type File struct {
	Path string

	mu sync.Mutex
	db *sql.DB
}

var _ ownership.Store = (*File)(nil)

// Open opens the file now.
func (f *File) Open(ctx context.Context) error {
	_, err := f.open(ctx)
	return err
}

func (f *File) open(ctx context.Context) (*sql.DB, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.db != nil {
		return f.db, nil
	}
	if err := os.MkdirAll(filepath.Dir(f.Path), 0o700); err != nil {
		return nil, fmt.Errorf("make the folder of the owners %s: %w", f.Path, err)
	}
	q := url.Values{"_pragma": {"journal_mode(WAL)", "synchronous(NORMAL)", "busy_timeout(5000)"}, "_txlock": {"immediate"}}
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: f.Path}).EscapedPath()+"?"+q.Encode())
	if err != nil {
		return nil, fmt.Errorf("open the owners %s: %w", f.Path, err)
	}
	db.SetMaxOpenConns(4) // readers do not wait for the one that writes
	// A caller that leaves must not leave a file half prepared.
	if err := migrate(context.WithoutCancel(ctx), db); err != nil {
		return nil, errors.Join(fmt.Errorf("prepare the owners %s: %w (is it a file of owners, and is the disk full?)", f.Path, err), db.Close())
	}
	f.db = db
	return db, nil
}

func migrate(ctx context.Context, db *sql.DB) error {
	sub, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, db, sub)
	if err != nil {
		return err
	}
	_, err = p.Up(ctx)
	return err
}

// Close closes the file; the next question opens it again.
func (f *File) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.db == nil {
		return nil
	}
	err := f.db.Close()
	f.db = nil
	return err
}

type row interface {
	QueryRowContext(ctx context.Context, q string, args ...any) *sql.Row
}

func owner(ctx context.Context, r row, o ownership.Object) (is ownership.Owner, err error) {
	err = r.QueryRowContext(ctx, `SELECT tenant, gone FROM owners WHERE kind = ? AND id = ?`, o.Kind, o.ID).Scan(&is.Tenant, &is.Gone)
	if errors.Is(err, sql.ErrNoRows) {
		return ownership.Owner{}, nil
	}
	if err != nil {
		return ownership.Owner{}, fmt.Errorf("read the owner of a %s: %w", o.Kind, err)
	}
	return is, nil
}

// Owner of an object.
func (f *File) Owner(ctx context.Context, o ownership.Object) (ownership.Owner, error) {
	db, err := f.open(ctx)
	if err != nil {
		return ownership.Owner{}, err
	}
	return owner(ctx, db, o)
}

// Claim inserts what is nobody's, in one transaction.
func (f *File) Claim(ctx context.Context, claims []ownership.Claim) (out []ownership.Owner, err error) {
	db, err := f.open(ctx)
	if err != nil {
		return nil, err
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return nil, fmt.Errorf("record owners: %w", err)
	}
	defer tx.Rollback() //nolint:errcheck // after a commit there is nothing to take back
	for _, c := range claims {
		_, err := tx.ExecContext(ctx, `INSERT INTO owners (kind, id, tenant) VALUES (?, ?, ?)
			ON CONFLICT (kind, id) DO UPDATE SET gone = 0 WHERE gone = 1 AND tenant = excluded.tenant`, c.Kind, c.ID, c.Tenant)
		if err != nil {
			return nil, fmt.Errorf("record the owner of a %s: %w", c.Kind, err)
		}
		is, err := owner(ctx, tx, c.Object)
		if err != nil {
			return nil, err
		}
		out = append(out, is)
	}
	if err := tx.Commit(); err != nil {
		return nil, fmt.Errorf("record owners: %w", err)
	}
	return out, nil
}

func (f *File) exec(ctx context.Context, doing, q string, args ...any) error {
	db, err := f.open(ctx)
	if err != nil {
		return err
	}
	if _, err := db.ExecContext(ctx, q, args...); err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	return nil
}

// Bury marks the tenant's object as deleted.
func (f *File) Bury(ctx context.Context, o ownership.Object, tenant string) error {
	return f.exec(ctx, "record that a "+o.Kind+" is deleted", `UPDATE owners SET gone = 1 WHERE kind = ? AND id = ? AND tenant = ?`, o.Kind, o.ID, tenant)
}

// Move gives an object to a tenant.
func (f *File) Move(ctx context.Context, c ownership.Claim) error {
	return f.exec(ctx, "move a "+c.Kind, `INSERT INTO owners (kind, id, tenant) VALUES (?, ?, ?) ON CONFLICT (kind, id) DO UPDATE SET tenant = excluded.tenant, gone = 0`, c.Kind, c.ID, c.Tenant)
}

// Count of a tenant's objects.
func (f *File) Count(ctx context.Context, kind, tenant string) (n int, err error) {
	db, err := f.open(ctx)
	if err != nil {
		return 0, err
	}
	if err := db.QueryRowContext(ctx, `SELECT COUNT(*) FROM owners WHERE kind = ? AND tenant = ? AND gone = 0`, kind, tenant).Scan(&n); err != nil {
		return 0, fmt.Errorf("count the %ss of a tenant: %w", kind, err)
	}
	return n, nil
}
