package database

import (
	"regexp"
	"slices"
	"strings"
)

// Tenancy is how an application keeps its tenants in a database.
type Tenancy struct {
	Role    string   // that the application works as
	Set     string   // the statement that sets the tenant, $1 is its id; "" where none is set
	Unset   string   // the one that takes it back
	Columns []string // names of the columns that hold a tenant's id; empty: the usual ones
	Shared  []string // tables that belong to no tenant, with their schema or without
}

// usual are names that the column of the tenant has.
func usual() []string {
	return []string{"tenant_id", "org_id", "organization_id", "account_id", "workspace_id", "company_id", "customer_id"}
}

// Estate is a catalogue seen with a tenancy: which tables hold tenants' rows, in
// which column, and what of them the application's role reaches.
type Estate struct {
	*Catalogue
	Tenancy Tenancy
	column  map[uint32]string // of the tenant, by table
}

// See looks at a catalogue with a tenancy.
func See(c *Catalogue, t Tenancy) *Estate {
	if t.Role == "" {
		t.Role = c.User
	}
	e := &Estate{Catalogue: c, Tenancy: t, column: map[uint32]string{}}
	names := t.Columns
	if len(names) == 0 {
		names = e.commonest()
	}
	for i := range c.Tables {
		tb := &c.Tables[i]
		for _, n := range names {
			if tb.Column(n) != nil && !e.shared(tb) {
				e.column[tb.OID] = n
				break
			}
		}
	}
	e.roots()
	return e
}

// commonest is the usual name that most tables have: where tenant_id is the
// tenant, customer_id is something else.
func (e *Estate) commonest() []string {
	best, most := "", 0
	for _, name := range usual() {
		n := 0
		for i := range e.Tables {
			if t := &e.Tables[i]; !t.IsView() && t.Column(name) != nil {
				n++
			}
		}
		if n > most {
			best, most = name, n
		}
	}
	if best == "" {
		return nil
	}
	return []string{best}
}

// roots finds the tables of the tenants themselves: those that the columns of
// the tenant refer to.
func (e *Estate) roots() {
	found := map[uint32]string{}
	for i := range e.Tables {
		t := &e.Tables[i]
		for _, k := range t.Keys {
			if len(k.Columns) != 1 || len(k.RefColumns) != 1 || e.column[t.OID] != k.Columns[0] {
				continue
			}
			if ref := e.Table(k.Ref); ref != nil && e.column[ref.OID] == "" && !e.shared(ref) {
				found[ref.OID] = k.RefColumns[0]
			}
		}
	}
	for oid, c := range found {
		e.column[oid] = c
	}
}

func (e *Estate) shared(t *Table) bool {
	return slices.ContainsFunc(e.Tenancy.Shared, func(s string) bool { return s == t.String() || s == t.Schema+"."+t.Name || s == t.Name })
}

// Column is the column of the table that holds the tenant's id, "" where it has
// none or belongs to nobody.
func (e *Estate) Column(t *Table) string { return e.column[t.OID] }

// Tenanted lists the tables, no views, that hold tenants' rows and that the
// application's role has a right to.
func (e *Estate) Tenanted() []*Table {
	return e.pick(func(t *Table) bool { return !t.IsView() && t.Kind != Foreign && e.column[t.OID] != "" })
}

// Untenanted lists the tables that have no column of the tenant, are not shared
// and lead by a foreign key, however far, to one that has.
func (e *Estate) Untenanted() []*Table {
	return e.pick(func(t *Table) bool {
		return !t.IsView() && t.Kind != Foreign && e.column[t.OID] == "" && !e.shared(t) && e.Leads(t) != nil
	})
}

// Views lists the views that the application's role may read and that are not shared.
func (e *Estate) Views() []*Table {
	return e.pick(func(t *Table) bool { return t.IsView() && t.May.Select && !e.shared(t) })
}

func (e *Estate) pick(want func(*Table) bool) []*Table {
	var out []*Table
	for i := range e.Tables {
		if t := &e.Tables[i]; t.May.Any() && want(t) {
			out = append(out, t)
		}
	}
	return out
}

// Leads is the first table with a tenant's column that the foreign keys of a
// table lead to, other than the table of the tenants themselves; nil where none.
func (e *Estate) Leads(t *Table) *Table {
	seen := map[uint32]bool{t.OID: true}
	for next := []*Table{t}; len(next) > 0; next = next[1:] {
		for _, k := range next[0].Keys {
			ref := e.Table(k.Ref)
			if ref == nil || seen[ref.OID] {
				continue
			}
			seen[ref.OID] = true
			if e.column[ref.OID] != "" {
				return ref
			}
			next = append(next, ref)
		}
	}
	return nil
}

// Applying lists the policies of a command that hold for the application's role.
func (e *Estate) Applying(t *Table, command string, permissive bool) []*Policy {
	mine := e.closure(e.Tenancy.Role)
	var out []*Policy
	for i := range t.Policies {
		p := &t.Policies[i]
		holds := slices.ContainsFunc(p.Roles, func(r string) bool { return r == "" || slices.Contains(mine, r) })
		if holds && p.Permissive == permissive && (p.Command == All || p.Command == command) {
			out = append(out, p)
		}
	}
	return out
}

// Expressions of a policy that decide a command.
func (p *Policy) Expressions(command string) []string {
	switch {
	case command == Insert && p.Check != "":
		return []string{p.Check}
	case command == Insert && p.Command == All:
		return []string{p.Using} // stands for both
	case command == Insert:
		return nil
	case command == Update && p.Check != "":
		return []string{p.Using, p.Check}
	}
	return []string{p.Using}
}

// Reaches is the text of everything that a policy asks: its expressions and the
// sources of the functions that they call, and of those that these call, a few
// calls deep.
func (e *Estate) Reaches(p *Policy) string {
	var b strings.Builder
	b.WriteString(p.Using + "\n" + p.Check + "\n")
	seen := map[uint32]bool{}
	next := p.Calls
	for depth := 0; depth < 4 && len(next) > 0; depth++ {
		var found []uint32
		for _, oid := range next {
			f := e.Func(oid)
			if f == nil || seen[oid] {
				continue
			}
			seen[oid] = true
			b.WriteString(f.Source + "\n")
			found = append(found, e.called(f.Source)...)
		}
		next = found
	}
	return b.String()
}

// called lists the functions whose name stands in a source before a bracket.
func (e *Estate) called(source string) []uint32 {
	var out []uint32
	for i := range e.Funcs {
		f := &e.Funcs[i]
		if at := strings.Index(source, f.Name); at >= 0 && strings.HasPrefix(strings.TrimLeft(strings.TrimPrefix(source[at+len(f.Name):], `"`), " "), "(") {
			out = append(out, f.OID)
		}
	}
	return out
}

var (
	settingRead = regexp.MustCompile(`(?i)current_setting\s*\(\s*'((?:[^']|'')+)'`)
	settingSet  = regexp.MustCompile(`(?i)set_config\s*\(\s*'((?:[^']|'')+)'|\bSET\s+(?:LOCAL\s+|SESSION\s+)?([a-z_][\w$]*(?:\.[a-z_"][\w$"]*)+)\s*(?:=|TO)`)
)

// Settings lists the settings that a text reads.
func Settings(text string) []string {
	var out []string
	for _, m := range settingRead.FindAllStringSubmatch(text, -1) {
		if name := strings.ReplaceAll(m[1], "''", "'"); !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out
}

// Setting is the name of the setting that the tenant's statement sets, "" where
// it sets none that can be told.
func (t Tenancy) Setting() string {
	m := settingSet.FindStringSubmatch(t.Set)
	switch {
	case m == nil:
		return ""
	case m[1] != "":
		return strings.ReplaceAll(m[1], "''", "'")
	}
	return strings.ReplaceAll(m[2], `"`, "")
}

// claims that a user changes of themselves: user_metadata of a Supabase token,
// and what PostgREST passes on of a request.
var claims = regexp.MustCompile(`(?i)\b(raw_user_meta_data|user_metadata|request\.headers?|request\.cookies?)\b`)

// UserClaim is the first thing in a text that a user sets of themselves, "" where
// there is none.
func UserClaim(text string) string { return strings.ToLower(claims.FindString(text)) }
