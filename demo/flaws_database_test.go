package demo

import (
	"context"
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/launchready/launchready/demo/postgres"
)

// databaseFlaws are the faults of the repository's migrations, as a session of
// Harbor's role, or the catalogue, shows them. Without a Postgres they are skipped.
var databaseFlaws = map[string]symptom{
	"isolation/db-rls-off":          catalogue(`SELECT NOT relrowsecurity FROM pg_class WHERE relname = 'feedback'`),
	"isolation/db-rls-not-forced":   catalogue(`SELECT NOT relforcerowsecurity FROM pg_class WHERE relname = 'usage_events'`),
	"isolation/db-policy-missing":   catalogue(`SELECT NOT EXISTS (SELECT 1 FROM pg_policies WHERE tablename = 'passages' AND cmd = 'DELETE')`),
	"isolation/db-tenant-column":    catalogue(`SELECT NOT EXISTS (SELECT 1 FROM information_schema.columns WHERE table_name = 'attachments' AND column_name = 'tenant_id')`),
	"isolation/db-tenant-index":     catalogue(`SELECT NOT EXISTS (SELECT 1 FROM pg_indexes WHERE tablename = 'invoices' AND indexdef LIKE '%(tenant_id%')`),
	"isolation/db-foreign-key":      catalogue(`SELECT EXISTS (SELECT 1 FROM pg_constraint WHERE conrelid = 'messages'::regclass AND pg_get_constraintdef(oid) LIKE 'FOREIGN KEY (chat_id)%')`),
	"isolation/db-definer-function": catalogue(`SELECT EXISTS (SELECT 1 FROM pg_proc WHERE proname = 'harbor_find_user' AND prosecdef AND proconfig IS NULL)`),
	"isolation/db-role":             catalogue(`SELECT pg_get_userbyid(relowner) LIKE '%app' FROM pg_class WHERE relname = 'reports'`),
	"isolation/db-public-grant":     catalogue(`SELECT has_table_privilege('public', 'users', 'SELECT')`),
	"isolation/db-policy-always-true": inSession("acme", true,
		`SELECT EXISTS (SELECT 1 FROM prompts WHERE tenant_id <> current_setting('app.tenant_id'))`),
	"isolation/db-policy-claim": inSession("acme", true,
		`SELECT set_config('request.jwt.claims', '{"user_metadata": {"tenant_id": "GLOBEX"}}', true) <> '' AND EXISTS (SELECT 1 FROM tickets WHERE tenant_id = 'GLOBEX')`),
	"isolation/db-view":         inSession("acme", true, `SELECT EXISTS (SELECT 1 FROM file_overview WHERE tenant_id = 'GLOBEX') AND pg_get_viewdef('file_overview') LIKE '%harbor_every_file%'`),
	"isolation/db-foreign-read": inSession("acme", true, `SELECT EXISTS (SELECT 1 FROM chats WHERE tenant_id = 'GLOBEX')`),
	"isolation/db-foreign-write": func(w *world) bool {
		return w.sql("acme", true, `WITH made AS (INSERT INTO documents (id, tenant_id, title, text) VALUES ('doc_x', 'GLOBEX', '', '') RETURNING 1) SELECT true FROM made`)
	},
	"isolation/db-unset-tenant": inSession("", true, `SELECT EXISTS (SELECT 1 FROM audit_log)`),
	"isolation/db-pooled-setting": func(w *world) bool {
		w.mirrored()
		return strings.Contains(string(w.s.Config()), "$1, false)")
	},
}

func catalogue(query string) symptom { return func(w *world) bool { return w.sql("", false, query) } }

func inSession(tenant string, asApp bool, query string) symptom {
	return func(w *world) bool { return w.sql(tenant, asApp, query) }
}

// mirrored gives the world its Postgres.
func (w *world) mirrored() *mirror {
	w.t.Helper()
	if w.s.mirror == nil {
		server := os.Getenv(postgres.Variable)
		if server == "" {
			w.t.(*testing.T).Skipf("there is no Postgres: %s is not set; make test starts one", postgres.Variable)
		}
		if err := w.s.openMirror(server); err != nil {
			w.t.Fatal(err)
		}
	}
	return w.s.mirror
}

// sql answers a question of yes or no, as Harbor's role with the tenant set or as
// an administrator; GLOBEX stands for that tenant's id. What the database refuses
// is no.
func (w *world) sql(tenant string, asApp bool, query string) (yes bool) {
	w.t.Helper()
	m := w.mirrored()
	ctx := w.t.Context()
	conn, err := m.Connect(ctx)
	if err != nil {
		w.t.Fatal(err)
	}
	defer conn.Close(context.Background())
	must := func(sql string, args ...any) {
		if _, err := conn.Exec(ctx, sql, args...); err != nil {
			w.t.Fatal(err)
		}
	}
	id := func(slug string) string { return "ten_" + w.s.derived("tenant "+slug) }
	must("BEGIN")
	if asApp {
		must("SET LOCAL ROLE " + pgx.Identifier{m.App}.Sanitize())
	}
	if tenant != "" {
		must("SELECT set_config('app.tenant_id', $1, true)", id(tenant))
	}
	if err := conn.QueryRow(ctx, strings.ReplaceAll(query, "GLOBEX", id("globex"))).Scan(&yes); err != nil {
		if !strings.Contains(err.Error(), "row-level security") {
			w.t.Fatal(err)
		}
	}
	return yes
}

// TestDatabaseFlaws is TestFlaws for those that show in Postgres; the clean and the
// full one are laid out once.
func TestDatabaseFlaws(t *testing.T) {
	clean, full := start(t), start(t, "all")
	clean.mirrored()
	full.mirrored()
	for id, show := range databaseFlaws {
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			inEach(t, show, start(t, id), clean, full)
		})
	}
}

// TestMirrorFollows holds that what is made by the API is in Postgres under the
// same id, and goes when it is deleted.
func TestMirrorFollows(t *testing.T) {
	w := start(t)
	w.mirrored()
	c := w.as("member@acme.test")
	id := w.do(c, "POST", "/v1/chats", map[string]any{"title": "It's \\ a ? mirror"}).want(201).str("id")
	there := `SELECT EXISTS (SELECT 1 FROM chats WHERE id = '` + id + `' AND title LIKE 'It''s%')`
	if !w.sql("acme", true, there) {
		t.Error("the chat is not in Postgres")
	}
	if w.sql("globex", true, there) {
		t.Error("another tenant sees it there")
	}
	w.do(c, "DELETE", "/v1/chats/"+id, nil).want(204)
	if w.sql("acme", true, there) {
		t.Error("the chat is still in Postgres")
	}
	if got := string(w.s.Secrets()); !strings.Contains(got, "DATABASE_URL=postgres://") || strings.Contains(string(w.s.Config()), "postgres://") {
		t.Error("the address belongs into the file of secrets, and nowhere else")
	}
}
