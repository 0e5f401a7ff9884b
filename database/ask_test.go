package database_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/launchready/launchready/database"
)

func TestASessionIsTheTenants(t *testing.T) {
	d := scratch(t, notes)
	db := opened(t, d.URL, database.Limits{})
	c := read(t, db, d.App)
	table, tn := c.Named("notes"), tenancy(d)
	var row database.Row
	err := as(t, db, c, tn.As("acme"), func(ctx context.Context, a *database.Asking) {
		var err error
		if row, err = a.Find(ctx, table, "org_id", "acme", ""); err != nil || row.String() != "n1" {
			t.Errorf("the owner's row: got %v, %v", row, err)
		}
		if _, err := a.Find(ctx, table, "org_id", "globex", ""); !errors.Is(err, database.ErrNoRow) {
			t.Errorf("another's row: got %v, want %v", err, database.ErrNoRow)
		}
		if _, err := a.Find(ctx, table, "org_id", "acme", "n1"); err != nil {
			t.Errorf("a row by its key: %v", err)
		}
		if said := strings.Join(a.Take(), "\n"); !strings.Contains(said, "tenant acme: SELECT") || a.Take() != nil {
			t.Errorf("said %q", said)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, s := range map[string]database.Session{"another tenant": tn.As("globex"), "no tenant": tn.As("")} {
		err := as(t, db, c, s, func(ctx context.Context, a *database.Asking) {
			if seen, err := a.Sees(ctx, row); err != nil || seen {
				t.Errorf("%s: seen %v, %v", name, seen, err)
			}
			if other, err := a.SeesOther(ctx, table, "org_id", "globex"); err != nil || other {
				t.Errorf("%s: another's seen %v, %v", name, other, err)
			}
		})
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	// Who passes the policies sees it: the question can be answered with yes.
	err = as(t, db, c, database.Session{Role: d.Reports}, func(ctx context.Context, a *database.Asking) {
		if _, err := a.SeesAny(ctx, table); database.Code(err) != database.Denied {
			t.Errorf("a role without rights: got %v, want %s", err, database.Denied)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestWritesAreTriedAndRolledBack(t *testing.T) {
	d := scratch(t, notes, `
		CREATE TABLE loose (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, org_id text NOT NULL, twice text GENERATED ALWAYS AS (org_id || org_id) STORED);
		INSERT INTO loose (org_id) VALUES ('acme'), ('globex');
		GRANT SELECT, INSERT, UPDATE, DELETE ON loose TO harbor_app;
		ALTER TABLE loose ENABLE ROW LEVEL SECURITY;
		CREATE POLICY tenant ON loose USING (true)`)
	db := opened(t, d.URL, database.Limits{})
	c := read(t, db, d.App)
	tn := tenancy(d)
	for name, want := range map[string]database.Reach{"notes": database.Refused, "loose": database.Reached} {
		table := c.Named(name)
		var theirs, own database.Row
		var copied database.Copy
		err := as(t, db, c, tn.As("acme"), func(ctx context.Context, a *database.Asking) {
			var err error
			if theirs, err = a.Find(ctx, table, "org_id", "acme", ""); err != nil {
				t.Fatal(err)
			}
			if copied, err = a.Copy(ctx, theirs); err != nil {
				t.Fatal(err)
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		s := tn.As("globex")
		s.Write = true
		err = as(t, db, c, s, func(ctx context.Context, a *database.Asking) {
			var err error
			if own, err = a.Find(ctx, table, "org_id", "globex", ""); err != nil {
				t.Fatal(err)
			}
			for what, try := range map[string]func() (database.Reach, error){
				"insert": func() (database.Reach, error) { return a.Insert(ctx, copied) },
				"update": func() (database.Reach, error) { return a.Update(ctx, theirs) },
				"delete": func() (database.Reach, error) { return a.Delete(ctx, theirs) },
				"move":   func() (database.Reach, error) { return a.Move(ctx, own, "acme") },
			} {
				if got, err := try(); err != nil || got != want {
					t.Errorf("%s %s: got %d, %v, want %d: %s", what, name, got, err, want, strings.Join(a.Take(), "\n"))
				}
			}
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	conn, err := d.Connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	var left string
	err = conn.QueryRow(t.Context(), `SELECT string_agg(id || org_id || body, ' ' ORDER BY id) || (SELECT ' ' || string_agg(id || org_id, ' ' ORDER BY id) FROM loose) FROM notes`).Scan(&left)
	if want := "n1acmea n2globexb 1acme 2globex"; err != nil || left != want {
		t.Errorf("after the attempts: got %q, %v, want %q", left, err, want)
	}
}

func TestWhatStaysOnAPooledConnection(t *testing.T) {
	d := scratch(t, notes)
	db := opened(t, d.URL, database.Limits{})
	c := read(t, db, d.App)
	row := database.Row{Table: c.Named("notes"), Column: "org_id", Tenant: "acme", Key: []string{"id"}, Value: []string{"n1"}}
	for name, tt := range map[string]struct {
		set, unset string
		stays      bool
	}{
		"for the transaction":               {"SELECT set_config('app.tenant', $1, true)", "", false},
		"SET LOCAL, which takes no $1":      {"SET LOCAL app.tenant = $1", "", false},
		"for the session":                   {"SELECT set_config('app.tenant', $1, false)", "", true},
		"SET":                               {"SET app.tenant = $1", "", true},
		"for the session, and taken back":   {"SET app.tenant = $1", "RESET app.tenant", false},
		"taken back by DISCARD ALL":         {"SET app.tenant = $1", "DISCARD ALL", false},
		"taken back by a statement too few": {"SET app.tenant = $1", "SELECT 1", true},
	} {
		tn := tenancy(d)
		tn.Set, tn.Unset = tt.set, tt.unset
		s, err := db.Pooled(t.Context(), c, tn, row)
		if err != nil || s.Before || !s.During || s.After != tt.stays {
			t.Errorf("%s: got %+v, %v, want it to stay %v", name, s, err, tt.stays)
		}
	}
}

// TestAnOpenTableTellsNothingOfTheSetting holds that a row which is seen without
// a tenant is no proof that one stayed.
func TestAnOpenTableTellsNothingOfTheSetting(t *testing.T) {
	d := scratch(t, strings.Replace(notes, "FORCE ROW", "DISABLE ROW", 1))
	db := opened(t, d.URL, database.Limits{})
	c := read(t, db, d.App)
	row := database.Row{Table: c.Named("notes"), Column: "org_id", Tenant: "acme", Key: []string{"id"}, Value: []string{"n1"}}
	if s, err := db.Pooled(t.Context(), c, tenancy(d), row); err != nil || !s.Before || s.After {
		t.Errorf("got %+v, %v", s, err)
	}
}
