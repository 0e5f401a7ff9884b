package demo

import (
	"context"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/launchready/launchready/demo/postgres"
	"github.com/launchready/launchready/demo/repository"
)

// mirror is the Postgres that the repository is written for: its migrations are
// laid there, the seeded tenants' rows have the ids of the live chatbot, and what
// is made later in some tables is made there too.
type mirror struct {
	*postgres.Database
	mu   sync.Mutex
	conn *pgx.Conn
	log  *slog.Logger
}

// twice are the beginnings of the statements that Postgres is given as well.
var twice = [...]string{"insert into tenants (", "insert into chats (", "insert into tickets (", "delete from chats where id = ? and tenant_id = ?"}

// openMirror lays the database out, where there is a server for it.
func (s *Server) openMirror(server string) error {
	if server == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	d, err := postgres.New(ctx, server)
	if err != nil {
		return err
	}
	s.closers = append(s.closers, d.Close)
	migrations, err := repository.Migrations(s.flaws.Has)
	if err != nil {
		return err
	}
	if err := d.Lay(ctx, migrations...); err != nil {
		return fmt.Errorf("lay the schema into Postgres: %w", err)
	}
	m := &mirror{Database: d, log: s.log}
	if m.conn, err = d.Connect(ctx); err != nil {
		return fmt.Errorf("connect to Postgres: %w", err)
	}
	s.closers = append(s.closers, func() error { return m.conn.Close(context.Background()) })
	if err := m.fill(ctx, s.db, s.flaws); err != nil {
		return fmt.Errorf("fill Postgres: %w", err)
	}
	s.mirror, s.db.mirror = m, m
	return nil
}

// fill copies what was planted, and makes what SQLite has none of.
func (m *mirror) fill(ctx context.Context, db *store, flaws flawSet) error {
	var b strings.Builder
	for _, t := range []struct{ table, columns string }{
		{"tenants", "id, slug, name, plan, billing_email, customer_number, created_at"}, {"users", "id, tenant_id, email, name, role"},
		{"chats", chatColumns}, {"messages", "id, tenant_id, chat_id, role, content, created_at"}, {"files", "id, tenant_id, name, media_type, size"},
		{"documents", "id, tenant_id, title, text"}, {"prompts", "tenant_id, number, title, text"}, {"invoices", "id, tenant_id, number, memo, amount_cents"},
		{"reports", "id, tenant_id, title, body"}, {"audit_log", "id, tenant_id, actor_id, action"}, {"articles", "id, title, body"},
	} {
		n := strings.Count(t.columns, ",") + 1
		rows, err := many(ctx, db, func(r scanner) (string, error) { return literals(r, n) }, `select `+t.columns+` from `+t.table)
		if err != nil {
			return err
		}
		if len(rows) > 0 {
			fmt.Fprintf(&b, "INSERT INTO %s (%s) VALUES %s;\n", t.table, t.columns, strings.Join(rows, ", "))
		}
	}
	tenant, values := "tenant_id, ", "m.tenant_id, "
	if flaws.Has("isolation/db-tenant-column") {
		tenant, values = "", ""
	}
	b.WriteString(`INSERT INTO attachments (id, ` + tenant + `message_id, name) SELECT 'att_' || m.id, ` + values + `m.id, 'screenshot.png' FROM messages m;
		INSERT INTO feedback (id, tenant_id, message_id, rating) SELECT 'fbk_' || id, tenant_id, id, 'up' FROM messages;
		INSERT INTO passages (id, tenant_id, document_id, body) SELECT 'psg_' || id, tenant_id, id, text FROM documents;
		INSERT INTO tickets (id, tenant_id, user_id, title, status) SELECT 'tkt_' || id, tenant_id, id, 'Printer', 'open' FROM users;
		INSERT INTO usage_events (tenant_id, kind, quantity) SELECT tenant_id, 'message', 1 FROM messages;`)
	_, err := m.conn.Exec(ctx, b.String())
	return err
}

// literals is a row as VALUES has it.
func literals(r scanner, n int) (string, error) {
	values := make([]any, n)
	into := make([]any, n)
	for i := range into {
		into[i] = &values[i]
	}
	if err := r.Scan(into...); err != nil {
		return "", err
	}
	parts := make([]string, n)
	for i, v := range values {
		parts[i] = "'" + strings.ReplaceAll(fmt.Sprint(v), "'", "''") + "'"
		if v == nil {
			parts[i] = "NULL"
		}
	}
	return "(" + strings.Join(parts, ", ") + ")", nil
}

// follow does what SQLite did, where Postgres has the table. The chatbot is not
// held up by what comes of it.
func (m *mirror) follow(q string, args []any) {
	if m == nil || !follows(q) {
		return
	}
	var b strings.Builder
	n := 0
	for _, r := range q {
		if r == '?' {
			n++
			b.WriteString("$" + strconv.Itoa(n))
		} else {
			b.WriteRune(r)
		}
	}
	same := make([]any, len(args))
	for i, a := range args {
		same[i] = a
		if v, ok := a.(bool); ok { // SQLite has no such type
			same[i] = map[bool]int{true: 1}[v]
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, err := m.conn.Exec(ctx, b.String(), same...); err != nil {
		m.log.Debug("mirror", "err", err)
	}
}

func follows(q string) bool {
	for _, begin := range twice {
		if strings.HasPrefix(q, begin) {
			return true
		}
	}
	return false
}
