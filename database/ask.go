package database

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
)

// Session is who asks.
type Session struct {
	Role   string // "" is the connection's own
	Set    string // the application's statement that sets the tenant
	Tenant string // its id; "" sets none
	// Extra are settings beside, as a request would bring them.
	Extra map[string]string
	Write bool // it may try to write; all is rolled back even so
}

// As is a session of the application for a tenant, "" for none.
func (t Tenancy) As(tenant string) Session { return Session{Role: t.Role, Set: t.Set, Tenant: tenant} }

// DearError says why a question was not put.
type DearError struct{ Why string }

func (e *DearError) Error() string { return e.Why }

// ErrNoRow is the answer where no row is seen.
var ErrNoRow = errors.New("no such row is seen")

// Asking is a transaction of a session, in which questions are put.
type Asking struct {
	db  *DB
	tx  pgx.Tx
	cat *Catalogue
	// Said is what was asked and came of it, for evidence.
	Said    []string
	who     string
	indexed bool // the planner was told to prefer indexes
}

// Ask runs f as the session, in a transaction that is rolled back whatever comes
// of it. The tenant is set as the application does, after its role was taken on.
func (d *DB) Ask(ctx context.Context, c *Catalogue, s Session, f func(context.Context, *Asking) error) error {
	return d.within(ctx, s.Write, func(ctx context.Context, tx pgx.Tx) error {
		if err := d.become(ctx, tx, c, s, "LOCAL "); err != nil {
			return err
		}
		return f(ctx, &Asking{db: d, tx: tx, cat: c, who: s.String(c)})
	})
}

func (d *DB) become(ctx context.Context, tx pgx.Tx, c *Catalogue, s Session, local string) error {
	if s.Role != "" && s.Role != c.User {
		if _, err := d.exec(ctx, tx, "SET "+local+"ROLE "+Quote(s.Role)); err != nil {
			return fmt.Errorf("become the application's role %s: %w", s.Role, err)
		}
	}
	if s.Tenant != "" && s.Set != "" {
		if _, err := d.exec(ctx, tx, s.Set, s.Tenant); err != nil {
			return fmt.Errorf("set the tenant as the application does: %w", err)
		}
	}
	for name, value := range s.Extra {
		if _, err := d.exec(ctx, tx, "SELECT set_config($1, $2, true)", name, value); err != nil {
			return fmt.Errorf("set %s: %w", name, err)
		}
	}
	return nil
}

// String names the session in evidence.
func (s Session) String(c *Catalogue) string {
	role := s.Role
	if role == "" {
		role = c.User
	}
	who := "as " + role
	if s.Tenant == "" {
		who += ", no tenant set"
	} else {
		who += ", tenant " + s.Tenant
	}
	names := make([]string, 0, len(s.Extra))
	for n := range s.Extra {
		names = append(names, n)
	}
	slices.Sort(names)
	for _, n := range names {
		who += ", " + n + " = " + clip(s.Extra[n], 200)
	}
	return who
}

func (a *Asking) note(sql, result string) {
	if len(a.Said) < 20 {
		a.Said = append(a.Said, a.who+": "+clip(sql, 300)+" → "+result)
	}
}

// Take returns what was said since it was last asked.
func (a *Asking) Take() []string {
	said := a.Said
	a.Said = nil
	return said
}

// Row is one row of a table: its key and whose it is.
type Row struct {
	Table  *Table
	Column string // of the tenant
	Tenant string
	Key    []string // columns
	Value  []string // of the key, as text
}

// Where is the condition that finds the row through the index of its key, or by
// the tenant alone where it has no key.
func (r Row) Where() string {
	var parts []string
	for i, k := range r.Key {
		parts = append(parts, Quote(k)+" = "+Literal(r.Value[i]))
	}
	if len(parts) == 0 || r.Column != "" && !slices.Contains(r.Key, r.Column) {
		parts = append(parts, Quote(r.Column)+" = "+Literal(r.Tenant))
	}
	return strings.Join(parts, " AND ")
}

// String is the row by its key.
func (r Row) String() string {
	if len(r.Value) == 0 {
		return "a row of " + r.Tenant
	}
	return clip(strings.Join(r.Value, ", "), 120)
}

// Find finds a row of the tenant, or [ErrNoRow]; key is a value of the table's
// one-column key, "" for any row.
func (a *Asking) Find(ctx context.Context, t *Table, column, tenant, key string) (Row, error) {
	r := Row{Table: t, Column: column, Tenant: tenant, Key: t.Key()}
	what := make([]string, 0, len(r.Key))
	for _, k := range r.Key {
		what = append(what, Quote(k)+"::text")
	}
	list := "1::text"
	if len(what) > 0 {
		list = strings.Join(what, ", ")
	}
	where := Quote(column) + " = " + Literal(tenant)
	if key != "" {
		if len(r.Key) != 1 {
			return r, ErrNoRow
		}
		where = Quote(r.Key[0]) + " = " + Literal(key) + " AND " + where
	}
	sql := "SELECT " + list + " FROM " + t.SQL() + " WHERE " + where + " LIMIT 1"
	// The first row that the index leads to is the answer: the session may see
	// its tenant's rows, so that it does not walk over others.
	if err := a.cheap(ctx, sql, true); err != nil {
		return r, err
	}
	found := false
	err := a.query(ctx, sql, func(rs pgx.Rows) error {
		found = true
		values := make([]string, max(1, len(r.Key)))
		into := make([]any, len(values))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rs.Scan(into...); err != nil {
			return err
		}
		if len(r.Key) > 0 {
			r.Value = values
		}
		return nil
	})
	switch {
	case err != nil:
		return r, err
	case !found:
		a.note(sql, "no row")
		return r, ErrNoRow
	}
	a.note(sql, "1 row")
	return r, nil
}

// Sees reports whether the session sees the row.
func (a *Asking) Sees(ctx context.Context, r Row) (bool, error) {
	return a.seen(ctx, "SELECT 1 FROM "+r.Table.SQL()+" WHERE "+r.Where()+" LIMIT 1")
}

// SeesOther reports whether the session sees a row of any tenant but the one.
func (a *Asking) SeesOther(ctx context.Context, t *Table, column, tenant string) (bool, error) {
	return a.seen(ctx, "SELECT 1 FROM "+t.SQL()+" WHERE "+Quote(column)+" <> "+Literal(tenant)+" LIMIT 1")
}

// SeesAny reports whether the session sees any row.
func (a *Asking) SeesAny(ctx context.Context, t *Table) (bool, error) {
	return a.seen(ctx, "SELECT 1 FROM "+t.SQL()+" LIMIT 1")
}

func (a *Asking) seen(ctx context.Context, sql string) (bool, error) {
	if err := a.cheap(ctx, sql, false); err != nil {
		return false, err
	}
	found := false
	err := a.query(ctx, sql, func(pgx.Rows) error { found = true; return nil })
	switch {
	case err != nil:
		a.note(sql, err.Error())
	case found:
		a.note(sql, "1 row")
	default:
		a.note(sql, "no row")
	}
	return found, err
}

func (a *Asking) query(ctx context.Context, sql string, scan func(pgx.Rows) error) error {
	return a.db.apart(ctx, a.tx, func(sp pgx.Tx) error {
		_, err := a.db.rows(ctx, sp, 1, scan, sql)
		return err
	})
}

// plan is a node of EXPLAIN (FORMAT JSON, VERBOSE).
type plan struct {
	Node     string  `json:"Node Type"`
	Schema   string  `json:"Schema"`
	Relation string  `json:"Relation Name"`
	Cost     float64 `json:"Total Cost"`
	Index    string  `json:"Index Cond"`
	Plans    []plan  `json:"Plans"`
}

// cheap asks the planner what a question would cost, and refuses one that is
// dear: that reads through a table of many rows, or whose parts, carried out to
// the end, cost more than the limit. LIMIT makes the whole look cheap, so it is
// the parts that count; first says that the first row an index leads to will do.
//
// The planner itself would read through a large table for one row, hoping to meet
// it soon. Where its plan is dear it is asked once more, for a plan by index.
func (a *Asking) cheap(ctx context.Context, sql string, first bool) error {
	if err := a.prefer(ctx, false); err != nil {
		return err
	}
	why := a.planned(ctx, sql, first)
	var dear *DearError
	if !errors.As(why, &dear) {
		return why
	}
	if err := a.prefer(ctx, true); err != nil {
		return err
	}
	if err := a.planned(ctx, sql, first); err != nil {
		return why
	}
	return nil
}

// prefer tells the planner for the rest of the transaction whether to go by index
// wherever one leads there.
func (a *Asking) prefer(ctx context.Context, index bool) error {
	if a.indexed == index {
		return nil
	}
	set := map[bool]string{true: "off", false: "on"}[index]
	_, err := a.db.exec(ctx, a.tx, "SET LOCAL enable_seqscan = "+set+"; SET LOCAL enable_bitmapscan = "+set)
	if err == nil {
		a.indexed = index
	}
	return err
}

// planned asks for a plan and judges it.
func (a *Asking) planned(ctx context.Context, sql string, first bool) error {
	var out []byte
	err := a.query(ctx, "EXPLAIN (FORMAT JSON, VERBOSE) "+sql, func(rs pgx.Rows) error {
		out = append([]byte(nil), rs.RawValues()[0]...)
		return nil
	})
	if err != nil {
		return err
	}
	var top []struct {
		Plan plan `json:"Plan"`
	}
	if err := json.Unmarshal(out, &top); err != nil || len(top) != 1 {
		return &DearError{"the planner's answer cannot be read, so that what a question would cost is not known"}
	}
	return a.dear(&top[0].Plan, first)
}

func (a *Asking) dear(p *plan, first bool) error {
	l := a.db.limits
	if p.Relation != "" {
		name := plain(p.Schema, p.Relation)
		rows := -1.0
		if t := a.cat.Named(name); t != nil {
			rows = t.Rows
		}
		through := strings.Contains(p.Node, "Seq Scan") || strings.Contains(p.Node, "Sample Scan") || strings.Contains(p.Node, "Foreign Scan")
		switch {
		case through && rows > l.Rows:
			return &DearError{fmt.Sprintf("%s has about %.0f rows, and no index leads to the answer", name, rows)}
		case p.Cost > l.Cost && !(first && p.Index != "" && strings.HasPrefix(p.Node, "Index")):
			return &DearError{fmt.Sprintf("the planner thinks that reading %s costs %.0f, over the limit of %.0f", name, p.Cost, l.Cost)}
		}
	}
	for i := range p.Plans {
		if err := a.dear(&p.Plans[i], first); err != nil {
			return err
		}
	}
	return nil
}
