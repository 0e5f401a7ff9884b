package database_test

import (
	"context"
	"errors"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/launchready/launchready/database"
)

// everything is a schema with one of each thing that a proof may meet.
const everything = `
CREATE SCHEMA "Odd ""name";
GRANT USAGE ON SCHEMA "Odd ""name" TO harbor_app;
CREATE TYPE mood AS ENUM ('so so', 'it''s fine');
CREATE TYPE span AS RANGE (SUBTYPE = numeric);
CREATE DOMAIN positive AS integer DEFAULT 1 NOT NULL CONSTRAINT above CHECK (VALUE > 0);
CREATE TYPE pair AS (a text, b positive);
CREATE SEQUENCE numbers;
CREATE FUNCTION next_number() RETURNS text LANGUAGE sql AS $$ SELECT 'n' || nextval('public.numbers') $$;
CREATE FUNCTION current_org() RETURNS text LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$ SELECT nullif(current_setting('app.tenant', true), '') $$;
REVOKE ALL ON FUNCTION current_org() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION current_org() TO harbor_app;
CREATE PROCEDURE touch(x text) LANGUAGE plpgsql AS $$ BEGIN NULL; END $$;
CREATE TABLE orgs (id text PRIMARY KEY DEFAULT next_number(), name text COLLATE "C" NOT NULL, feels mood DEFAULT 'so so', UNIQUE (name, id));
CREATE TABLE notes (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, serial_no serial, org_id text NOT NULL REFERENCES orgs (id) ON DELETE CASCADE,
	body varchar(80) NOT NULL DEFAULT '', size integer GENERATED ALWAYS AS (length(body)) STORED, worth positive, couple pair, gone text, reach span,
	CONSTRAINT short CHECK (length(body) < 80));
ALTER TABLE notes DROP COLUMN gone;
CREATE INDEX notes_org ON notes (org_id) WHERE worth > 2;
CREATE UNIQUE INDEX ON notes (lower(body), org_id DESC);
ALTER TABLE notes ENABLE ROW LEVEL SECURITY;
ALTER TABLE notes FORCE ROW LEVEL SECURITY;
CREATE POLICY "the tenant's" ON notes FOR ALL TO harbor_app USING (org_id = current_org()) WITH CHECK (org_id = current_org());
CREATE POLICY narrow ON notes AS RESTRICTIVE FOR SELECT USING (worth > 0);
GRANT SELECT, INSERT ON notes TO harbor_app WITH GRANT OPTION;
GRANT UPDATE (body) ON notes TO harbor_app;
GRANT SELECT ON orgs TO PUBLIC;
CREATE TABLE "Odd ""name"."Odd table" (LIKE orgs);
CREATE TABLE events (org_id text NOT NULL, at date NOT NULL, PRIMARY KEY (org_id, at)) PARTITION BY RANGE (at);
CREATE INDEX events_at ON events (at);
CREATE TABLE events_2026 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
CREATE TABLE events_rest PARTITION OF events DEFAULT PARTITION BY LIST (org_id);
CREATE TABLE events_rest_a PARTITION OF events_rest FOR VALUES IN ('a');
CREATE TABLE old_notes (kept date) INHERITS (orgs);
CREATE VIEW z_notes WITH (security_invoker = true) AS SELECT n.id, o.name FROM notes n JOIN orgs o ON o.id = n.org_id;
CREATE VIEW a_notes AS SELECT * FROM z_notes WHERE name <> current_org();
CREATE MATERIALIZED VIEW totals AS SELECT org_id, count(*) AS n FROM notes GROUP BY 1;
CREATE UNIQUE INDEX ON totals (org_id);
GRANT SELECT ON a_notes, totals TO harbor_app;
CREATE FUNCTION kept() RETURNS SETOF a_notes LANGUAGE sql STABLE BEGIN ATOMIC SELECT * FROM a_notes; END;
CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE TRIGGER stamped BEFORE UPDATE OF body ON notes FOR EACH ROW WHEN (OLD.body IS DISTINCT FROM NEW.body) EXECUTE FUNCTION stamp();
CREATE TRIGGER on_events AFTER INSERT ON events FOR EACH ROW EXECUTE FUNCTION stamp();
CREATE RULE quiet AS ON DELETE TO orgs DO INSTEAD NOTHING;
ALTER TABLE orgs OWNER TO harbor_reports;
`

// TestSchema makes a copy by reading alone, and has pg_dump say whether the two are
// one and the same.
func TestSchema(t *testing.T) {
	d := scratch(t, everything)
	db := opened(t, d.URL, database.Limits{})
	twin, err := db.Twin(t.Context(), read(t, db, d.App), "")
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := twin.Close(); err != nil {
			t.Error(err)
		}
	}()
	program, err := exec.LookPath("pg_dump")
	if err != nil {
		t.Skip("there is no pg_dump")
	}
	was, is := dumped(t, program, d.URL), dumped(t, program, twin.URL.Reveal())
	// The sequence of a serial does not belong to its column, and the index of a
	// partition has a name of its own: no proof asks either.
	asked := func(s string) bool { return !strings.Contains(s, "serial_no") && !partitionIndex.MatchString(s) }
	for _, s := range was {
		if asked(s) && !slices.Contains(is, s) {
			t.Errorf("the copy lacks %s", s)
		}
	}
	for _, s := range is {
		if asked(s) && !slices.Contains(was, s) {
			t.Errorf("the copy has more: %s", s)
		}
	}
}

var partitionIndex = regexp.MustCompile(`INDEX \S*events_(2026|rest)|ATTACH PARTITION \S*_idx`)

// dumped are the statements of a database's schema.
func dumped(t *testing.T, program, url string) []string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), program, "--schema-only", "--no-comments", "-d", url).Output()
	if err != nil {
		t.Fatal("pg_dump failed") // what it says may hold the address
	}
	var all []string
	for s := range strings.SplitSeq(string(out), ";\n") {
		var lines []string
		for l := range strings.Lines(s) {
			if l = strings.TrimSpace(l); l != "" && !strings.HasPrefix(l, "--") && !strings.HasPrefix(l, `\`) {
				lines = append(lines, l)
			}
		}
		all = append(all, strings.Join(lines, " "))
	}
	return all
}

// TestSchemaThatIsNotRead: what no copy can be made of is said, and leaves no database behind.
func TestSchemaThatIsNotRead(t *testing.T) {
	d := scratch(t, notes)
	for name, tc := range map[string]struct{ sql, want string }{
		"an aggregate that a view needs": {`CREATE AGGREGATE longest(text) (SFUNC = textcat, STYPE = text); CREATE VIEW v AS SELECT longest(body) FROM notes; ALTER VIEW v OWNER TO harbor_owner`, "v: "},
		"a foreign table":                {`DROP VIEW IF EXISTS v; CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w; CREATE FOREIGN TABLE far (a text) SERVER s; GRANT SELECT ON far TO harbor_owner`, "far is gone"},
	} {
		t.Run(name, func(t *testing.T) {
			admin(t, d, tc.sql)
			db := opened(t, d.URL, database.Limits{})
			_, err := db.Twin(t.Context(), read(t, db, d.App), "")
			if !errors.Is(err, database.ErrNoCopy) || !errors.Is(err, database.ErrNotWhole) || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want %v with %q", err, database.ErrNotWhole, tc.want)
			}
		})
	}
	c, err := d.Connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close(context.Background()) }()
	var left int
	if err := c.QueryRow(t.Context(), "SELECT count(*) FROM pg_database WHERE datname ~ '^launchready_copy_' AND pg_get_userbyid(datdba) = $1", pgx.QueryExecModeSimpleProtocol, d.Owner).Scan(&left); err != nil || left > 0 {
		t.Errorf("%d copies were left behind: %v", left, err)
	}
	small := opened(t, d.URL, database.Limits{Objects: 1})
	if _, err := small.Twin(t.Context(), &database.Catalogue{}, ""); !errors.Is(err, database.ErrNotWhole) {
		t.Errorf("more objects than are read: got %v", err)
	}
}
