package isolation

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/demo/postgres"
	"github.com/launchready/launchready/demo/postgres/pgtest"
)

// estate is a database of the test's own on a real Postgres.
func estate(t *testing.T, sql ...string) (*postgres.Database, lr.DatabaseAccess) {
	t.Helper()
	d := pgtest.New(t, sql...)
	return d, lr.DatabaseAccess{URL: lr.NewSecret(d.URL), Role: d.App, Tenant: "SELECT set_config('app.tenant', $1, true)"}
}

// outcomes asks every check of the database, as text: "db-rls-off notes: failed medium: …".
func outcomes(t *testing.T, access lr.DatabaseAccess) map[string][]string {
	t.Helper()
	out := map[string][]string{}
	for id, os := range AskDatabase(t.Context(), access, [2]string{"acme", "globex"}, slog.New(slog.DiscardHandler), time.Now) {
		for _, o := range os {
			name := strings.TrimPrefix(id, "isolation/")
			if strings.Contains(fmt.Sprintf("%+v", o), access.URL.Reveal()) {
				t.Errorf("%s: an outcome holds the address with its password", id)
			}
			out[name] = append(out[name], fmt.Sprintf("%s %s %s %s: %s", o.Verdict, o.Confidence, o.Severity, o.Subject, o.Message))
		}
	}
	return out
}

func failed(in map[string][]string) []string {
	var out []string
	for id, lines := range in {
		for _, l := range lines {
			if strings.HasPrefix(l, "failed") && !slices.Contains(out, id) {
				out = append(out, id)
			}
		}
	}
	slices.Sort(out)
	return out
}

const plainNotes = `
CREATE TABLE notes (id text PRIMARY KEY, tenant_id text NOT NULL, body text NOT NULL DEFAULT '');
CREATE INDEX ON notes (tenant_id);
INSERT INTO notes VALUES ('n1', 'acme', ''), ('n2', 'globex', '');
GRANT SELECT, INSERT, UPDATE, DELETE ON notes TO harbor_app;`

const held = `
ALTER TABLE notes ENABLE ROW LEVEL SECURITY;
ALTER TABLE notes FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON notes USING (tenant_id = current_setting('app.tenant', true));`

// TestCodeAloneIsNoBypass holds that an application which isolates in its code and
// uses no row-level security is told so once, and not called broken.
func TestCodeAloneIsNoBypass(t *testing.T) {
	_, access := estate(t, plainNotes)
	got := outcomes(t, access)
	if f := failed(got); !slices.Equal(f, []string{"db-rls-off"}) || len(got["db-rls-off"]) != 1 || !strings.HasPrefix(got["db-rls-off"][0], "failed confirmed none application:") {
		t.Errorf("found %v: %v", f, got["db-rls-off"])
	}
	for _, id := range []string{"db-foreign-read", "db-foreign-write", "db-unset-tenant", "db-pooled-setting", "db-view", "db-policy-claim"} {
		if len(got[id]) != 1 || !strings.HasPrefix(got[id][0], "skipped") {
			t.Errorf("%s: %v, want it not to arise", id, got[id])
		}
	}
}

// TestHeldDatabase is the clean case, with what naive readers flag.
func TestHeldDatabase(t *testing.T) {
	_, access := estate(t, plainNotes, held, `
		CREATE TABLE schema_migrations (version text);
		CREATE TABLE countries (code text PRIMARY KEY, name text);
		CREATE TABLE archive (LIKE notes INCLUDING ALL); -- the application has no right to it
		GRANT SELECT ON countries, schema_migrations TO harbor_app;
		CREATE VIEW recent WITH (security_invoker = true) AS SELECT * FROM notes;
		GRANT SELECT ON recent TO harbor_app;
		CREATE FUNCTION find_note(x text) RETURNS text LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS 'SELECT body FROM notes WHERE id = x AND tenant_id = current_setting(''app.tenant'')'`)
	got := outcomes(t, access)
	if f := failed(got); len(f) > 0 {
		t.Errorf("found %v: %v", f, got)
	}
	for id, lines := range got {
		for _, l := range lines {
			if strings.HasPrefix(l, "unknown") {
				t.Errorf("%s: %s", id, l)
			}
		}
	}
}

func TestFormsOfTheSameFault(t *testing.T) {
	tests := map[string]struct {
		sql   string
		check string
		says  string
		also  []string
	}{
		"superuser's attribute": {`SELECT 1`, "db-role", "BYPASSRLS", []string{"db-foreign-read", "db-foreign-write", "db-unset-tenant"}},
		"owner's view":          {`ALTER TABLE notes NO FORCE ROW LEVEL SECURITY; CREATE VIEW v AS SELECT * FROM notes; GRANT SELECT ON v TO harbor_app`, "db-view", "reads a row of", []string{"db-rls-not-forced"}},
		"view of a view":        {`ALTER TABLE notes NO FORCE ROW LEVEL SECURITY; CREATE VIEW inner_v AS SELECT * FROM notes; CREATE VIEW v WITH (security_invoker = true) AS SELECT tenant_id, id FROM inner_v; GRANT SELECT ON v, inner_v TO harbor_app`, "db-view", "reads a row of", []string{"db-rls-not-forced"}},
		"materialized view":     {`ALTER TABLE notes NO FORCE ROW LEVEL SECURITY; CREATE MATERIALIZED VIEW v AS SELECT count(*) FROM notes; ALTER TABLE notes FORCE ROW LEVEL SECURITY; GRANT SELECT ON v TO harbor_app`, "db-view", "materialized", nil},
		"policies of another":   {`DROP POLICY tenant ON notes; CREATE POLICY p ON notes TO harbor_reports USING (tenant_id = current_setting('app.tenant', true))`, "db-policy-missing", "are for", nil},
		"no policy":             {`DROP POLICY tenant ON notes`, "db-policy-missing", "no policy", nil},
		"who and not whose":     {`CREATE POLICY p ON notes FOR SELECT USING (current_setting('app.tenant', true) <> '')`, "db-policy-always-true", "without a look at the row", []string{"db-foreign-read"}},
		"1 = 1":                 {`CREATE POLICY p ON notes FOR DELETE USING (1 = 1 OR body = '')`, "db-policy-always-true", "lets DELETE of every row through", nil},
		"a claim in the open":   {`CREATE POLICY p ON notes FOR SELECT USING (tenant_id = (current_setting('request.jwt.claims', true)::jsonb -> 'user_metadata' ->> 'org'))`, "db-policy-claim", "a user_metadata that says", nil},
		"a header":              {`CREATE POLICY p ON notes FOR SELECT USING (tenant_id = current_setting('request.header.x-tenant', true))`, "db-policy-claim", "request.header", nil},
		"WITH CHECK (true)":     {`DROP POLICY tenant ON notes; CREATE POLICY w ON notes USING (tenant_id = current_setting('app.tenant', true)) WITH CHECK (true)`, "db-foreign-write", "inserts a row for", []string{"db-policy-always-true"}},
		"definer past policies": {`CREATE FUNCTION total() RETURNS bigint LANGUAGE sql SECURITY DEFINER SET search_path = public AS 'SELECT count(*) FROM notes'; ALTER FUNCTION total() OWNER TO harbor_reports`, "db-definer-function", "reads notes as", nil},
		"create for everybody":  {`GRANT CREATE ON SCHEMA public TO PUBLIC`, "db-public-grant", "every role may create", nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, access := estate(t, plainNotes, held, tt.sql)
			if tt.check == "db-role" {
				if err := d.Run(t.Context(), `ALTER ROLE harbor_app BYPASSRLS`); err != nil {
					t.Fatal(err)
				}
			}
			got := outcomes(t, access)
			want := append([]string{tt.check}, tt.also...)
			slices.Sort(want)
			if f := failed(got); !slices.Equal(f, want) {
				t.Errorf("found %v, want %v: %v", f, want, got)
			}
			if text := strings.Join(got[tt.check], "\n"); !strings.Contains(text, tt.says) {
				t.Errorf("%s says %s, want %q in it", tt.check, text, tt.says)
			}
		})
	}
}

// TestUnreachableDatabase holds that each check says why it could not ask, and
// passes and fails nothing.
func TestUnreachableDatabase(t *testing.T) {
	for name, url := range map[string]string{
		"dead":  "postgres://u:sesame-1@127.0.0.1:9/d?connect_timeout=1",
		"MySQL": "mysql://u:sesame-1@127.0.0.1/d",
		"junk":  "postgres://u:sesame-1@[::x/d",
	} {
		got := outcomes(t, lr.DatabaseAccess{URL: lr.NewSecret(url)})
		if len(got) != 16 {
			t.Errorf("%s: %d checks answered", name, len(got))
		}
		for id, lines := range got {
			if len(lines) != 1 || !strings.HasPrefix(lines[0], "unknown") || strings.Contains(lines[0], "sesame") {
				t.Errorf("%s: %s: %v", name, id, lines)
			}
		}
	}
}

// TestSettingsThatLeadNowhere holds that a wrong role, no role beside a
// superuser's address, no statement and no column leave checks open.
func TestSettingsThatLeadNowhere(t *testing.T) {
	d, access := estate(t, plainNotes, held)
	with := func(f func(*lr.DatabaseAccess)) lr.DatabaseAccess { a := access; f(&a); return a }
	for name, tt := range map[string]struct {
		access lr.DatabaseAccess
		check  string
		says   string
	}{
		"superuser":         {with(func(a *lr.DatabaseAccess) { a.URL, a.Role = lr.NewSecret(d.Admin), "" }), "db-foreign-read", "give the role that the application works as"},
		"no such role":      {with(func(a *lr.DatabaseAccess) { a.Role = "nobody" }), "db-rls-off", "there is no such role"},
		"no statement":      {with(func(a *lr.DatabaseAccess) { a.Tenant = "" }), "db-foreign-read", "give database.tenant"},
		"a wrong one":       {with(func(a *lr.DatabaseAccess) { a.Tenant = "SELECT no_such($1)" }), "db-foreign-write", "set the tenant as the application does"},
		"no column":         {with(func(a *lr.DatabaseAccess) { a.Column = []string{"nothing"} }), "db-tenant-index", "name the role by database.role"},
		"all tables shared": {with(func(a *lr.DatabaseAccess) { a.Shared = []string{"notes"} }), "db-rls-off", "name the role"},
		"not a member":      {with(func(a *lr.DatabaseAccess) { a.URL, a.Role = lr.NewSecret(d.AppURL()), d.Reports }), "db-rls-off", "has a right to no table"},
	} {
		got := outcomes(t, tt.access)
		if f := failed(got); len(f) > 0 {
			t.Errorf("%s: found %v: %v", name, f, got)
		}
		if text := strings.Join(got[tt.check], "\n"); !strings.HasPrefix(text, "unknown") || !strings.Contains(text, tt.says) {
			t.Errorf("%s: %s says %q, want %q in it", name, tt.check, text, tt.says)
		}
	}
}

// TestHugeTableIsLeftOpen holds that a table that cannot be asked cheaply is left
// open, and the check with it.
func TestHugeTableIsLeftOpen(t *testing.T) {
	d, access := estate(t, strings.Replace(plainNotes, "CREATE INDEX ON notes (tenant_id);", "", 1), held)
	if err := d.Run(t.Context(), `UPDATE pg_class SET reltuples = 1e8, relpages = 1 WHERE relname = 'notes'`); err != nil {
		t.Fatal(err)
	}
	got := outcomes(t, access)
	for _, id := range []string{"db-foreign-read", "db-foreign-write", "db-unset-tenant", "db-pooled-setting"} {
		if text := strings.Join(got[id], "\n"); !strings.HasPrefix(text, "unknown") {
			t.Errorf("%s: %s", id, text)
		}
	}
	if text := strings.Join(got["db-foreign-read"], "\n"); !strings.Contains(text, "notes has about 100000000 rows") {
		t.Errorf("it does not say why: %s", text)
	}
	if f := failed(got); !slices.Equal(f, []string{"db-tenant-index"}) {
		t.Errorf("found %v", f)
	}
}
