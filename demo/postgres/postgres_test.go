package postgres_test

import (
	"strings"
	"testing"

	"github.com/launchready/launchready/demo/postgres"
	"github.com/launchready/launchready/demo/postgres/pgtest"
)

// TestRoles: the application owns nothing and passes no policy; the reports do.
func TestRoles(t *testing.T) {
	d := pgtest.New(t)
	migration := "CREATE TABLE notes (id int); GRANT SELECT ON notes TO harbor_app"
	kept := []string{migration}
	if err := d.Lay(t.Context(), kept...); err != nil {
		t.Fatal(err)
	}
	if kept[0] != migration {
		t.Errorf("the caller's migration became %q", kept[0])
	}
	c, err := d.Connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(t.Context())
	for question, want := range map[string]string{
		"SELECT tableowner FROM pg_tables WHERE tablename = 'notes'":                               d.Owner,
		"SELECT rolbypassrls::text FROM pg_roles WHERE rolname = '" + d.App + "'":                  "false",
		"SELECT rolbypassrls::text FROM pg_roles WHERE rolname = '" + d.Reports + "'":              "true",
		"SELECT has_table_privilege('" + d.App + "', 'notes', 'select')::text":                     "true",
		"SELECT has_table_privilege('" + d.App + "', 'notes', 'insert')::text":                     "false",
		"SELECT (rolsuper OR rolcreaterole)::text FROM pg_roles WHERE rolname = '" + d.Owner + "'": "false",
	} {
		var got string
		if err := c.QueryRow(t.Context(), question).Scan(&got); err != nil || got != want {
			t.Errorf("%s: got %q, %v, want %q", question, got, err, want)
		}
	}
}

// TestClose leaves no database and no role behind, whoever is connected.
func TestClose(t *testing.T) {
	d, other := pgtest.New(t), pgtest.New(t)
	app, err := d.Connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer app.Close(t.Context())
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	c, err := other.Connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(t.Context())
	var left int
	if err := c.QueryRow(t.Context(), "SELECT (SELECT count(*) FROM pg_database WHERE datname = '"+d.Name+"') + (SELECT count(*) FROM pg_roles WHERE rolname LIKE '"+d.Name+"%')").Scan(&left); err != nil || left != 0 {
		t.Errorf("got %d left, %v", left, err)
	}
}

// TestNoAddress: what is no address is told without what it may hold.
func TestNoAddress(t *testing.T) {
	for _, server := range []string{"", "postgres", "://user:hunter2@host", "host=db password=hunter2"} {
		if _, err := postgres.New(t.Context(), server); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: got %v", server, err)
		}
	}
}
