package database_test

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/launchready/launchready/database"
	"github.com/launchready/launchready/demo/postgres"
)

// beside starts a standby of the test's Postgres, or a pooler before it; what a
// machine lacks for that is skipped.
func beside(t *testing.T, what string) string {
	t.Helper()
	server := os.Getenv(postgres.Variable)
	if server == "" {
		t.Skipf("there is no Postgres: %s is not set; make test starts one", postgres.Variable)
	}
	program := map[string]string{"standby": "pg_basebackup", "pooler": "pgbouncer"}[what]
	if _, err := exec.LookPath(program); err != nil {
		t.Skipf("there is no %s", program)
	}
	// Output goes to a file: the server that is started would keep a pipe open.
	out, err := os.CreateTemp(t.TempDir(), "out")
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command("sh", "../.ci/postgres", what, server)
	var said bytes.Buffer
	c.Stdout = out
	errs, err := os.CreateTemp(t.TempDir(), "err")
	if err != nil {
		t.Fatal(err)
	}
	c.Stderr = errs
	if err := c.Run(); err != nil {
		b, _ := os.ReadFile(errs.Name())
		t.Skipf("no %s could be started: %v: %s", what, err, strings.ReplaceAll(string(b), server, "[the server]"))
	}
	b, err := os.ReadFile(out.Name())
	if err != nil {
		t.Fatal(err)
	}
	said.Write(b)
	dir, url, ok := strings.Cut(strings.TrimSpace(said.String()), " ")
	t.Cleanup(func() {
		if err := exec.Command("sh", "../.ci/postgres", "stop", dir).Run(); err != nil {
			t.Errorf("stop the %s: %v", what, err)
		}
	})
	if !ok {
		t.Fatalf("the %s has no address", what)
	}
	return url
}

// through is the URL of a database by way of another server.
func through(server string, d *postgres.Database) string {
	base, _, _ := strings.Cut(strings.TrimPrefix(server, "postgres://"), "/")
	return "postgres://" + base + "/" + d.Name + "?sslmode=disable"
}

// TestStandby asks a replica, where nothing can be written: what is read decides as ever, and what could
// not be written says nothing.
func TestStandby(t *testing.T) {
	d := scratch(t, notes, `
		CREATE TABLE open_notes (LIKE notes INCLUDING ALL);
		GRANT SELECT, UPDATE ON open_notes TO harbor_app;`)
	admin(t, d, `INSERT INTO open_notes SELECT * FROM notes`) // whom no policy holds
	db := opened(t, through(beside(t, "standby"), d), database.Limits{})
	c := read(t, db, d.App)
	if c.Named("notes") == nil || c.Named("open_notes") == nil {
		t.Fatal("the standby does not have the tables")
	}
	s := tenancy(d).As("acme")
	err := as(t, db, c, s, func(ctx context.Context, a *database.Asking) {
		if other, err := a.SeesOther(ctx, c.Named("open_notes"), "org_id", "acme"); err != nil || !other {
			t.Errorf("the open table: %v, %v", other, err)
		}
		if other, err := a.SeesOther(ctx, c.Named("notes"), "org_id", "acme"); err != nil || other {
			t.Errorf("the closed table: %v, %v", other, err)
		}
	})
	if err != nil {
		t.Error(err)
	}
	s.Write = true
	err = as(t, db, c, s, func(context.Context, *database.Asking) { t.Error("a session that may write began") })
	if err == nil || !strings.Contains(err.Error(), "recovery") {
		t.Errorf("a session that may write: %v", err)
	}
	// What failed leaves the connection as it was.
	s.Write = false
	if err := as(t, db, c, s, func(ctx context.Context, a *database.Asking) {
		if seen, err := a.SeesAny(ctx, c.Named("notes")); err != nil || !seen {
			t.Errorf("afterwards: %v, %v", seen, err)
		}
	}); err != nil {
		t.Error(err)
	}
}

// TestPooler asks by way of a PgBouncer that hands out connections by transactions.
func TestPooler(t *testing.T) {
	d := scratch(t, notes)
	db := opened(t, through(beside(t, "pooler"), d), database.Limits{})
	c := read(t, db, d.App)
	for _, tenant := range []string{"acme", "globex", "acme"} {
		s := tenancy(d).As(tenant)
		s.Write = true
		err := as(t, db, c, s, func(ctx context.Context, a *database.Asking) {
			r, err := a.Find(ctx, c.Named("notes"), "org_id", tenant, "")
			if err != nil {
				t.Fatal(err)
			}
			if seen, err := a.Sees(ctx, r); err != nil || !seen {
				t.Errorf("%s sees its own row: %v, %v", tenant, seen, err)
			}
			if other, err := a.SeesOther(ctx, c.Named("notes"), "org_id", tenant); err != nil || other {
				t.Errorf("%s sees another's row: %v, %v", tenant, other, err)
			}
			if got, err := a.Update(ctx, r); err != nil || got != database.Reached {
				t.Errorf("%s writes its own row: %d, %v", tenant, got, err)
			}
		})
		if err != nil {
			t.Error(err)
		}
	}
	conn, err := d.Connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	var changed int
	if err := conn.QueryRow(t.Context(), `SELECT count(*) FROM notes WHERE body NOT IN ('a', 'b')`).Scan(&changed); err != nil || changed != 0 {
		t.Errorf("%d rows were left changed, %v", changed, err)
	}
}
