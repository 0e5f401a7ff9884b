package database

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// statement makes one object of a schema, or gives it to its owner.
type statement struct{ what, sql string }

// ErrNotWhole is why a schema that was read here is no copy.
var ErrNotWhole = errors.New("the schema could not be read whole")

// schema is the database's schema as statements, for where no pg_dump does it: each
// query below writes one kind of them, by the functions with which Postgres prints
// its own catalogue. What a proof does not ask is left out: data, comments,
// statistics, publications, event triggers, aggregates and foreign tables.
func (d *DB) schema(ctx context.Context, c *Catalogue) ([]statement, error) {
	var out []statement
	size := 0
	err := d.within(ctx, false, func(ctx context.Context, tx pgx.Tx) error {
		if _, err := d.exec(ctx, tx, "SET LOCAL search_path = pg_catalog"); err != nil { // or names come out short
			return err
		}
		read := func(q string) error {
			more, err := d.rows(ctx, tx, d.limits.Objects, func(r pgx.Rows) error {
				var s statement
				err := r.Scan(&s.what, &s.sql)
				size += len(s.sql)
				out = append(out, s)
				return err
			}, q)
			if err == nil && (more || size > maxDump) {
				err = errors.New("it holds more than is read")
			}
			if err != nil {
				return fmt.Errorf("%w: %w", ErrNotWhole, err)
			}
			return nil
		}
		for _, q := range making {
			if err := read(q); err != nil {
				return err
			}
		}
		out = append(out, policiesOf(c)...)
		for _, q := range owning {
			if err := read(q); err != nil {
				return err
			}
		}
		return nil
	})
	return out, err
}

func policiesOf(c *Catalogue) (out []statement) {
	for i := range c.Tables {
		t := &c.Tables[i]
		if t.RLS {
			out = append(out, statement{t.String(), "ALTER TABLE " + t.SQL() + " ENABLE ROW LEVEL SECURITY"})
		}
		if t.Forced {
			out = append(out, statement{t.String(), "ALTER TABLE " + t.SQL() + " FORCE ROW LEVEL SECURITY"})
		}
		for j := range t.Policies {
			out = append(out, statement{"policy " + t.Policies[j].Name + " of " + t.String(), policySQL(t, &t.Policies[j])})
		}
	}
	return out
}

// lay carries the statements out. Which needs which is found by trying: what fails
// waits for the rest, as long as each round gets on.
func (c *Twin) lay(ctx context.Context, list []statement) error {
	if err := c.carry(ctx, "SET search_path = pg_catalog; SET check_function_bodies = off; SET client_min_messages = error"); err != nil {
		return err
	}
	for len(list) > 0 {
		var left []statement
		var why []string
		for _, s := range list {
			_, err := c.conn.Exec(ctx, s.sql)
			var pe *pgconn.PgError
			switch {
			case err == nil:
			case ctx.Err() != nil || !errors.As(err, &pe):
				return c.said(err)
			case pe.Code == "42710" || pe.Code == "42P07" || pe.Code == "42723" || pe.Code == "42P06":
				// It came with another: a partition's trigger, an index of a constraint.
			default:
				left = append(left, s)
				if len(why) < 3 {
					why = append(why, s.what+": "+c.said(err).Error())
				}
			}
		}
		if len(left) == len(list) {
			return fmt.Errorf("%w: %d of its objects cannot be made again: %s", ErrNotWhole, len(left), strings.Join(why, "; "))
		}
		list = left
	}
	return c.carry(ctx, "RESET search_path; RESET check_function_bodies; RESET client_min_messages")
}

// like says where the copy is not the database that it was made of. Indexes of
// partitions get names of their own.
func (c *Twin) like(ctx context.Context, of *Catalogue) error {
	is, err := c.Read(ctx, "")
	if err != nil {
		return err
	}
	was := *of
	was.Tables = slices.DeleteFunc(slices.Clone(of.Tables), func(t Table) bool { return t.Partition })
	if diff := append(is.Unread, Same(&was, is)...); len(diff) > 0 {
		return fmt.Errorf("%w: %s", ErrNotWhole, clip(strings.Join(diff, "; "), 300))
	}
	return nil
}

// Pieces of the queries.
const (
	ofTable    = ` FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE ` + ours + ` AND NOT EXISTS (SELECT 1 FROM pg_depend e WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid AND e.deptype = 'e')`
	ofFunction = ` FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE p.prokind IN ('f', 'p') AND ` + ours + ` AND NOT EXISTS (SELECT 1 FROM pg_depend e WHERE e.classid = 'pg_proc'::regclass AND e.objid = p.oid AND e.deptype IN ('e', 'i'))`
	ofType     = ` FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace WHERE ` + ours + ` AND NOT EXISTS (SELECT 1 FROM pg_depend e WHERE e.classid = 'pg_type'::regclass AND e.objid = t.oid AND e.deptype = 'e')`
	// loose are sequences that no identity column brings.
	loose = ` AND c.relkind = 'S' AND NOT EXISTS (SELECT 1 FROM pg_depend i WHERE i.classid = 'pg_class'::regclass AND i.objid = c.oid AND i.deptype = 'i')`
	// columnsOf are the columns of c that are not its parents'.
	columnsOf = `(SELECT coalesce(string_agg(format('%I %s', a.attname, format_type(a.atttypid, a.atttypmod))
		|| coalesce((SELECT ' COLLATE ' || quote_ident(cn.nspname) || '.' || quote_ident(co.collname) FROM pg_collation co JOIN pg_namespace cn ON cn.oid = co.collnamespace
			JOIN pg_type ct ON ct.oid = a.atttypid WHERE co.oid = a.attcollation AND a.attcollation <> ct.typcollation), '')
		|| CASE WHEN a.attidentity <> '' THEN ' GENERATED ' || CASE a.attidentity WHEN 'a' THEN 'ALWAYS' ELSE 'BY DEFAULT' END || ' AS IDENTITY'
			WHEN a.attgenerated <> '' THEN ' GENERATED ALWAYS AS (' || pg_get_expr(ad.adbin, ad.adrelid) || ') STORED'
			WHEN ad.oid IS NOT NULL THEN ' DEFAULT ' || pg_get_expr(ad.adbin, ad.adrelid) ELSE '' END
		|| CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END, ', ' ORDER BY a.attnum), '')
		FROM pg_attribute a LEFT JOIN pg_attrdef ad ON ad.adrelid = a.attrelid AND ad.adnum = a.attnum
		WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attislocal)`
	owners      = `(SELECT relnamespace AS at, relowner AS owner FROM pg_class UNION SELECT pronamespace, proowner FROM pg_proc UNION SELECT typnamespace, typowner FROM pg_type)`
	partitioned = `CASE WHEN c.relkind = 'p' THEN ' PARTITION BY ' || pg_get_partkeydef(c.oid) ELSE '' END`
	called      = `format('%I.%I', n.nspname, c.relname)`
	constraints = `SELECT 'constraint ' || k.conname, format('ALTER TABLE %I.%I ADD CONSTRAINT %I %s', n.nspname, c.relname, k.conname, pg_get_constraintdef(k.oid))
		FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE ` + ours + ` AND k.conparentid = 0 AND k.coninhcount = 0 AND k.contype`
)

// making are the queries whose statements make things, in an order in which most
// succeed at once.
var making = [...]string{
	`SELECT 'schema ' || n.nspname, format('CREATE SCHEMA IF NOT EXISTS %I', n.nspname) FROM pg_namespace n WHERE ` + ours + ` ORDER BY 1`,
	`SELECT 'extension ' || x.extname, format('CREATE EXTENSION IF NOT EXISTS %I SCHEMA %I', x.extname, n.nspname) FROM pg_extension x JOIN pg_namespace n ON n.oid = x.extnamespace
		WHERE x.extname <> 'plpgsql' ORDER BY x.oid`,
	// Who owns something in a schema must be able to create in it; the rights that are
	// there come last.
	`SELECT 'schema ' || n.nspname, format('GRANT CREATE, USAGE ON SCHEMA %I TO %I', n.nspname, pg_get_userbyid(o.owner)) FROM pg_namespace n JOIN ` + owners + ` o ON o.at = n.oid WHERE ` + ours,
	`SELECT 'type ' || t.typname, format('CREATE TYPE %I.%I AS ENUM (%s)', n.nspname, t.typname, (SELECT string_agg(quote_literal(l.enumlabel), ', ' ORDER BY l.enumsortorder) FROM pg_enum l WHERE l.enumtypid = t.oid))` + ofType + ` AND t.typtype = 'e' ORDER BY t.oid`,
	`SELECT 'type ' || t.typname, format('CREATE TYPE %I.%I AS RANGE (SUBTYPE = %s)', n.nspname, t.typname, (SELECT format_type(g.rngsubtype, NULL) FROM pg_range g WHERE g.rngtypid = t.oid))` + ofType + ` AND t.typtype = 'r' ORDER BY t.oid`,
	`SELECT 'domain ' || t.typname, format('CREATE DOMAIN %I.%I AS %s', n.nspname, t.typname, format_type(t.typbasetype, t.typtypmod)) || coalesce(' DEFAULT ' || t.typdefault, '') || CASE WHEN t.typnotnull THEN ' NOT NULL' ELSE '' END
		|| coalesce((SELECT string_agg(format(' CONSTRAINT %I %s', k.conname, pg_get_constraintdef(k.oid)), '') FROM pg_constraint k WHERE k.contypid = t.oid AND k.contype = 'c'), '')` + ofType + ` AND t.typtype = 'd' ORDER BY t.oid`,
	`SELECT 'type ' || c.relname, format('CREATE TYPE %I.%I AS (%s)', n.nspname, c.relname, ` + columnsOf + `)` + ofTable + ` AND c.relkind = 'c' ORDER BY c.oid`,
	`SELECT 'sequence ' || c.relname, format('CREATE SEQUENCE %I.%I', n.nspname, c.relname)` + ofTable + loose + ` ORDER BY c.oid`,
	`SELECT p.oid::regprocedure::text, pg_get_functiondef(p.oid)` + ofFunction + ` ORDER BY p.oid`,
	`SELECT ` + called + `, format('CREATE TABLE %I.%I (%s)', n.nspname, c.relname, ` + columnsOf + `)
		|| coalesce((SELECT ' INHERITS (' || string_agg(i.inhparent::regclass::text, ', ' ORDER BY i.inhseqno) || ')' FROM pg_inherits i WHERE i.inhrelid = c.oid), '') || ` + partitioned + ofTable + ` AND c.relkind IN ('r', 'p') AND NOT c.relispartition ORDER BY c.oid`,
	`SELECT ` + called + `, format('CREATE TABLE %I.%I PARTITION OF %s %s', n.nspname, c.relname, (SELECT i.inhparent::regclass FROM pg_inherits i WHERE i.inhrelid = c.oid), pg_get_expr(c.relpartbound, c.oid)) || ` + partitioned + ofTable + ` AND c.relkind IN ('r', 'p') AND c.relispartition ORDER BY c.oid`,
	constraints + ` IN ('p', 'u', 'x', 'c') ORDER BY k.oid`,
	`SELECT 'index ' || ic.relname, pg_get_indexdef(i.indexrelid) FROM pg_index i JOIN pg_class ic ON ic.oid = i.indexrelid JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE ` + ours + ` AND i.indisvalid AND NOT ic.relispartition AND c.relkind IN ('r', 'p', 'm') AND NOT EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x')) ORDER BY ic.oid`,
	constraints + ` = 'f' ORDER BY k.oid`,
	`SELECT ` + called + `, format('CREATE %s %I.%I', CASE c.relkind WHEN 'v' THEN 'VIEW' ELSE 'MATERIALIZED VIEW' END, n.nspname, c.relname) || coalesce(' WITH (' || array_to_string(c.reloptions, ', ') || ')', '')
		|| ' AS ' || rtrim(pg_get_viewdef(c.oid), '; ') || CASE c.relkind WHEN 'm' THEN ' WITH NO DATA' ELSE '' END` + ofTable + ` AND c.relkind IN ('v', 'm') ORDER BY c.oid`,
	`SELECT 'trigger ' || g.tgname, pg_get_triggerdef(g.oid) FROM pg_trigger g JOIN pg_class c ON c.oid = g.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE ` + ours + ` AND NOT g.tgisinternal ORDER BY g.oid`,
	`SELECT 'rule ' || u.rulename, pg_get_ruledef(u.oid) FROM pg_rewrite u JOIN pg_class c ON c.oid = u.ev_class JOIN pg_namespace n ON n.oid = c.relnamespace WHERE ` + ours + ` AND u.rulename <> '_RETURN' ORDER BY u.oid`,
}

// owning are those whose statements give them to their owners, and then rights as
// they are: none, and then each.
var owning = [...]string{
	`SELECT ` + called + `, format('ALTER %s %I.%I OWNER TO %I', CASE c.relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' ELSE 'TABLE' END, n.nspname, c.relname, pg_get_userbyid(c.relowner))` + ofTable + ` AND c.relkind IN ('r', 'p', 'v', 'm') ORDER BY c.oid`,
	`SELECT 'sequence ' || c.relname, format('ALTER SEQUENCE %I.%I OWNER TO %I', n.nspname, c.relname, pg_get_userbyid(c.relowner))` + ofTable + loose + ` ORDER BY c.oid`,
	`SELECT p.oid::regprocedure::text, format('ALTER ROUTINE %s OWNER TO %I', p.oid::regprocedure, pg_get_userbyid(p.proowner))` + ofFunction + ` ORDER BY p.oid`,
	`SELECT 'type ' || t.typname, format('ALTER TYPE %I.%I OWNER TO %I', n.nspname, t.typname, pg_get_userbyid(t.typowner))` + ofType + ` AND (t.typtype IN ('e', 'd', 'r') OR EXISTS (SELECT 1 FROM pg_class c WHERE c.oid = t.typrelid AND c.relkind = 'c')) ORDER BY t.oid`,
	`SELECT ` + called + `, format('REVOKE ALL ON %s %I.%I FROM PUBLIC, %I', CASE c.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, n.nspname, c.relname, pg_get_userbyid(c.relowner))` + ofTable + ` AND c.relkind IN ('r', 'p', 'v', 'm', 'S') AND c.relacl IS NOT NULL ORDER BY c.oid`,
	`SELECT 'rights on ' || ` + called + `, format('GRANT %s ON %s %I.%I TO %s%s', a.privilege_type, CASE c.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, n.nspname, c.relname, ` + toGrantee + `)
		FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace, LATERAL aclexplode(c.relacl) a WHERE ` + ours + ` AND c.relkind IN ('r', 'p', 'v', 'm', 'S') ORDER BY c.oid`,
	`SELECT 'rights on ' || ` + called + `, format('GRANT %s (%I) ON TABLE %I.%I TO %s%s', a.privilege_type, t.attname, n.nspname, c.relname, ` + toGrantee + `)
		FROM pg_attribute t JOIN pg_class c ON c.oid = t.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace, LATERAL aclexplode(t.attacl) a WHERE ` + ours + ` ORDER BY c.oid`,
	`SELECT p.oid::regprocedure::text, format('REVOKE ALL ON ROUTINE %s FROM PUBLIC, %I', p.oid::regprocedure, pg_get_userbyid(p.proowner))` + ofFunction + ` AND p.proacl IS NOT NULL ORDER BY p.oid`,
	`SELECT 'rights on ' || p.oid::regprocedure, format('GRANT %s ON ROUTINE %s TO %s%s', a.privilege_type, p.oid::regprocedure, ` + toGrantee + `)
		FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace, LATERAL aclexplode(p.proacl) a WHERE p.prokind IN ('f', 'p') AND ` + ours + ` ORDER BY p.oid`,
	// Before Postgres 15 the server's owner has "public", which nobody else can say.
	`SELECT 'schema ' || n.nspname, format('ALTER SCHEMA %I OWNER TO %I', n.nspname, pg_get_userbyid(n.nspowner)) FROM pg_namespace n WHERE ` + ours + `
		AND pg_get_userbyid(n.nspowner) <> 'pg_database_owner' AND NOT (n.nspname = 'public' AND n.nspowner = 10) ORDER BY 1`,
	`SELECT 'schema ' || n.nspname, format('REVOKE ALL ON SCHEMA %I FROM PUBLIC, %I', n.nspname, pg_get_userbyid(o.owner)) FROM pg_namespace n JOIN ` + owners + ` o ON o.at = n.oid WHERE ` + ours,
	`SELECT 'rights on schema ' || n.nspname, format('GRANT %s ON SCHEMA %I TO %s%s', a.privilege_type, n.nspname, ` + toGrantee + `) FROM pg_namespace n, LATERAL aclexplode(coalesce(n.nspacl, acldefault('n', n.nspowner))) a WHERE ` + ours + ` ORDER BY 1`,
}

const toGrantee = `CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END, CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END`
