package database

import (
	"slices"
	"strings"
)

// Catalogue is what a database says of itself, as far as its role may know.
// Objects of the system and of extensions are left out.
type Catalogue struct {
	Version  int    // server_version_num: 150004
	Database string // name
	User     string // who reads it
	Replica  bool   // it is a standby, which cannot be written to
	Roles    []Role
	Schemas  []Schema
	Tables   []Table // tables, partitioned tables, views, materialized views, foreign tables
	Funcs    []Function
	// Unread says what could not be read, and why. What is missing there is not
	// known to be right.
	Unread []string
}

// Role is a role of the server.
type Role struct {
	Name                             string
	Super, Bypass, Login, CreateRole bool
	MemberOf                         []string
}

// Schema is a schema with who may do what in it.
type Schema struct {
	Name, Owner string
	Grants      []Grant
}

// Grant is one right. Grantee "" is PUBLIC.
type Grant struct{ Grantee, Privilege string }

// Kinds of table.
const (
	Ordinary     = "table"
	Partitioned  = "partitioned table"
	View         = "view"
	Materialized = "materialized view"
	Foreign      = "foreign table"
)

// Table is a table or a view.
type Table struct {
	Schema, Name, Kind, Owner string
	OID                       uint32
	RLS, Forced               bool
	Partition                 bool    // of another table
	Rows                      float64 // by the statistics; -1: never counted
	Invoker                   bool    // of a view: security_invoker
	Definition                string  // of a view
	Columns                   []Column
	Policies                  []Policy
	Indexes                   []Index
	Keys                      []ForeignKey
	Grants                    []Grant
	Reads                     []uint32 // of a view: the tables and views that it names
	Calls                     []uint32 // of a view: the functions that it names
	// May is what the application's role has a right to, before any policy.
	May Rights
}

// Rights on a table.
type Rights struct{ Select, Insert, Update, Delete bool }

// Any reports whether there is one.
func (r Rights) Any() bool { return r.Select || r.Insert || r.Update || r.Delete }

// Column is a column of a table.
type Column struct {
	Name, Type string
	Number     int16
	NotNull    bool
	Default    bool
	Generated  bool // computed; cannot be written
	Always     bool // an identity that is always generated
	Kind       byte // of its type: b base, e enum, d domain, c composite, r range
	Label      string
}

// Commands of a policy.
const (
	All    = "ALL"
	Select = "SELECT"
	Insert = "INSERT"
	Update = "UPDATE"
	Delete = "DELETE"
)

// Policy is a row-level security policy.
type Policy struct {
	OID          uint32
	Name         string
	Command      string
	Permissive   bool
	Roles        []string // "" is PUBLIC
	Using, Check string   // expressions; "" when there is none
	Columns      []string // columns of its own table that it reads
	Calls        []uint32 // functions
}

// Index is an index.
type Index struct {
	Name    string
	Columns []string // in order; "" for an expression
	Unique  bool
	Primary bool
	Valid   bool
	Partial bool
}

// ForeignKey ties rows of two tables together.
type ForeignKey struct {
	Name       string
	Columns    []string
	Ref        uint32 // OID of the other table
	RefColumns []string
}

// Function is a function or procedure.
type Function struct {
	OID                uint32
	Schema, Name, Args string
	Owner, Language    string
	Definer, Trigger   bool
	Config             []string // settings that it runs with: search_path=…
	Source             string
	Bound              bool // its body was resolved when it was made (BEGIN ATOMIC)
	May                bool // the application's role may call it
	Everyone           bool // PUBLIC may call it
}

// FixedPath reports whether the function brings its own search_path.
func (f *Function) FixedPath() bool {
	return f.Bound || slices.ContainsFunc(f.Config, func(c string) bool { return strings.HasPrefix(c, "search_path=") })
}

// String is the function's name with its schema, unless that is public.
func (f *Function) String() string { return plain(f.Schema, f.Name) + "(" + f.Args + ")" }

// String is the table's name with its schema, unless that is public.
func (t *Table) String() string { return plain(t.Schema, t.Name) }

// SQL is the table's name for a statement.
func (t *Table) SQL() string { return Quote(t.Schema, t.Name) }

func plain(schema, name string) string {
	if schema == "public" {
		return name
	}
	return schema + "." + name
}

// IsView reports whether it is a view of either kind.
func (t *Table) IsView() bool { return t.Kind == View || t.Kind == Materialized }

// Column finds a column.
func (t *Table) Column(name string) *Column {
	for i := range t.Columns {
		if t.Columns[i].Name == name {
			return &t.Columns[i]
		}
	}
	return nil
}

// Key is the columns by which one row is found through an index: the primary
// key, or the shortest unique one. Nil without one.
func (t *Table) Key() []string {
	var best []string
	for _, i := range t.Indexes {
		switch {
		case !i.Unique || !i.Valid || i.Partial || slices.Contains(i.Columns, ""):
		case i.Primary:
			return i.Columns
		case best == nil || len(i.Columns) < len(best):
			best = i.Columns
		}
	}
	return best
}

// Table finds a table by its OID.
func (c *Catalogue) Table(oid uint32) *Table {
	for i := range c.Tables {
		if c.Tables[i].OID == oid {
			return &c.Tables[i]
		}
	}
	return nil
}

// Named finds a table by its name as [Table.String] has it.
func (c *Catalogue) Named(name string) *Table {
	for i := range c.Tables {
		if c.Tables[i].String() == name {
			return &c.Tables[i]
		}
	}
	return nil
}

// Func finds a function by its OID.
func (c *Catalogue) Func(oid uint32) *Function {
	for i := range c.Funcs {
		if c.Funcs[i].OID == oid {
			return &c.Funcs[i]
		}
	}
	return nil
}

// Role finds a role.
func (c *Catalogue) Role(name string) *Role {
	for i := range c.Roles {
		if c.Roles[i].Name == name {
			return &c.Roles[i]
		}
	}
	return nil
}

// Is reports whether a role is another one or a member of it, however far.
func (c *Catalogue) Is(role, of string) bool { return slices.Contains(c.closure(role), of) }

// closure is the role and all that it is a member of.
func (c *Catalogue) closure(role string) []string {
	out := []string{role}
	for i := 0; i < len(out); i++ {
		r := c.Role(out[i])
		if r == nil {
			continue
		}
		for _, m := range r.MemberOf {
			if !slices.Contains(out, m) {
				out = append(out, m)
			}
		}
	}
	return out
}

// Exempt reports whether row-level security of the table does not hold for the
// role, and why.
func (c *Catalogue) Exempt(role string, t *Table) (why string) {
	r := c.Role(role)
	switch {
	case r != nil && r.Super:
		return "it is a superuser"
	case r != nil && r.Bypass:
		return "it has BYPASSRLS"
	case !t.Forced && c.Is(role, t.Owner):
		return "it owns the table, whose row-level security is not forced"
	}
	return ""
}
