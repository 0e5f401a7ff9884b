package database

import (
	"fmt"
	"slices"
	"strings"
)

// Migration is what mends a database: statements that take it there, and back.
type Migration struct {
	Steps []Step
	// Left says what it does not mend, and why.
	Left []string
}

// Step is one change, for one reason.
type Step struct {
	Why  string
	Up   string // statements, each ended by a semicolon
	Down string
	// Large says that the step takes long on a table of many rows and is to be
	// carried out apart, and how.
	Large string
	// Role says that the step changes a role of the whole server, which a copy of
	// one database cannot prove.
	Role bool
}

// Mend writes the migration for an estate: row-level security on, forced and by a
// policy for each tenant's table; indexes; views, functions and rights that pass
// it; a role for the application where its own passes the policies. It is made of
// what the catalogue says, and of leaks: the tables, by name, that were seen to
// leak. Of those it replaces each policy that does not compare the tenant with
// what the application sets; of others only what is open on the face of it. It
// refuses where it is not known how the application sets the tenant.
func Mend(e *Estate, leaks []string) (*Migration, error) {
	setting := e.Tenancy.Setting()
	if setting == "" {
		return nil, fmt.Errorf("how the application sets the tenant is not known: give database.tenant, as SELECT set_config('app.tenant_id', $1, true)")
	}
	m := &mender{e: e, setting: setting, leaks: leaks}
	m.role()
	for _, t := range e.Tenanted() {
		m.security(t)
		m.policies(t)
		m.index(t)
		m.public(t)
	}
	m.schemas()
	m.views()
	m.functions()
	m.rest()
	return &m.Migration, nil
}

type mender struct {
	Migration
	e       *Estate
	setting string
	leaks   []string
}

func (m *mender) add(s Step) { m.Steps = append(m.Steps, s) }

func (m *mender) leave(format string, args ...any) {
	m.Left = append(m.Left, fmt.Sprintf(format, args...))
}

// condition compares the tenant of a row with the one that is set. A setting that
// was set before on the same connection is empty, which is no tenant.
func (m *mender) condition(t *Table) string {
	c := m.e.Column(t)
	value := "nullif(current_setting(" + Literal(m.setting) + ", true), '')"
	if col := t.Column(c); col != nil && col.Type != "text" && !strings.HasPrefix(col.Type, "character") {
		value += "::" + col.Type
	}
	return Quote(c) + " = " + value
}

// newPolicy is the policy that a table gets.
const newPolicy = "launchready_tenant"

func (m *mender) security(t *Table) {
	switch {
	case !t.RLS:
		m.add(Step{Why: t.String() + ": row-level security is off",
			Up:   "ALTER TABLE " + t.SQL() + " ENABLE ROW LEVEL SECURITY;\nALTER TABLE " + t.SQL() + " FORCE ROW LEVEL SECURITY;",
			Down: off(t) + "ALTER TABLE " + t.SQL() + " DISABLE ROW LEVEL SECURITY;"})
	case !t.Forced:
		m.add(Step{Why: t.String() + ": its owner passes row-level security",
			Up: "ALTER TABLE " + t.SQL() + " FORCE ROW LEVEL SECURITY;", Down: "ALTER TABLE " + t.SQL() + " NO FORCE ROW LEVEL SECURITY;"})
	}
}

func off(t *Table) string {
	if t.Forced {
		return ""
	}
	return "ALTER TABLE " + t.SQL() + " NO FORCE ROW LEVEL SECURITY;\n"
}

// policies replaces those that do not keep to the tenant, and gives the table one
// for what is left without.
func (m *mender) policies(t *Table) {
	var drop []*Policy
	for i := range t.Policies {
		if p := &t.Policies[i]; p.Permissive && m.open(t, p) {
			drop = append(drop, p)
		}
	}
	for _, p := range drop {
		m.add(Step{Why: fmt.Sprintf("%s: policy %s does not keep to the tenant that the application sets", t, p.Name),
			Up: "DROP POLICY " + Quote(p.Name) + " ON " + t.SQL() + ";", Down: policySQL(t, p)})
	}
	if m.covered(t, drop) {
		return
	}
	c := m.condition(t)
	why := t.String() + ": no policy keeps each command to the tenant"
	if len(drop) > 0 {
		why = t.String() + ": a policy in place of what went"
	}
	m.add(Step{Why: why,
		Up:   "CREATE POLICY " + newPolicy + " ON " + t.SQL() + " USING (" + c + ") WITH CHECK (" + c + ");",
		Down: "DROP POLICY " + newPolicy + " ON " + t.SQL() + ";"})
}

// open reports whether a permissive policy is to go: it lets rows through without
// a look at them or believes a user; or the table leaks and it is not the plain
// comparison of the tenant's column with the setting. How another policy keeps to
// the tenant, by a membership for one, is its author's.
func (m *mender) open(t *Table, p *Policy) bool {
	if slices.ContainsFunc(m.e.Applying(t, All, false), func(r *Policy) bool { return slices.Contains(r.Columns, m.e.Column(t)) }) {
		return false // a restrictive one holds beside
	}
	if !slices.ContainsFunc(p.Roles, func(r string) bool { return r == "" || m.e.Is(m.e.Tenancy.Role, r) }) {
		return false
	}
	all := m.e.Reaches(p)
	if UserClaim(all) != "" || len(p.Columns) == 0 || AlwaysTrue(p.Using) || AlwaysTrue(p.Check) {
		return true
	}
	if !slices.Contains(m.leaks, t.String()) {
		return false
	}
	for _, expr := range []string{p.Using, p.Check} {
		if expr != "" && (len(split(bare(expr), "OR")) > 1 || !m.compares(t, expr, all)) {
			return true
		}
	}
	return false
}

// compares reports whether an expression holds the tenant's column beside = and
// something that leads to the setting.
func (m *mender) compares(t *Table, expr, all string) bool {
	for _, part := range split(bare(expr), "AND") {
		l, r, ok := strings.Cut(bare(part), " = ")
		if !ok {
			continue
		}
		for _, s := range [][2]string{{l, r}, {r, l}} {
			column := strings.Trim(bare(strings.SplitN(bare(s[0]), "::", 2)[0]), `"`)
			if column == m.e.Column(t) && (Mentions(s[1], m.setting) || strings.Contains(s[1], "(") && Mentions(all, m.setting)) {
				return true
			}
		}
	}
	return false
}

// covered reports whether each command that the role may use has a policy once
// some are dropped.
func (m *mender) covered(t *Table, dropped []*Policy) bool {
	for c, may := range map[string]bool{Select: t.May.Select, Insert: t.May.Insert, Update: t.May.Update, Delete: t.May.Delete} {
		left := slices.DeleteFunc(m.e.Applying(t, c, true), func(p *Policy) bool { return slices.Contains(dropped, p) })
		if may && len(left) == 0 {
			return false
		}
	}
	return true
}

// policySQL makes a policy as it is.
func policySQL(t *Table, p *Policy) string {
	var b strings.Builder
	b.WriteString("CREATE POLICY " + Quote(p.Name) + " ON " + t.SQL())
	if !p.Permissive {
		b.WriteString(" AS RESTRICTIVE")
	}
	b.WriteString(" FOR " + p.Command + " TO " + grantees(p.Roles))
	if p.Using != "" {
		b.WriteString(" USING (" + p.Using + ")")
	}
	if p.Check != "" {
		b.WriteString(" WITH CHECK (" + p.Check + ")")
	}
	return b.String() + ";"
}

func grantees(roles []string) string {
	var out []string
	for _, r := range roles {
		if r == "" {
			out = append(out, "PUBLIC")
		} else {
			out = append(out, Quote(r))
		}
	}
	return strings.Join(out, ", ")
}

// largeTable is from how many rows an index is made apart, without a lock.
const largeTable = 100_000

func (m *mender) index(t *Table) {
	c := m.e.Column(t)
	for _, i := range t.Indexes {
		if i.Valid && !i.Partial && len(i.Columns) > 0 && i.Columns[0] == c {
			return
		}
	}
	name := clipName("launchready_" + t.Name + "_" + c)
	s := Step{Why: t.String() + ": no index begins with " + c,
		Up: "CREATE INDEX " + Quote(name) + " ON " + t.SQL() + " (" + Quote(c) + ");", Down: "DROP INDEX " + Quote(t.Schema, name) + ";"}
	if t.Rows >= largeTable {
		s.Large = "CREATE INDEX CONCURRENTLY IF NOT EXISTS " + Quote(name) + " ON " + t.SQL() + " (" + Quote(c) + ");"
		s.Up = strings.Replace(s.Up, "CREATE INDEX ", "CREATE INDEX IF NOT EXISTS ", 1)
	}
	m.add(s)
}

// clipName keeps a name to the 63 bytes that Postgres has for one.
func clipName(s string) string {
	if len(s) <= 63 {
		return s
	}
	return strings.ToValidUTF8(s[:63], "")
}

func (m *mender) public(t *Table) {
	var rights []string
	for _, g := range t.Grants {
		if g.Grantee == "" && !slices.Contains(rights, g.Privilege) {
			rights = append(rights, g.Privilege)
		}
	}
	if len(rights) > 0 {
		list := strings.Join(rights, ", ")
		m.add(Step{Why: t.String() + ": every role has " + list, Up: "REVOKE " + list + " ON " + t.SQL() + " FROM PUBLIC;", Down: "GRANT " + list + " ON " + t.SQL() + " TO PUBLIC;"})
	}
}

func (m *mender) schemas() {
	for _, s := range m.e.Schemas {
		used := slices.ContainsFunc(m.e.Tenanted(), func(t *Table) bool { return t.Schema == s.Name })
		if used && slices.Contains(s.Grants, Grant{"", "CREATE"}) {
			m.add(Step{Why: "schema " + s.Name + ": every role may create in it", Up: "REVOKE CREATE ON SCHEMA " + Quote(s.Name) + " FROM PUBLIC;", Down: "GRANT CREATE ON SCHEMA " + Quote(s.Name) + " TO PUBLIC;"})
		}
	}
}

func (m *mender) views() {
	for _, v := range m.e.Views() {
		past := slices.ContainsFunc(v.Reads, func(oid uint32) bool {
			t, owner := m.e.Table(oid), m.e.Role(v.Owner)
			// Whoever owns both is held to the policies once they are forced.
			return t != nil && m.e.Column(t) != "" && (v.Kind == Materialized || owner == nil || owner.Super || owner.Bypass || v.Owner != t.Owner)
		})
		switch {
		case v.Kind == Materialized && past:
			m.leave("%s is a materialized view: policies cannot cover it; filter it or take it from the application's role", v)
		case v.Invoker || !past:
		case m.e.Version < 150000:
			m.leave("%s: security_invoker needs Postgres 15; give the view an owner that the policies hold for", v)
		default:
			m.add(Step{Why: v.String() + ": it reads as its owner " + v.Owner,
				Up: "ALTER VIEW " + v.SQL() + " SET (security_invoker = true);", Down: "ALTER VIEW " + v.SQL() + " RESET (security_invoker);"})
		}
		for _, oid := range v.Calls {
			if f := m.e.Func(oid); f != nil && f.Definer {
				m.leave("%s reads by %s, which runs as %s: make the function SECURITY INVOKER or let it compare the tenant", v, f, f.Owner)
			}
		}
	}
}

func (m *mender) functions() {
	for i := range m.e.Funcs {
		f := &m.e.Funcs[i]
		if !f.Definer || f.FixedPath() || !f.May && !f.Trigger {
			continue
		}
		name := Quote(f.Schema, f.Name) + "(" + f.Args + ")"
		m.add(Step{Why: f.String() + ": it runs as " + f.Owner + " with its caller's search_path",
			Up:   "ALTER FUNCTION " + name + " SET search_path = pg_catalog, " + Quote(f.Schema) + ", pg_temp;",
			Down: "ALTER FUNCTION " + name + " RESET search_path;"})
	}
}

// role gives the application one of its own, where its role passes or owns what
// should hold it.
func (m *mender) role() {
	r := m.e.Role(m.e.Tenancy.Role)
	if r == nil {
		return
	}
	var owned []*Table
	for _, t := range m.e.Tenanted() {
		if m.e.Is(r.Name, t.Owner) {
			owned = append(owned, t)
		}
	}
	if !r.Super && !r.Bypass && len(owned) == 0 {
		return
	}
	name := clipName(r.Name + "_held")
	if m.e.Role(name) != nil {
		m.leave("%s passes or owns what should hold it, and %s exists already: let the application work as that", r.Name, name)
		return
	}
	q := Quote(name)
	up := []string{"CREATE ROLE " + q + " NOLOGIN NOSUPERUSER NOBYPASSRLS; -- ALTER ROLE … LOGIN PASSWORD …, then let the application connect as it"}
	down := []string{}
	schemas := []string{}
	for i := range m.e.Tables {
		t := &m.e.Tables[i]
		if !t.May.Any() {
			continue
		}
		if !slices.Contains(schemas, t.Schema) {
			schemas = append(schemas, t.Schema)
		}
		if rights := t.May.list(); rights != "" {
			up = append(up, "GRANT "+rights+" ON "+t.SQL()+" TO "+q+";")
			down = append(down, "REVOKE ALL ON "+t.SQL()+" FROM "+q+";")
		}
	}
	for _, s := range schemas {
		up = slices.Insert(up, 1, "GRANT USAGE ON SCHEMA "+Quote(s)+" TO "+q+";", "GRANT USAGE ON ALL SEQUENCES IN SCHEMA "+Quote(s)+" TO "+q+";")
		down = append(down, "REVOKE ALL ON ALL SEQUENCES IN SCHEMA "+Quote(s)+" FROM "+q+";", "REVOKE ALL ON SCHEMA "+Quote(s)+" FROM "+q+";")
	}
	m.add(Step{Role: true, Why: "the application works as " + r.Name + ", which passes or can switch off the policies", Up: strings.Join(up, "\n"), Down: strings.Join(append(down, "DROP ROLE "+q+";"), "\n")})
	m.leave("let the application connect as %s in place of %s: the migration makes the role, and the connection is yours to change", name, r.Name)
}

func (r Rights) list() string {
	var out []string
	for _, x := range []struct {
		has  bool
		name string
	}{{r.Select, Select}, {r.Insert, Insert}, {r.Update, Update}, {r.Delete, Delete}} {
		if x.has {
			out = append(out, x.name)
		}
	}
	return strings.Join(out, ", ")
}

// rest names what a migration that only adds cannot mend.
func (m *mender) rest() {
	for _, t := range m.e.Untenanted() {
		m.leave("%s has no tenant's column: add one, filled from %s", t, m.e.Leads(t))
	}
	for _, t := range m.e.Tenanted() {
		for _, k := range t.Keys {
			if ref := m.e.Table(k.Ref); ref != nil && m.e.Column(ref) != "" && !(slices.Contains(k.Columns, m.e.Column(t)) && slices.Contains(k.RefColumns, m.e.Column(ref))) {
				m.leave("%s.%s refers to %s without the tenant: rows that cross the border must be looked at before a key can forbid them", t, strings.Join(k.Columns, ","), ref)
			}
		}
	}
}

// Up is the migration as a file of SQL, whole or not at all.
func (m *Migration) Up() string { return m.file(false) }

// Down takes it back.
func (m *Migration) Down() string { return m.file(true) }

func (m *Migration) file(down bool) string {
	var b strings.Builder
	b.WriteString("BEGIN;\n")
	steps := slices.Clone(m.Steps)
	if down {
		slices.Reverse(steps)
	}
	for _, s := range steps {
		text := s.Up
		if down {
			text = s.Down
		}
		fmt.Fprintf(&b, "\n-- %s\n%s\n", oneLine(s.Why), text)
	}
	b.WriteString("\nCOMMIT;\n")
	return b.String()
}

// Apart is what is to be carried out before, outside of a transaction; "" when
// there is nothing.
func (m *Migration) Apart() string {
	var b strings.Builder
	for _, s := range m.Steps {
		if s.Large != "" {
			b.WriteString(s.Large + "\n")
		}
	}
	return b.String()
}

func oneLine(s string) string { return strings.NewReplacer("\n", " ", "\r", " ").Replace(s) }

// Provable is the migration without what belongs to the whole server.
func (m *Migration) Provable() *Migration {
	return &Migration{Steps: slices.DeleteFunc(slices.Clone(m.Steps), func(s Step) bool { return s.Role })}
}
