package database

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
)

// sourceBytes is how much of a view's or a function's text is kept.
const sourceBytes = 32 << 10

// Read reads the catalogue for an application that works as the role; "" is the
// connection's own. What the connection may not read is in Unread. It fails only
// where nothing can be read, or the role is none ([ErrNoRole]).
func (d *DB) Read(ctx context.Context, role string) (*Catalogue, error) {
	c := &Catalogue{}
	err := d.within(ctx, false, func(ctx context.Context, tx pgx.Tx) error {
		// Names in expressions come out whole whatever the role's own path is.
		if _, err := d.exec(ctx, tx, "SET LOCAL search_path = pg_catalog"); err != nil {
			return err
		}
		_, err := d.rows(ctx, tx, 1, func(r pgx.Rows) error { return r.Scan(&c.Version, &c.Database, &c.User, &c.Replica) },
			"SELECT current_setting('server_version_num')::int, current_database()::text, current_user::text, pg_is_in_recovery()")
		if err != nil {
			return err
		}
		if role == "" {
			role = c.User
		}
		r := &reader{DB: d, tx: tx, c: c, role: role, tables: map[uint32]int{}}
		for _, part := range []struct {
			what string
			read func(context.Context) error
		}{
			{"roles", r.roles}, {"schemas", r.schemas}, {"tables", r.readTables}, {"rights of the application's role", r.rights}, {"columns", r.columns},
			{"policies", r.policies}, {"what policies read", r.policyColumns}, {"indexes", r.indexes}, {"foreign keys", r.keys}, {"grants", r.grants},
			{"functions", r.functions}, {"what views read", r.views},
		} {
			err := d.apart(ctx, tx, func(sp pgx.Tx) error { r.tx = sp; return part.read(ctx) })
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if err != nil && d.conn.IsClosed() {
				return fmt.Errorf("%w: %w", ErrUnreachable, err)
			}
			if err != nil {
				c.Unread = append(c.Unread, part.what+": "+err.Error())
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the catalogue: %w", err)
	}
	if len(c.Roles) > 0 && c.Role(role) == nil {
		return nil, fmt.Errorf("%w: %q", ErrNoRole, clip(role, 80))
	}
	return c, nil
}

// reader fills a catalogue.
type reader struct {
	*DB
	tx     pgx.Tx
	c      *Catalogue
	role   string
	tables map[uint32]int // by OID
}

// all reads every row of a query, up to the limit of objects.
func (r *reader) all(ctx context.Context, what string, scan func(pgx.Rows) error, sql string, args ...any) error {
	more, err := r.rows(ctx, r.tx, r.limits.Objects, scan, sql, args...)
	if more {
		r.c.Unread = append(r.c.Unread, fmt.Sprintf("%s: only the first %d were read", what, r.limits.Objects))
	}
	return err
}

func (r *reader) roles(ctx context.Context) error {
	return r.all(ctx, "roles", func(rs pgx.Rows) error {
		var o Role
		if err := rs.Scan(&o.Name, &o.Super, &o.Bypass, &o.Login, &o.CreateRole, &o.MemberOf); err != nil {
			return err
		}
		r.c.Roles = append(r.c.Roles, o)
		return nil
	}, `SELECT r.rolname::text, r.rolsuper, r.rolbypassrls, r.rolcanlogin, r.rolcreaterole,
		ARRAY(SELECT b.rolname::text FROM pg_auth_members m JOIN pg_roles b ON b.oid = m.roleid WHERE m.member = r.oid ORDER BY 1)
		FROM pg_roles r ORDER BY r.rolname LIMIT $1`, r.limits.Objects+1)
}

// ours leaves out what belongs to the system or to an extension.
const ours = `n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'`

const noExtension = `NOT EXISTS (SELECT 1 FROM pg_depend e WHERE e.classid = %s AND e.objid = %s AND e.deptype = 'e')`

func (r *reader) schemas(ctx context.Context) error {
	at := map[string]int{}
	return r.all(ctx, "schemas", func(rs pgx.Rows) error {
		var s Schema
		var grantee, privilege *string
		if err := rs.Scan(&s.Name, &s.Owner, &grantee, &privilege); err != nil {
			return err
		}
		i, have := at[s.Name]
		if !have {
			i = len(r.c.Schemas)
			at[s.Name] = i
			r.c.Schemas = append(r.c.Schemas, s)
		}
		if grantee != nil && privilege != nil {
			r.c.Schemas[i].Grants = append(r.c.Schemas[i].Grants, Grant{*grantee, *privilege})
		}
		return nil
	}, `SELECT n.nspname::text, pg_get_userbyid(n.nspowner)::text, CASE WHEN a.grantee = 0 THEN '' ELSE pg_get_userbyid(a.grantee)::text END, a.privilege_type::text
		FROM pg_namespace n LEFT JOIN LATERAL aclexplode(n.nspacl) a ON true WHERE `+ours+` ORDER BY 1, 3, 4 LIMIT $1`, r.limits.Objects+1)
}

func (r *reader) readTables(ctx context.Context) error {
	invoker := `false`
	if r.c.Version >= 150000 {
		invoker = `coalesce((SELECT o.option_value::boolean FROM pg_options_to_table(c.reloptions) o WHERE o.option_name = 'security_invoker'), false)`
	}
	kinds := map[string]string{"r": Ordinary, "p": Partitioned, "v": View, "m": Materialized, "f": Foreign}
	return r.all(ctx, "tables", func(rs pgx.Rows) error {
		var t Table
		var kind string
		if err := rs.Scan(&t.OID, &t.Schema, &t.Name, &kind, &t.Owner, &t.RLS, &t.Forced, &t.Partition, &t.Rows, &t.Invoker, &t.Definition); err != nil {
			return err
		}
		t.Kind = kinds[kind]
		r.tables[t.OID] = len(r.c.Tables)
		r.c.Tables = append(r.c.Tables, t)
		return nil
	}, `SELECT c.oid, n.nspname::text, c.relname::text, c.relkind::text, pg_get_userbyid(c.relowner)::text, c.relrowsecurity, c.relforcerowsecurity,
		c.relispartition, c.reltuples::float8, `+invoker+`, CASE WHEN c.relkind IN ('v', 'm') THEN left(coalesce(pg_get_viewdef(c.oid), ''), `+fmt.Sprint(sourceBytes)+`) ELSE '' END
		FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND c.relpersistence <> 't' AND `+ours+` AND `+fmt.Sprintf(noExtension, "'pg_class'::regclass", "c.oid")+`
		ORDER BY 2, 3 LIMIT $1`, r.limits.Objects+1)
}

// oids are the tables that were read, as an array in SQL: numbers need no quotes.
func (r *reader) oids() string {
	var b strings.Builder
	b.WriteString("'{")
	for i := range r.c.Tables {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprint(&b, r.c.Tables[i].OID)
	}
	b.WriteString("}'::oid[]")
	return b.String()
}

func (r *reader) table(oid uint32) *Table {
	if i, ok := r.tables[oid]; ok {
		return &r.c.Tables[i]
	}
	return &Table{}
}

func (r *reader) rights(ctx context.Context) error {
	if r.c.Role(r.role) == nil {
		return nil // said by Read
	}
	return r.all(ctx, "rights", func(rs pgx.Rows) error {
		var oid uint32
		var m Rights
		if err := rs.Scan(&oid, &m.Select, &m.Insert, &m.Update, &m.Delete); err != nil {
			return err
		}
		r.table(oid).May = m
		return nil
	}, `SELECT c.oid, u.ok AND has_any_column_privilege($1::name, c.oid, 'SELECT'), u.ok AND has_any_column_privilege($1::name, c.oid, 'INSERT'),
		u.ok AND has_any_column_privilege($1::name, c.oid, 'UPDATE'), u.ok AND has_table_privilege($1::name, c.oid, 'DELETE')
		FROM pg_class c, LATERAL (SELECT has_schema_privilege($1::name, c.relnamespace, 'USAGE') AS ok) u WHERE c.oid = ANY (`+r.oids()+`) LIMIT $2`, r.role, r.limits.Objects+1)
}

func (r *reader) columns(ctx context.Context) error {
	generated := `false`
	if r.c.Version >= 120000 {
		generated = `a.attgenerated <> ''`
	}
	return r.all(ctx, "columns", func(rs pgx.Rows) error {
		var oid uint32
		var c Column
		var kind string
		if err := rs.Scan(&oid, &c.Name, &c.Number, &c.Type, &c.NotNull, &c.Default, &c.Generated, &c.Always, &kind, &c.Label); err != nil {
			return err
		}
		c.Kind = kind[0]
		t := r.table(oid)
		t.Columns = append(t.Columns, c)
		return nil
	}, `SELECT a.attrelid, a.attname::text, a.attnum, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.atthasdef OR a.attidentity <> '', `+generated+`, a.attidentity = 'a', y.typtype::text,
		coalesce((SELECT e.enumlabel::text FROM pg_enum e WHERE e.enumtypid = a.atttypid ORDER BY e.enumsortorder LIMIT 1), '')
		FROM pg_attribute a JOIN pg_type y ON y.oid = a.atttypid WHERE a.attrelid = ANY (`+r.oids()+`) AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attrelid, a.attnum LIMIT $1`, r.limits.Objects+1)
}

func (r *reader) policies(ctx context.Context) error {
	commands := map[string]string{"*": All, "r": Select, "a": Insert, "w": Update, "d": Delete}
	return r.all(ctx, "policies", func(rs pgx.Rows) error {
		var oid uint32
		var p Policy
		var command string
		if err := rs.Scan(&oid, &p.OID, &p.Name, &command, &p.Permissive, &p.Roles, &p.Using, &p.Check); err != nil {
			return err
		}
		p.Command = commands[command]
		t := r.table(oid)
		t.Policies = append(t.Policies, p)
		return nil
	}, `SELECT p.polrelid, p.oid, p.polname::text, p.polcmd::text, p.polpermissive,
		ARRAY(SELECT CASE WHEN x = 0 THEN '' ELSE pg_get_userbyid(x)::text END FROM unnest(p.polroles) x ORDER BY 1),
		coalesce(pg_get_expr(p.polqual, p.polrelid), ''), coalesce(pg_get_expr(p.polwithcheck, p.polrelid), '')
		FROM pg_policy p WHERE p.polrelid = ANY (`+r.oids()+`) ORDER BY p.polrelid, p.polname LIMIT $1`, r.limits.Objects+1)
}

func (r *reader) policyColumns(ctx context.Context) error {
	at := map[uint32]*Policy{}
	for i := range r.c.Tables {
		for j := range r.c.Tables[i].Policies {
			at[r.c.Tables[i].Policies[j].OID] = &r.c.Tables[i].Policies[j]
		}
	}
	return r.all(ctx, "what policies read", func(rs pgx.Rows) error {
		var oid, called uint32
		var column string
		if err := rs.Scan(&oid, &column, &called); err != nil {
			return err
		}
		p := at[oid]
		switch {
		case p == nil:
		case called != 0:
			p.Calls = append(p.Calls, called)
		case !slices.Contains(p.Columns, column):
			p.Columns = append(p.Columns, column)
		}
		return nil
	}, `SELECT d.objid, coalesce(a.attname::text, ''), CASE WHEN d.refclassid = 'pg_proc'::regclass THEN d.refobjid ELSE 0::oid END
		FROM pg_depend d JOIN pg_policy p ON p.oid = d.objid
		LEFT JOIN pg_attribute a ON d.refclassid = 'pg_class'::regclass AND a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
		WHERE d.classid = 'pg_policy'::regclass AND p.polrelid = ANY (`+r.oids()+`)
		AND (d.refclassid = 'pg_proc'::regclass OR d.refclassid = 'pg_class'::regclass AND d.refobjid = p.polrelid AND d.refobjsubid > 0) ORDER BY 1, 2 LIMIT $1`, r.limits.Objects+1)
}

func (r *reader) indexes(ctx context.Context) error {
	return r.all(ctx, "indexes", func(rs pgx.Rows) error {
		var oid uint32
		var i Index
		if err := rs.Scan(&oid, &i.Name, &i.Columns, &i.Unique, &i.Primary, &i.Valid, &i.Partial); err != nil {
			return err
		}
		t := r.table(oid)
		t.Indexes = append(t.Indexes, i)
		return nil
	}, `SELECT i.indrelid, x.relname::text,
		ARRAY(SELECT coalesce((SELECT a.attname::text FROM pg_attribute a WHERE a.attrelid = i.indrelid AND a.attnum = k.n), '') FROM unnest(i.indkey::int2[]) WITH ORDINALITY k(n, o) WHERE k.o <= i.indnkeyatts ORDER BY k.o),
		i.indisunique, i.indisprimary, i.indisvalid, i.indpred IS NOT NULL
		FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid WHERE i.indrelid = ANY (`+r.oids()+`) ORDER BY i.indrelid, 2 LIMIT $1`, r.limits.Objects+1)
}

func (r *reader) keys(ctx context.Context) error {
	names := `ARRAY(SELECT a.attname::text FROM unnest(%s) WITH ORDINALITY u(n, o) JOIN pg_attribute a ON a.attrelid = %s AND a.attnum = u.n ORDER BY u.o)`
	return r.all(ctx, "foreign keys", func(rs pgx.Rows) error {
		var oid uint32
		var k ForeignKey
		if err := rs.Scan(&oid, &k.Name, &k.Columns, &k.Ref, &k.RefColumns); err != nil {
			return err
		}
		t := r.table(oid)
		t.Keys = append(t.Keys, k)
		return nil
	}, `SELECT k.conrelid, k.conname::text, `+fmt.Sprintf(names, "k.conkey", "k.conrelid")+`, k.confrelid, `+fmt.Sprintf(names, "k.confkey", "k.confrelid")+`
		FROM pg_constraint k WHERE k.contype = 'f' AND k.conparentid = 0 AND k.conrelid = ANY (`+r.oids()+`) ORDER BY 1, 2 LIMIT $1`, r.limits.Objects+1)
}

func (r *reader) grants(ctx context.Context) error {
	return r.all(ctx, "grants", func(rs pgx.Rows) error {
		var oid uint32
		var g Grant
		if err := rs.Scan(&oid, &g.Grantee, &g.Privilege); err != nil {
			return err
		}
		t := r.table(oid)
		t.Grants = append(t.Grants, g)
		return nil
	}, `SELECT DISTINCT c.oid, CASE WHEN a.grantee = 0 THEN '' ELSE pg_get_userbyid(a.grantee)::text END, a.privilege_type::text
		FROM pg_class c, LATERAL aclexplode(c.relacl) a WHERE c.oid = ANY (`+r.oids()+`) ORDER BY 1, 2, 3 LIMIT $1`, r.limits.Objects+1)
}

func (r *reader) functions(ctx context.Context) error {
	bound := `false`
	if r.c.Version >= 140000 {
		bound = `p.prosqlbody IS NOT NULL`
	}
	may := `false`
	if r.c.Role(r.role) != nil {
		may = `has_schema_privilege(` + Literal(r.role) + `::name, p.pronamespace, 'USAGE') AND has_function_privilege(` + Literal(r.role) + `::name, p.oid, 'EXECUTE')`
	}
	return r.all(ctx, "functions", func(rs pgx.Rows) error {
		var f Function
		if err := rs.Scan(&f.OID, &f.Schema, &f.Name, &f.Args, &f.Owner, &f.Language, &f.Definer, &f.Trigger, &f.Config, &f.Source, &f.Bound, &f.May, &f.Everyone); err != nil {
			return err
		}
		r.c.Funcs = append(r.c.Funcs, f)
		return nil
	}, `SELECT p.oid, n.nspname::text, p.proname::text, pg_get_function_identity_arguments(p.oid), pg_get_userbyid(p.proowner)::text, l.lanname::text, p.prosecdef,
		p.prorettype = 'trigger'::regtype, coalesce(p.proconfig, '{}'), left(p.prosrc, `+fmt.Sprint(sourceBytes)+`), `+bound+`, `+may+`,
		p.proacl IS NULL OR EXISTS (SELECT 1 FROM aclexplode(p.proacl) a WHERE a.grantee = 0 AND a.privilege_type = 'EXECUTE')
		FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_language l ON l.oid = p.prolang
		WHERE `+ours+` AND l.lanname NOT IN ('c', 'internal') AND `+fmt.Sprintf(noExtension, "'pg_proc'::regclass", "p.oid")+` ORDER BY 2, 3, 4 LIMIT $1`, r.limits.Objects+1)
}

func (r *reader) views(ctx context.Context) error {
	return r.all(ctx, "what views read", func(rs pgx.Rows) error {
		var oid, other uint32
		var function bool
		if err := rs.Scan(&oid, &other, &function); err != nil {
			return err
		}
		t := r.table(oid)
		if function {
			t.Calls = append(t.Calls, other)
		} else {
			t.Reads = append(t.Reads, other)
		}
		return nil
	}, `SELECT DISTINCT w.ev_class, d.refobjid, d.refclassid = 'pg_proc'::regclass FROM pg_rewrite w
		JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid AND d.refclassid IN ('pg_class'::regclass, 'pg_proc'::regclass)
		WHERE w.ev_class = ANY (`+r.oids()+`) AND d.refobjid <> w.ev_class ORDER BY 1, 2 LIMIT $1`, r.limits.Objects+1)
}
