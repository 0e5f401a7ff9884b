package database_test

import (
	"errors"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/launchready/launchready/database"
)

// broken is a schema with what a migration can mend, and names that want quotes.
const broken = `
CREATE SCHEMA "od'd";
GRANT USAGE ON SCHEMA "od'd" TO harbor_app;
CREATE TYPE mood AS ENUM ('calm', 'not');
CREATE TABLE orgs (id uuid PRIMARY KEY, name text NOT NULL);
CREATE TABLE "od'd"."wei""rd" (id int PRIMARY KEY, tenant_id uuid NOT NULL REFERENCES orgs, feel mood NOT NULL, at timestamptz NOT NULL, tags text[] NOT NULL, raw bytea NOT NULL, ok boolean NOT NULL, code varchar(12) NOT NULL UNIQUE);
CREATE TABLE open_one (id int PRIMARY KEY, tenant_id uuid NOT NULL REFERENCES orgs);
CREATE INDEX ON open_one (tenant_id);
ALTER TABLE open_one ENABLE ROW LEVEL SECURITY;
CREATE POLICY "every;one" ON open_one AS PERMISSIVE FOR ALL TO harbor_app, PUBLIC USING (true) WITH CHECK (1 = 1);
CREATE TABLE member_of (id int PRIMARY KEY, tenant_id uuid NOT NULL REFERENCES orgs, who text NOT NULL);
CREATE INDEX ON member_of (tenant_id);
ALTER TABLE member_of ENABLE ROW LEVEL SECURITY;
ALTER TABLE member_of FORCE ROW LEVEL SECURITY;
CREATE POLICY member ON member_of USING (tenant_id IN (SELECT o.id FROM orgs o));
GRANT ALL ON ALL TABLES IN SCHEMA public, "od'd" TO harbor_app;
GRANT SELECT ON open_one TO PUBLIC;
CREATE FUNCTION finder(x int) RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1';
`

func mendable(t *testing.T) (*database.DB, *database.Catalogue, database.Tenancy) {
	t.Helper()
	d := scratch(t, broken)
	db := opened(t, d.URL, database.Limits{})
	return db, read(t, db, d.App), tenancy(d)
}

func TestMend(t *testing.T) {
	_, c, tn := mendable(t)
	m, err := database.Mend(database.See(c, tn), nil)
	if err != nil {
		t.Fatal(err)
	}
	up, down := m.Up(), m.Down()
	for _, want := range []string{
		`ALTER TABLE "od'd"."wei""rd" FORCE ROW LEVEL SECURITY;`,
		`CREATE POLICY launchready_tenant ON "public"."orgs" USING ("id" = nullif(current_setting('app.tenant', true), '')::uuid)`,
		`DROP POLICY "every;one" ON "public"."open_one";`, `REVOKE SELECT ON "public"."open_one" FROM PUBLIC;`,
		`CREATE INDEX "launchready_wei""rd_tenant_id" ON "od'd"."wei""rd" ("tenant_id");`,
		`ALTER FUNCTION "public"."finder"(x integer) SET search_path = pg_catalog, "public", pg_temp;`,
	} {
		if !strings.Contains(up, want) {
			t.Errorf("up lacks %s", want)
		}
	}
	if strings.Contains(up, `"member"`) {
		t.Error("a policy that keeps to the tenant in its own way was replaced")
	}
	if want := `CREATE POLICY "every;one" ON "public"."open_one" FOR ALL TO PUBLIC`; !strings.Contains(down, want) {
		t.Errorf("down lacks %s:\n%s", want, down)
	}
	// Where it leaked, it is.
	m, err = database.Mend(database.See(c, tn), []string{"member_of"})
	if err != nil || !strings.Contains(m.Up(), `DROP POLICY "member" ON "public"."member_of";`) {
		t.Errorf("a policy of a table that leaks stays: %v", err)
	}
	tn.Set = ""
	if _, err := database.Mend(database.See(c, tn), nil); err == nil || !strings.Contains(err.Error(), "give database.tenant") {
		t.Errorf("without a statement: got %v", err)
	}
}

func TestMendOnATwin(t *testing.T) {
	program, err := exec.LookPath("pg_dump")
	if err != nil {
		t.Skip("there is no pg_dump")
	}
	mendOnATwin(t, program, false)
}

func TestMendOnATwinWithoutDump(t *testing.T) {
	for name, program := range map[string]string{"no program": "", "one that fails": "/bin/false"} {
		t.Run(name, func(t *testing.T) { mendOnATwin(t, program, true) })
	}
}

func mendOnATwin(t *testing.T, program string, own bool) {
	db, c, tn := mendable(t)
	twin, err := db.Twin(t.Context(), c, program)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := twin.Close(); err != nil {
			t.Error(err)
		}
	}()
	if twin.Own != own {
		t.Errorf("its schema was read here: %v, want %v", twin.Own, own)
	}
	before := read(t, twin.DB, tn.Role)
	e := database.See(before, tn)
	if left := twin.Fill(t.Context(), e, e.Tenants()); len(left) > 0 {
		t.Errorf("no row could be made up in %v", left)
	}
	m, err := database.Mend(database.See(c, tn), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := twin.Apply(t.Context(), m.Up()); err != nil {
		t.Fatal(err)
	}
	mended := read(t, twin.DB, tn.Role)
	if diff := database.Same(before, mended); len(diff) < 3 {
		t.Errorf("it changed %v", diff)
	}
	if again, err := database.Mend(database.See(mended, tn), nil); err != nil || len(again.Steps) > 0 {
		t.Errorf("a second time there is more to mend: %v, %v", again, err)
	}
	if err := twin.Apply(t.Context(), m.Down()); err != nil {
		t.Fatal(err)
	}
	if diff := database.Same(before, read(t, twin.DB, tn.Role)); len(diff) > 0 {
		t.Errorf("the way back leaves %v", diff)
	}
	if err := twin.Apply(t.Context(), "BEGIN; SELECT no_such_thing(); COMMIT;"); err == nil {
		t.Error("a migration that fails was taken")
	}
	if err := twin.Apply(t.Context(), m.Up()); err != nil {
		t.Errorf("after one that failed: %v", err)
	}
	if c := read(t, db, tn.Role); len(database.Same(c, before)) > 0 {
		t.Error("the database itself was changed")
	}
}

func TestNoTwin(t *testing.T) {
	d := scratch(t, notes)
	app := opened(t, d.AppURL(), database.Limits{}) // which may make no database
	c := read(t, app, "")
	for _, program := range []string{"", "/bin/false"} {
		_, err := app.Twin(t.Context(), c, program)
		if !errors.Is(err, database.ErrNoCopy) || !strings.Contains(err.Error(), "permission denied to create database") {
			t.Errorf("program %q: got %v, want %v and the reason", program, err, database.ErrNoCopy)
		}
	}
}

func TestLargeTablesGetTheirIndexApart(t *testing.T) {
	d := scratch(t, strings.Replace(notes, "CREATE INDEX ON notes (org_id);", "", 1))
	admin(t, d, `UPDATE pg_class SET reltuples = 5e6, relpages = 1 WHERE relname = 'notes'`)
	db := opened(t, d.URL, database.Limits{})
	m, err := database.Mend(database.See(read(t, db, d.App), tenancy(d)), nil)
	if err != nil {
		t.Fatal(err)
	}
	if want := `CREATE INDEX CONCURRENTLY IF NOT EXISTS "launchready_notes_org_id" ON "public"."notes" ("org_id");`; !strings.Contains(m.Apart(), want) {
		t.Errorf("got %q, want %s", m.Apart(), want)
	}
}

func TestARoleForTheApplication(t *testing.T) {
	d := scratch(t, notes)
	db := opened(t, d.URL, database.Limits{})
	c := read(t, db, d.Owner)
	tn := tenancy(d)
	tn.Role = d.Owner
	m, err := database.Mend(database.See(c, tn), nil)
	if err != nil {
		t.Fatal(err)
	}
	name := d.Owner + "_held"
	if !strings.Contains(m.Up(), `CREATE ROLE "`+name+`" NOLOGIN NOSUPERUSER NOBYPASSRLS;`) || strings.Contains(m.Provable().Up(), "CREATE ROLE") {
		t.Errorf("up:\n%s", m.Up())
	}
	if !slices.ContainsFunc(m.Left, func(l string) bool { return strings.Contains(l, "let the application connect as "+name) }) {
		t.Errorf("left: %v", m.Left)
	}
	admin(t, d, m.Up())
	c = read(t, db, name)
	if tb := c.Named("notes"); c.Exempt(name, tb) != "" || !tb.May.Select || !tb.May.Delete {
		t.Errorf("the new role: %+v", tb.May)
	}
	admin(t, d, m.Down())
	if _, err := db.Read(t.Context(), name); !errors.Is(err, database.ErrNoRole) {
		t.Errorf("the way back leaves the role: %v", err)
	}
}
