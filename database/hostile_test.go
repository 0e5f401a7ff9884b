package database_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/database"
)

func TestDeadServer(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	dead := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	mute, err := net.Listen("tcp", "127.0.0.1:0") // takes connections and says nothing
	if err != nil {
		t.Fatal(err)
	}
	defer mute.Close()
	const password = "sesame-7f31"
	for name, tt := range map[string]struct {
		url  string
		want error
	}{
		"nobody listens":      {"postgres://u:" + password + "@" + dead + "/d", database.ErrUnreachable},
		"nobody answers":      {"postgres://u:" + password + "@" + mute.Addr().String() + "/d?sslmode=disable", database.ErrUnreachable},
		"no URL":              {"postgres://u:" + password + "@[::bad/d", database.ErrUnreachable},
		"a port that is none": {"postgres://u:" + password + "@127.0.0.1:port/d", database.ErrUnreachable},
		"settings with junk":  {"host=127.0.0.1 password=" + password + " port=", database.ErrUnreachable},
		"MySQL":               {"mysql://u:" + password + "@127.0.0.1/d", database.ErrNotPostgres},
	} {
		d, err := database.Open(t.Context(), lr.NewSecret(tt.url), database.Limits{Connect: 200 * time.Millisecond})
		if d != nil || !errors.Is(err, tt.want) {
			t.Errorf("%s: got %v, want %v", name, err, tt.want)
		}
		if err != nil && strings.Contains(err.Error(), password) {
			t.Errorf("%s: the error holds the password", name)
		}
	}
}

func TestWrongPasswordIsInNoError(t *testing.T) {
	d := scratch(t)
	_, rest, _ := strings.Cut(d.URL, "@")
	const password = "not-the-password-91c4"
	_, err := database.Open(t.Context(), lr.NewSecret("postgres://"+d.Owner+":"+password+"@"+rest), database.Limits{})
	if !errors.Is(err, database.ErrUnreachable) || !strings.Contains(err.Error(), "password authentication failed") {
		t.Errorf("got %v", err)
	}
	if strings.Contains(fmt.Sprintf("%v %+v", err, err), password) {
		t.Error("the error holds the password")
	}
}

func TestRoleWithoutRights(t *testing.T) {
	d := scratch(t, notes)
	// Who may connect and nothing else reads the catalogue all the same.
	admin(t, d, `REVOKE harbor_app FROM harbor_owner`)
	admin(t, d, `REVOKE ALL ON notes FROM harbor_app; REVOKE USAGE ON SCHEMA public FROM harbor_app`)
	db := opened(t, d.AppURL(), database.Limits{})
	c := read(t, db, "")
	if c.User != d.App || c.Named("notes") == nil || len(c.Named("notes").Policies) != 1 || c.Named("notes").May.Any() {
		t.Errorf("got %+v", c.Named("notes"))
	}
	err := as(t, db, c, database.Session{Role: d.Reports}, func(context.Context, *database.Asking) { t.Error("it became a role it is no member of") })
	if database.Code(err) != database.Denied {
		t.Errorf("another role: got %v", err)
	}
	if _, err := db.Read(t.Context(), "nobody's role"); !errors.Is(err, database.ErrNoRole) {
		t.Errorf("a role that is none: got %v", err)
	}
	// Parts that were taken away are named, and the rest is read.
	admin(t, d, `REVOKE SELECT ON pg_catalog.pg_policy, pg_catalog.pg_proc FROM PUBLIC`)
	c, err = db.Read(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	unread := strings.Join(c.Unread, "\n")
	if !strings.Contains(unread, "policies: permission denied") || !strings.Contains(unread, "functions: permission denied") || c.Named("notes") == nil || len(c.Named("notes").Indexes) != 2 {
		t.Errorf("unread: %s", unread)
	}
}

// TestHugeTablesAreNeverReadThrough gives a table the statistics of a hundred
// million rows, and a real row count of none, so that every plan is as it would
// be there; and holds that only an index is ever used.
func TestHugeTablesAreNeverReadThrough(t *testing.T) {
	d := scratch(t, strings.NewReplacer("CREATE INDEX ON notes (org_id);", "").Replace(notes), `
		CREATE TABLE huge (LIKE notes INCLUDING ALL);
		CREATE INDEX ON huge (org_id);
		GRANT SELECT ON huge TO harbor_app;`)
	admin(t, d, `INSERT INTO huge SELECT * FROM notes`)
	admin(t, d, `UPDATE pg_class SET reltuples = 1e8, relpages = 1 WHERE relname IN ('notes', 'huge')`)
	db := opened(t, d.URL, database.Limits{})
	c := read(t, db, d.App)
	scans := func() (n int64) {
		conn, err := d.Connect(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close(context.Background())
		if err := conn.QueryRow(t.Context(), `SELECT coalesce(sum(seq_scan), 0)::bigint FROM pg_stat_user_tables WHERE relname IN ('notes', 'huge')`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	before := scans()
	err := as(t, db, c, tenancy(d).As("acme"), func(ctx context.Context, a *database.Asking) {
		var dear *database.DearError
		// No index leads to the tenant: not asked.
		for name, ask := range map[string]func() error{
			"find":       func() error { _, err := a.Find(ctx, c.Named("notes"), "org_id", "acme", ""); return err },
			"sees any":   func() error { _, err := a.SeesAny(ctx, c.Named("notes")); return err },
			"sees other": func() error { _, err := a.SeesOther(ctx, c.Named("notes"), "org_id", "acme"); return err },
			"sees other, with an index that does not help": func() error { _, err := a.SeesOther(ctx, c.Named("huge"), "org_id", "acme"); return err },
		} {
			if err := ask(); !errors.As(err, &dear) || !strings.Contains(err.Error(), "notes") && !strings.Contains(err.Error(), "huge") {
				t.Errorf("%s: got %v, want it refused as dear", name, err)
			}
		}
		// By the index it is asked, and by the key too.
		row, err := a.Find(ctx, c.Named("huge"), "org_id", "acme", "")
		if err != nil || row.String() != "n1" {
			t.Errorf("by the index: %v, %v", row, err)
		}
		if seen, err := a.Sees(ctx, database.Row{Table: c.Named("notes"), Column: "org_id", Tenant: "acme", Key: []string{"id"}, Value: []string{"n1"}}); err != nil || !seen {
			t.Errorf("by the key: %v, %v", seen, err)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	db.Close() // what a session did is counted when it ends
	if n := scans() - before; n != 0 {
		t.Errorf("%d sequential scans", n)
	}
}

func TestStallingDatabase(t *testing.T) {
	d := scratch(t, notes, `
		CREATE FUNCTION slow() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(30); RETURN true; END $$;
		DROP POLICY tenant ON notes;
		CREATE POLICY tenant ON notes USING (slow())`)
	db := opened(t, d.URL, quick())
	c := read(t, db, d.App)
	err := as(t, db, c, tenancy(d).As("acme"), func(ctx context.Context, a *database.Asking) {
		if _, err := a.SeesAny(ctx, c.Named("notes")); err == nil || !strings.Contains(err.Error(), "took longer than 300ms") {
			t.Errorf("got %v", err)
		}
	})
	if err != nil {
		t.Errorf("the transaction did not survive: %v", err)
	}
	// A lock that another holds is not waited for.
	conn, err := d.Connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	if _, err := conn.Exec(t.Context(), `BEGIN; LOCK TABLE notes IN ACCESS EXCLUSIVE MODE`); err != nil {
		t.Fatal(err)
	}
	err = as(t, db, c, tenancy(d).As("acme"), func(ctx context.Context, a *database.Asking) {
		if _, err := a.SeesAny(ctx, c.Named("notes")); err == nil || !strings.Contains(err.Error(), "a lock was held") {
			t.Errorf("got %v", err)
		}
	})
	if err != nil {
		t.Error(err)
	}
	// A context that ends, ends it.
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := db.Read(ctx, d.App); !errors.Is(err, context.Canceled) {
		t.Errorf("a context that ended: got %v", err)
	}
}

func TestReadOnlyDatabase(t *testing.T) {
	d := scratch(t, notes)
	admin(t, d, `ALTER DATABASE `+d.Name+` SET default_transaction_read_only = on`)
	db := opened(t, d.URL, database.Limits{})
	c := read(t, db, d.App)
	s := tenancy(d).As("acme")
	err := as(t, db, c, s, func(ctx context.Context, a *database.Asking) {
		r, err := a.Find(ctx, c.Named("notes"), "org_id", "acme", "")
		if err != nil {
			t.Fatal(err)
		}
		// As on a standby, what cannot be written says nothing of the policies.
		if got, err := a.Update(ctx, r); err == nil || got != database.Unclear {
			t.Errorf("got %d, %v", got, err)
		}
	})
	if err != nil {
		t.Error(err)
	}
}

func TestNamesOfAnyKind(t *testing.T) {
	const table = `wei"rd ' table; DROP TABLE notes; -- ☂ \`
	const column = `te"nant ' id \ ☂`
	const key = `k"e'y`
	tenant := `o'rg \ "x" $1 ☂`
	quote := database.Quote
	d := scratch(t, notes)
	admin(t, d, `CREATE SCHEMA "sch'e""ma" AUTHORIZATION harbor_owner; GRANT USAGE ON SCHEMA "sch'e""ma" TO harbor_app;
		CREATE TABLE `+quote(`sch'e"ma`, table)+` (`+quote(key)+` text PRIMARY KEY, `+quote(column)+` text, `+quote("drop")+` text);
		GRANT ALL ON `+quote(`sch'e"ma`, table)+` TO harbor_app;
		CREATE INDEX ON `+quote(`sch'e"ma`, table)+` (`+quote(column)+`);
		INSERT INTO `+quote(`sch'e"ma`, table)+` VALUES (`+database.Literal(`it's \ "☂`)+`, `+database.Literal(tenant)+`, 'x'), ('k2', 'other', 'y')`)
	db := opened(t, d.URL, database.Limits{})
	c := read(t, db, d.App)
	tb := c.Named(`sch'e"ma.` + table)
	if tb == nil {
		t.Fatal("the table was not read")
	}
	tn := tenancy(d)
	tn.Columns = []string{column}
	if e := database.See(c, tn); e.Column(tb) != column {
		t.Errorf("tenant's column: got %q", e.Column(tb))
	}
	s := tn.As(tenant)
	s.Write = true
	err := as(t, db, c, s, func(ctx context.Context, a *database.Asking) {
		r, err := a.Find(ctx, tb, column, tenant, "")
		if err != nil || r.Value[0] != `it's \ "☂` {
			t.Fatalf("got %v, %v", r, err)
		}
		cp, err := a.Copy(ctx, r)
		if err != nil {
			t.Fatal(err)
		}
		for what, try := range map[string]func() (database.Reach, error){
			"insert": func() (database.Reach, error) { return a.Insert(ctx, cp) },
			"update": func() (database.Reach, error) { return a.Update(ctx, r) },
			"move":   func() (database.Reach, error) { return a.Move(ctx, r, "other's") },
			"delete": func() (database.Reach, error) { return a.Delete(ctx, r) },
		} {
			if got, err := try(); err != nil || got != database.Reached {
				t.Errorf("%s: got %d, %v: %v", what, got, err, a.Take())
			}
		}
		// Another's key that holds SQL stays a value.
		if _, err := a.Find(ctx, c.Named("notes"), "org_id", `' OR true --`, ""); !errors.Is(err, database.ErrNoRow) {
			t.Errorf("got %v", err)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if read(t, db, d.App).Named("notes") == nil {
		t.Error("a name was carried out")
	}
}
