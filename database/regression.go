package database

import (
	"fmt"
	"strings"
)

// Regression is a script for psql that fails where a session of one tenant reads
// a row of another, or one without a tenant any. It only reads, and rolls back.
func Regression(e *Estate, tables []*Table) string {
	var b strings.Builder
	w := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	w("-- Tenant isolation at the database. It fails on the first table that leaks:")
	w("--")
	w("--   psql \"$DATABASE_URL\" -v ON_ERROR_STOP=1 -v a=TENANT -v b=ANOTHER -f rls_test.sql")
	w("--")
	w("-- a is a tenant that has rows, b another one. It reads by the tenant's index, and rolls back.")
	w("BEGIN READ ONLY;")
	w("SET LOCAL statement_timeout = '10s';")
	w("SELECT set_config('launchready.a', :'a', true), set_config('launchready.b', :'b', true);")
	w("DO $$ BEGIN IF current_setting('launchready.a') IN ('', current_setting('launchready.b')) THEN RAISE EXCEPTION 'a and b must be two tenants'; END IF; END $$;")
	w("SET LOCAL ROLE %s;", Quote(e.Tenancy.Role))
	set := "set_config(" + Literal(e.Tenancy.Setting()) + ", %s, true)"
	for _, t := range tables {
		if !t.May.Select {
			continue
		}
		column := Quote(e.Column(t))
		value := "current_setting('launchready.a')"
		if typ := t.Column(e.Column(t)).Type; typ != "text" && !strings.HasPrefix(typ, "character") {
			value += "::" + typ
		}
		w("\n-- %s", oneLine(t.String()))
		w("SELECT "+set+";", "current_setting('launchready.b')")
		w("%s", raise("EXISTS (SELECT 1 FROM "+t.SQL()+" WHERE "+column+" = "+value+")", t.String()+": b reads a row of a"))
		w("SELECT "+set+";", "''")
		w("%s", raise("EXISTS (SELECT 1 FROM "+t.SQL()+")", t.String()+": a session without a tenant reads rows"))
	}
	w("ROLLBACK;")
	return b.String()
}

// raise is a block that ends the script where a condition holds. Its quotes are a
// tag that no name holds.
func raise(condition, message string) string {
	tag := "$lr$"
	for i := 0; strings.Contains(condition+message, tag); i++ {
		tag = fmt.Sprintf("$lr%d$", i)
	}
	// psql fills in :name and :'name' even here, so that a colon of a name is not
	// followed by one: identifiers with colons stand in double quotes, which psql leaves.
	return "DO " + tag + " BEGIN IF " + condition + " THEN RAISE EXCEPTION USING MESSAGE = " + Literal(message) + "; END IF; END " + tag + ";"
}
