package database

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// Stays is what a connection keeps of a tenant once its transaction has ended.
type Stays struct {
	Before bool // the row was seen before any tenant was set: nothing can be told
	During bool // it was seen while the tenant was set, as it should be
	After  bool // the next transaction on the connection, which set none, saw it
	Said   []string
}

// Pooled sets the tenant as the application does on a connection of its own, ends
// the transaction as the application does, and looks whether the next
// transaction on that connection, which sets none, still sees the tenant's row.
// Both only read. What stayed is taken back, lest a pooler hand it on.
func (d *DB) Pooled(ctx context.Context, c *Catalogue, t Tenancy, r Row) (Stays, error) {
	var s Stays
	own, err := Open(ctx, d.url, d.limits)
	if err != nil {
		return s, err
	}
	defer own.Close()
	look := func(as Session, seen *bool) error {
		return own.committed(ctx, func(ctx context.Context, tx pgx.Tx) error {
			if err := own.become(ctx, tx, c, as, "LOCAL "); err != nil {
				return err
			}
			a := &Asking{db: own, tx: tx, cat: c, who: as.String(c)}
			var err error
			*seen, err = a.Sees(ctx, r)
			s.Said = append(s.Said, a.Said...)
			return err
		})
	}
	nobody := t.As("")
	if err := look(nobody, &s.Before); err != nil && !FailsClosed(err) {
		return s, err
	}
	if s.Before {
		return s, nil
	}
	if err := look(t.As(r.Tenant), &s.During); err != nil {
		return s, err
	}
	if t.Unset != "" {
		// Outside of a transaction, where DISCARD ALL may stand too.
		back, cancel := context.WithTimeout(ctx, own.patience())
		defer cancel()
		if _, err := own.conn.Exec(back, t.Unset); err != nil {
			err = own.said(err)
			return s, fmt.Errorf("take the tenant back as the application does: %w", err)
		}
	}
	s.Said = append(s.Said, "the transaction ends; the same connection begins the next one")
	if err := look(nobody, &s.After); err != nil && !FailsClosed(err) {
		return s, err
	}
	if s.After {
		return s, own.committed(ctx, func(ctx context.Context, tx pgx.Tx) error {
			_, err := own.exec(ctx, tx, "RESET ALL")
			return err
		})
	}
	return s, nil
}

// committed runs f in a transaction that only reads and is committed, as the
// application ends its own.
func (d *DB) committed(ctx context.Context, f func(context.Context, pgx.Tx) error) error {
	tx, err := d.conn.BeginTx(ctx, pgx.TxOptions{AccessMode: pgx.ReadOnly})
	if err != nil {
		return fmt.Errorf("begin a transaction: %w", d.said(err))
	}
	defer func() {
		back, cancel := context.WithTimeout(context.WithoutCancel(ctx), d.limits.Statement)
		defer cancel()
		_ = tx.Rollback(back) // closed already, unless f failed
	}()
	if err := d.bound(ctx, tx); err != nil {
		return err
	}
	if err := f(ctx, tx); err != nil {
		return err
	}
	return d.said(tx.Commit(ctx))
}

// FailsClosed reports whether a question failed because no tenant was set: the
// policy could not read the setting, or made no value of its type out of nothing.
func FailsClosed(err error) bool {
	switch Code(err) {
	case noParameter, invalidText, Denied, outOfRange, invalidDate, dateOverflow, "22023", "22032":
		return true
	}
	return false
}
