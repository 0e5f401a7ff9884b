package owners

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/launchready/launchready/guard/ownership"
	"github.com/launchready/launchready/store/postgres"
)

// Postgres is the store of several replicas. It connects, and lays its table where
// that is missing, when it is first asked for something, and again when the
// database is back.
type Postgres struct {
	Patience time.Duration // for one answer, which a request waits for; 0: 2 s

	db *sql.DB

	mu    sync.Mutex
	laid  bool
	tried time.Time
	why   error
}

var _ ownership.Store = (*Postgres)(nil)

const (
	pause = time.Second          // between two tries to lay the table
	lock  = 7240612              // which replicas that begin at the same time wait for
	more  = 5 * time.Millisecond // of patience, for each claim of a list that is imported
)

// NewPostgres judges the address and connects to nothing.
func NewPostgres(address string) (*Postgres, error) {
	db, err := postgres.Open(address)
	if err != nil {
		return nil, fmt.Errorf("open the owners: %w", err)
	}
	return &Postgres{db: db}, nil
}

// Texts are compared byte by byte, whatever the database's language.
var table = [...]string{
	`CREATE TABLE IF NOT EXISTS guard_owners (kind text COLLATE "C" NOT NULL, id text COLLATE "C" NOT NULL, tenant text COLLATE "C" NOT NULL,
		gone boolean NOT NULL DEFAULT false, at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (kind, id))`,
	`CREATE INDEX IF NOT EXISTS guard_owners_tenant ON guard_owners (kind, tenant) WHERE NOT gone`,
}

// Open connects, and lays the table where it is missing.
func (p *Postgres) Open(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.laid:
		return nil
	case p.why != nil && time.Since(p.tried) < pause:
		return p.why
	}
	// Others wait for it too: a caller that leaves does not end it.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), p.patience())
	defer cancel()
	if p.why = p.lay(ctx); p.why != nil {
		p.why = fmt.Errorf("prepare the owners in Postgres: %w", p.why)
	}
	p.laid, p.tried = p.why == nil, time.Now()
	return p.why
}

func (p *Postgres) lay(ctx context.Context) error {
	var there bool // a role that may not make tables can use one that an administrator made
	if err := p.db.QueryRowContext(ctx, `SELECT to_regclass('guard_owners') IS NOT NULL`).Scan(&there); err != nil || there {
		return err
	}
	tx, err := p.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() //nolint:errcheck // after a commit there is nothing to take back
	if _, err := tx.ExecContext(ctx, `SELECT pg_advisory_xact_lock($1)`, lock); err != nil {
		return err
	}
	for _, q := range table {
		if _, err := tx.ExecContext(ctx, q); err != nil {
			return err
		}
	}
	return tx.Commit()
}

// Close ends the connections.
func (p *Postgres) Close() error { return p.db.Close() }

func (p *Postgres) patience() time.Duration { return cmp.Or(p.Patience, 2*time.Second) }

// ready gives the context of a question for n objects, which has an end.
func (p *Postgres) ready(ctx context.Context, n int) (context.Context, context.CancelFunc, error) {
	if err := p.Open(ctx); err != nil {
		return nil, nil, err
	}
	// A caller that leaves would take a connection with it.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), p.patience()+time.Duration(n)*more)
	return ctx, cancel, nil
}

// Owner of an object.
func (p *Postgres) Owner(ctx context.Context, o ownership.Object) (is ownership.Owner, err error) {
	ctx, cancel, err := p.ready(ctx, 1)
	if err != nil {
		return ownership.Owner{}, err
	}
	defer cancel()
	err = p.db.QueryRowContext(ctx, `SELECT tenant, gone FROM guard_owners WHERE kind = $1 AND id = $2`, safe(o.Kind), safe(o.ID)).Scan(&is.Tenant, &is.Gone)
	if errors.Is(err, sql.ErrNoRows) {
		return ownership.Owner{}, nil
	}
	if err == nil {
		is.Tenant, err = raw(is.Tenant)
	}
	if err != nil {
		return ownership.Owner{}, fmt.Errorf("read the owner of a %s: %w", o.Kind, err)
	}
	return is, nil
}

// Claim inserts what is nobody's, in one statement: of two replicas that claim the
// same, the second waits for the first and is told whose it is.
func (p *Postgres) Claim(ctx context.Context, claims []ownership.Claim) (out []ownership.Owner, err error) {
	if len(claims) == 0 {
		return nil, nil
	}
	ctx, cancel, err := p.ready(ctx, len(claims))
	if err != nil {
		return nil, err
	}
	defer cancel()
	is, kinds, ids, tenants := columns(claims)
	if err := p.insert(ctx, is, kinds, ids, tenants); err != nil {
		return nil, fmt.Errorf("record owners: %w", err)
	}
	if err := p.read(ctx, is, kinds, ids); err != nil {
		return nil, fmt.Errorf("record owners: %w", err)
	}
	out = make([]ownership.Owner, len(claims))
	for i, c := range claims {
		o := is[c.Object]
		if o.Tenant == "" {
			return nil, fmt.Errorf("record the owner of a %s: it is neither recorded nor another's", c.Kind)
		}
		out[i] = o
	}
	return out, nil
}

// columns are the claims in one order for all replicas, so that no two of them wait
// for each other, and of one object the first only.
func columns(claims []ownership.Claim) (is map[ownership.Object]ownership.Owner, kinds, ids, tenants []string) {
	is = make(map[ownership.Object]ownership.Owner, len(claims))
	order := make([]ownership.Claim, 0, len(claims))
	for _, c := range claims {
		if _, twice := is[c.Object]; !twice {
			is[c.Object] = ownership.Owner{}
			order = append(order, c)
		}
	}
	slices.SortFunc(order, func(a, b ownership.Claim) int {
		if a.Kind != b.Kind {
			return strings.Compare(a.Kind, b.Kind)
		}
		return strings.Compare(a.ID, b.ID)
	})
	for _, c := range order {
		kinds, ids, tenants = append(kinds, safe(c.Kind)), append(ids, safe(c.ID)), append(tenants, safe(c.Tenant))
	}
	return is, kinds, ids, tenants
}

// insert records, and notes what it recorded.
func (p *Postgres) insert(ctx context.Context, is map[ownership.Object]ownership.Owner, kinds, ids, tenants []string) error {
	return p.each(ctx, is, `INSERT INTO guard_owners AS o (kind, id, tenant) SELECT * FROM unnest($1::text[], $2::text[], $3::text[])
		ON CONFLICT (kind, id) DO UPDATE SET gone = false WHERE o.gone AND o.tenant = excluded.tenant RETURNING kind, id, tenant, gone`, kinds, ids, tenants)
}

// read notes whose the others are.
func (p *Postgres) read(ctx context.Context, is map[ownership.Object]ownership.Owner, kinds, ids []string) error {
	var k, i []string
	for n := range kinds {
		kind, kerr := raw(kinds[n])
		id, ierr := raw(ids[n])
		if err := errors.Join(kerr, ierr); err != nil {
			return err
		}
		if is[ownership.Object{Kind: kind, ID: id}].Tenant == "" {
			k, i = append(k, kinds[n]), append(i, ids[n])
		}
	}
	if len(k) == 0 {
		return nil
	}
	return p.each(ctx, is, `SELECT o.kind, o.id, o.tenant, o.gone FROM guard_owners AS o JOIN unnest($1::text[], $2::text[]) AS a (kind, id) ON o.kind = a.kind AND o.id = a.id`, k, i)
}

func (p *Postgres) each(ctx context.Context, is map[ownership.Object]ownership.Owner, q string, args ...any) error {
	rows, err := p.db.QueryContext(ctx, q, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var text [3]string
		var gone bool
		if err := rows.Scan(&text[0], &text[1], &text[2], &gone); err != nil {
			return err
		}
		for n := range text {
			if text[n], err = raw(text[n]); err != nil {
				return err
			}
		}
		is[ownership.Object{Kind: text[0], ID: text[1]}] = ownership.Owner{Tenant: text[2], Gone: gone}
	}
	return rows.Err()
}

func (p *Postgres) exec(ctx context.Context, doing, q string, args ...any) error {
	ctx, cancel, err := p.ready(ctx, 1)
	if err != nil {
		return err
	}
	defer cancel()
	if _, err := p.db.ExecContext(ctx, q, args...); err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	return nil
}

// Bury marks the tenant's object as deleted.
func (p *Postgres) Bury(ctx context.Context, o ownership.Object, tenant string) error {
	return p.exec(ctx, "record that a "+o.Kind+" is deleted", `UPDATE guard_owners SET gone = true WHERE kind = $1 AND id = $2 AND tenant = $3`, safe(o.Kind), safe(o.ID), safe(tenant))
}

// Move gives an object to a tenant.
func (p *Postgres) Move(ctx context.Context, c ownership.Claim) error {
	return p.exec(ctx, "move a "+c.Kind, `INSERT INTO guard_owners (kind, id, tenant) VALUES ($1, $2, $3) ON CONFLICT (kind, id) DO UPDATE SET tenant = excluded.tenant, gone = false`, safe(c.Kind), safe(c.ID), safe(c.Tenant))
}

// Count of a tenant's objects.
func (p *Postgres) Count(ctx context.Context, kind, tenant string) (n int, err error) {
	ctx, cancel, err := p.ready(ctx, 1)
	if err != nil {
		return 0, err
	}
	defer cancel()
	if err := p.db.QueryRowContext(ctx, `SELECT count(*) FROM guard_owners WHERE kind = $1 AND tenant = $2 AND NOT gone`, safe(kind), safe(tenant)).Scan(&n); err != nil {
		return 0, fmt.Errorf("count the %ss of a tenant: %w", kind, err)
	}
	return n, nil
}

// odd begins texts that Postgres cannot hold as they are, in hexadecimal.
const odd = `\x`

// safe is a text as Postgres can hold it: it takes no NUL and nothing that is not
// UTF-8, which ids of a query may hold. No two texts are alike in it.
func safe(s string) string {
	if utf8.ValidString(s) && strings.IndexByte(s, 0) < 0 && !strings.HasPrefix(s, odd) {
		return s
	}
	return odd + hex.EncodeToString([]byte(s))
}

func raw(s string) (string, error) {
	text, is := strings.CutPrefix(s, odd)
	if !is {
		return s, nil
	}
	b, err := hex.DecodeString(text)
	if err != nil {
		return "", errors.New("a text of the owners cannot be read")
	}
	return string(b), nil
}
