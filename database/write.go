package database

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
)

// Reach is what came of an attempt to write.
type Reach int

const (
	Unclear Reach = iota // the database refused for a reason that says nothing
	Refused              // a policy or a missing right refused it, or it met no row
	Reached              // it was carried out, or failed only behind the policies
)

// Update tries to change the row, without changing it: a column is set to itself.
func (a *Asking) Update(ctx context.Context, r Row) (Reach, error) {
	c := Quote(a.writable(r))
	return a.try(ctx, "UPDATE "+r.Table.SQL()+" SET "+c+" = "+c+" WHERE "+r.Where())
}

// writable is a column of the row that an update may set to itself: none of the
// key where there is another.
func (a *Asking) writable(r Row) string {
	best := r.Column
	for _, c := range r.Table.Columns {
		if !c.Generated && !c.Always && c.Name != r.Column && !slices.Contains(r.Key, c.Name) {
			return c.Name
		}
	}
	return best
}

// Delete tries to delete the row. A foreign key that stops it stands behind the
// policies: the row was reached.
func (a *Asking) Delete(ctx context.Context, r Row) (Reach, error) {
	return a.try(ctx, "DELETE FROM "+r.Table.SQL()+" WHERE "+r.Where())
}

// Move tries to give a row of the session's own tenant to another one.
func (a *Asking) Move(ctx context.Context, own Row, to string) (Reach, error) {
	return a.try(ctx, "UPDATE "+own.Table.SQL()+" SET "+Quote(own.Column)+" = "+Literal(to)+" WHERE "+own.Where())
}

// Copy is a row of another tenant, whole, as its owner's session reads it.
type Copy struct {
	Row
	columns []string
	values  []*string
}

// maxColumn is how large a value may be to be copied; a larger one is left out.
const maxColumn = 8000

// Copy reads a row to be written again.
func (a *Asking) Copy(ctx context.Context, r Row) (Copy, error) {
	c := Copy{Row: r}
	var list []string
	for _, col := range r.Table.Columns {
		if col.Generated {
			continue
		}
		q := Quote(col.Name)
		c.columns = append(c.columns, q)
		list = append(list, fmt.Sprintf("CASE WHEN pg_column_size(%s) > %d THEN NULL ELSE %s::text END", q, maxColumn, q))
	}
	sql := "SELECT " + strings.Join(list, ", ") + " FROM " + r.Table.SQL() + " WHERE " + r.Where() + " LIMIT 1"
	if err := a.cheap(ctx, sql, false); err != nil {
		return c, err
	}
	err := a.query(ctx, sql, func(rs pgx.Rows) error {
		c.values = make([]*string, len(c.columns))
		into := make([]any, len(c.columns))
		for i := range into {
			into[i] = &c.values[i]
		}
		return rs.Scan(into...)
	})
	if err == nil && c.values == nil {
		err = ErrNoRow
	}
	return c, err
}

// Insert tries to write the other tenant's row once more. Postgres judges the
// policies first and the unique key after (ExecInsert): where the key is what
// refuses it, the policies did not.
func (a *Asking) Insert(ctx context.Context, c Copy) (Reach, error) {
	values := make([]string, len(c.values))
	for i, v := range c.values {
		values[i] = "NULL"
		if v != nil {
			values[i] = Literal(*v)
		}
	}
	over := ""
	if slices.ContainsFunc(c.Table.Columns, func(col Column) bool { return col.Always }) {
		over = " OVERRIDING SYSTEM VALUE"
	}
	head := "INSERT INTO " + c.Table.SQL() + " (" + strings.Join(c.columns, ", ") + ")" + over
	return a.tried(ctx, head+" VALUES ("+strings.Join(values, ", ")+")", head+" (a copy of "+c.String()+")")
}

func (a *Asking) try(ctx context.Context, sql string) (Reach, error) { return a.tried(ctx, sql, sql) }

// tried carries a statement out in a savepoint and rolls it back.
func (a *Asking) tried(ctx context.Context, sql, shown string) (Reach, error) {
	var n int64
	err := a.db.apart(ctx, a.tx, func(sp pgx.Tx) (err error) {
		n, err = a.db.exec(ctx, sp, sql)
		return err
	})
	switch code := Code(err); {
	case err == nil && n > 0:
		a.note(shown, fmt.Sprintf("%d row, rolled back", n))
		return Reached, nil
	case err == nil:
		a.note(shown, "no row")
		return Refused, nil
	case code == Unique || code == foreignKey:
		a.note(shown, err.Error())
		return Reached, nil
	case code == Denied:
		a.note(shown, err.Error())
		return Refused, nil
	case code != "" && code != readOnly && code != canceled && code != noLock && code[:2] != "57":
		a.note(shown, err.Error())
		return Unclear, nil
	default:
		return Unclear, err
	}
}
