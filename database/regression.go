package database

import (
	"fmt"
	"strings"
)

// Regression is a script for psql that fails where a session of one tenant reads
// a row of another, or one without a tenant any. It only reads, and rolls back. A
// table in which the first tenant sees no row of its own tells nothing: a warning
// says so, and the script fails where that is all of them.
func Regression(e *Estate, tables []*Table) string {
	var b strings.Builder
	w := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	w("-- Tenant isolation at the database. It fails on the first table that leaks:")
	w("--")
	w("--   psql \"$DATABASE_URL\" -X -q -v ON_ERROR_STOP=1 -v a=TENANT -v b=ANOTHER -f rls_test.sql")
	w("--")
	w("-- a is a tenant that has rows, b another one. It reads by the tenant's index, and rolls back.")
	w("BEGIN READ ONLY;")
	w("SET LOCAL statement_timeout = '10s';")
	w("SELECT set_config('launchready.a', :'a', true) AS a, set_config('launchready.b', :'b', true) AS b, set_config('launchready.told', '0', true) AS told \\gset launchready_")
	w("DO $$ BEGIN IF current_setting('launchready.a') IN ('', current_setting('launchready.b')) THEN RAISE EXCEPTION 'a and b must be two tenants'; END IF; END $$;")
	w("SET LOCAL ROLE %s;", Quote(e.Tenancy.Role))
	set := func(to string) {
		w("%s", block("PERFORM set_config("+Literal(e.Tenancy.Setting())+", "+to+", true);"))
	}
	n := 0
	for _, t := range tables {
		if !t.May.Select {
			continue
		}
		n++
		column := Quote(e.Column(t))
		value := "current_setting('launchready.a')"
		if typ := t.Column(e.Column(t)).Type; typ != "text" && !strings.HasPrefix(typ, "character") {
			value += "::" + typ
		}
		own := "EXISTS (SELECT 1 FROM " + t.SQL() + " WHERE " + column + " = " + value + ")"
		w("\n-- %s", oneLine(t.String()))
		set("current_setting('launchready.a')")
		w("%s", block("IF "+own+" THEN PERFORM set_config('launchready.told', (current_setting('launchready.told')::int + 1)::text, true); ELSE RAISE WARNING USING MESSAGE = "+Literal(t.String()+": not told, as a sees no row of its own there")+"; END IF;"))
		set("current_setting('launchready.b')")
		w("%s", raise(own, t.String()+": b reads a row of a"))
		set("''")
		w("%s", raise("EXISTS (SELECT 1 FROM "+t.SQL()+")", t.String()+": a session without a tenant reads rows"))
	}
	w("\n-- What was not looked at has not passed.")
	w("%s", raise("current_setting('launchready.told') = '0'", "nothing was told: a sees a row of its own in no table"))
	w("%s", block(fmt.Sprintf("RAISE NOTICE '%% of %d tables told, and none leaks', current_setting('launchready.told');", n)))
	w("ROLLBACK;")
	return b.String()
}

// raise is a block that ends the script where a condition holds.
func raise(condition, message string) string {
	return block("IF " + condition + " THEN RAISE EXCEPTION USING MESSAGE = " + Literal(message) + "; END IF;")
}

// block is a statement of PL/pgSQL. Its quotes are a tag that no name holds. psql
// fills in :name and :'name' even here, so that a colon of a name is not followed by
// one: identifiers with colons stand in double quotes, which psql leaves.
func block(body string) string {
	tag := "$lr$"
	for i := 0; strings.Contains(body, tag); i++ {
		tag = fmt.Sprintf("$lr%d$", i)
	}
	return "DO " + tag + " BEGIN " + body + " END " + tag + ";"
}
