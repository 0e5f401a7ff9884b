package database

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// Tenants are ids of two made-up tenants, of the type that the estate's columns have.
func (e *Estate) Tenants() [2]string {
	if tables := e.Tenanted(); len(tables) > 0 {
		switch typ := tables[0].Column(e.Column(tables[0])).Type; {
		case typ == "uuid":
			return [2]string{"10000000-0000-4000-8000-00000000000a", "10000000-0000-4000-8000-00000000000b"}
		case strings.Contains(typ, "int") || strings.HasPrefix(typ, "numeric"):
			return [2]string{"910001", "910002"}
		}
	}
	return [2]string{"launchready-a", "launchready-b"}
}

// Fill puts a made-up row of each of two tenants into every table of the copy, as
// far as their columns and keys let it, and says which have none. The copy has
// no other data.
func (c *Twin) Fill(ctx context.Context, e *Estate, tenants [2]string) (left []string) {
	f := &filler{c: c, e: e, made: map[uint32]map[string]map[string]string{}}
	for _, t := range f.ordered() {
		for i, id := range tenants {
			if err := f.row(ctx, t, id, i); err != nil {
				left = append(left, t.String()+": "+err.Error())
				break
			}
		}
	}
	return left
}

type filler struct {
	c    *Twin
	e    *Estate
	made map[uint32]map[string]map[string]string // by table, tenant and column
	n    int
}

// ordered are the tables, those that others refer to first.
func (f *filler) ordered() []*Table {
	var out []*Table
	state := map[uint32]int{}
	var visit func(t *Table)
	visit = func(t *Table) {
		if t == nil || state[t.OID] != 0 || t.IsView() || t.Kind == Foreign || t.Partition {
			return
		}
		state[t.OID] = 1
		for _, k := range t.Keys {
			visit(f.e.Table(k.Ref))
		}
		out = append(out, t)
	}
	for i := range f.e.Tables {
		visit(&f.e.Tables[i])
	}
	return out
}

// row makes one. Whether policies hold for the owner is lifted for as long.
func (f *filler) row(ctx context.Context, t *Table, tenant string, which int) error {
	values := f.values(t, tenant, which)
	columns := make([]string, 0, len(values))
	literals := make([]string, 0, len(values))
	over := ""
	for _, col := range t.Columns {
		v, ok := values[col.Name]
		if !ok {
			continue
		}
		if col.Always {
			over = " OVERRIDING SYSTEM VALUE"
		}
		columns, literals = append(columns, Quote(col.Name)), append(literals, Literal(v))
	}
	insert := "INSERT INTO " + t.SQL() + " DEFAULT VALUES"
	if len(columns) > 0 {
		insert = "INSERT INTO " + t.SQL() + " (" + strings.Join(columns, ", ") + ")" + over + " VALUES (" + strings.Join(literals, ", ") + ")"
	}
	sql := "BEGIN; ALTER TABLE " + t.SQL() + " NO FORCE ROW LEVEL SECURITY; " + insert + "; "
	if t.Forced {
		sql += "ALTER TABLE " + t.SQL() + " FORCE ROW LEVEL SECURITY; "
	}
	if err := f.c.Apply(ctx, sql+"COMMIT"); err != nil {
		return err
	}
	if f.made[t.OID] == nil {
		f.made[t.OID] = map[string]map[string]string{}
	}
	f.made[t.OID][tenant] = values
	return nil
}

// values of a row: the tenant, what it refers to, and whatever must not be empty.
func (f *filler) values(t *Table, tenant string, which int) map[string]string {
	out := map[string]string{}
	if c := f.e.Column(t); c != "" {
		out[c] = tenant
	}
	referred := []string{}
	for _, k := range t.Keys {
		for i, col := range k.Columns {
			if v, ok := f.made[k.Ref][tenant][k.RefColumns[i]]; ok {
				out[col] = v
			}
			referred = append(referred, col)
		}
	}
	keyed := t.Key()
	for _, col := range t.Columns {
		f.n++
		if _, have := out[col.Name]; have || col.Generated {
			continue
		}
		key := slices.Contains(keyed, col.Name) // known, so that others may refer to it
		unique := slices.ContainsFunc(t.Indexes, func(i Index) bool { return i.Unique && slices.Contains(i.Columns, col.Name) })
		if key || unique || col.NotNull && !col.Default || slices.Contains(f.referenced(t), col.Name) {
			if !slices.Contains(referred, col.Name) {
				out[col.Name] = sample(col, f.n*2+which)
			}
		}
	}
	return out
}

// referenced are the columns of a table that keys of others name.
func (f *filler) referenced(t *Table) []string {
	var out []string
	for i := range f.e.Tables {
		for _, k := range f.e.Tables[i].Keys {
			if k.Ref == t.OID {
				out = append(out, k.RefColumns...)
			}
		}
	}
	return out
}

// sample is a value of a column's type; n makes it another each time.
func sample(c Column, n int) string {
	if c.Kind == 'e' {
		return c.Label
	}
	typ, _, _ := strings.Cut(c.Type, "(")
	switch {
	case strings.HasSuffix(c.Type, "[]"):
		return "{}"
	case typ == "uuid":
		return fmt.Sprintf("20000000-0000-4000-8000-%012d", n)
	case strings.Contains(typ, "int"), typ == "numeric", typ == "real", typ == "double precision", typ == "money":
		return fmt.Sprint(n)
	case typ == "boolean":
		return "false"
	case strings.HasPrefix(typ, "timestamp"), typ == "date":
		return "2027-01-01"
	case strings.HasPrefix(typ, "time"):
		return "12:00"
	case typ == "interval":
		return "1 day"
	case typ == "json", typ == "jsonb":
		return "{}"
	case typ == "bytea":
		return fmt.Sprintf(`\x%08x`, n)
	case typ == "inet", typ == "cidr":
		return "127.0.0.1"
	case typ == "tsvector":
		return "x"
	case typ == "character varying" || typ == "character":
		return fmt.Sprint("x", n)
	}
	return fmt.Sprint("launchready-", n)
}

// Same reports what differs between the schemas of two catalogues in what a
// migration of this package touches; nothing, where one undid the other.
func Same(a, b *Catalogue) []string {
	var out []string
	for i := range a.Tables {
		x := &a.Tables[i]
		y := b.Named(x.String())
		if y == nil {
			out = append(out, x.String()+" is gone")
			continue
		}
		if describe(x) != describe(y) {
			out = append(out, x.String()+" differs")
		}
	}
	for i := range a.Funcs {
		x := &a.Funcs[i]
		at := slices.IndexFunc(b.Funcs, func(f Function) bool { return f.String() == x.String() })
		if at < 0 || !slices.Equal(x.Config, b.Funcs[at].Config) {
			out = append(out, x.String()+" differs")
		}
	}
	return out
}

func describe(t *Table) string {
	var b strings.Builder
	fmt.Fprint(&b, t.RLS, t.Forced, t.Invoker, t.Owner, t.Grants)
	for _, p := range t.Policies {
		fmt.Fprint(&b, "|", p.Name, p.Command, p.Permissive, p.Roles, p.Using, p.Check)
	}
	for _, i := range t.Indexes {
		fmt.Fprint(&b, "|", i.Name, i.Columns, i.Unique)
	}
	return b.String()
}
