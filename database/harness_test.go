package database_test

import (
	"context"
	"strings"
	"testing"
	"time"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/database"
	"github.com/launchready/launchready/demo/postgres"
	"github.com/launchready/launchready/demo/postgres/pgtest"
)

// scratch is a database of the test's own on a real Postgres, with the SQL
// carried out by its owner.
func scratch(t testing.TB, sql ...string) *postgres.Database {
	t.Helper()
	return pgtest.New(t, sql...)
}

func admin(t testing.TB, d *postgres.Database, sql string) {
	t.Helper()
	if err := d.Run(t.Context(), sql); err != nil {
		t.Fatal(err)
	}
}

// opened is a connection as the owner.
func opened(t testing.TB, url string, l database.Limits) *database.DB {
	t.Helper()
	d, err := database.Open(t.Context(), lr.NewSecret(url), l)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	return d
}

func read(t testing.TB, d *database.DB, role string) *database.Catalogue {
	t.Helper()
	c, err := d.Read(t.Context(), role)
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Unread) > 0 {
		t.Fatalf("unread: %s", strings.Join(c.Unread, "; "))
	}
	return c
}

// notes is a table that two tenants have rows in, with a policy.
const notes = `
CREATE TABLE notes (id text PRIMARY KEY, org_id text NOT NULL, body text NOT NULL DEFAULT '');
CREATE INDEX ON notes (org_id);
INSERT INTO notes VALUES ('n1', 'acme', 'a'), ('n2', 'globex', 'b');
GRANT SELECT, INSERT, UPDATE, DELETE ON notes TO harbor_app;
ALTER TABLE notes ENABLE ROW LEVEL SECURITY;
ALTER TABLE notes FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON notes USING (org_id = current_setting('app.tenant', true)) WITH CHECK (org_id = current_setting('app.tenant', true));`

func tenancy(d *postgres.Database) database.Tenancy {
	return database.Tenancy{Role: d.App, Set: "SELECT set_config('app.tenant', $1, true)"}
}

// as runs f as the application for a tenant.
func as(t testing.TB, d *database.DB, c *database.Catalogue, s database.Session, f func(context.Context, *database.Asking)) error {
	t.Helper()
	return d.Ask(t.Context(), c, s, func(ctx context.Context, a *database.Asking) error { f(ctx, a); return nil })
}

func quick() database.Limits {
	return database.Limits{Statement: 300 * time.Millisecond, Lock: 100 * time.Millisecond}
}
