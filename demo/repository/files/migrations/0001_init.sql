CREATE TABLE tenants (id text PRIMARY KEY, slug text NOT NULL UNIQUE, name text NOT NULL, plan text NOT NULL DEFAULT 'team', billing_email text NOT NULL DEFAULT '', customer_number text NOT NULL DEFAULT '', created_at timestamptz NOT NULL DEFAULT now());
CREATE TABLE users (id text PRIMARY KEY, tenant_id text NOT NULL REFERENCES tenants, email text NOT NULL UNIQUE, name text NOT NULL, role text NOT NULL);
CREATE TABLE chats (id text PRIMARY KEY, tenant_id text NOT NULL REFERENCES tenants, user_id text NOT NULL, title text NOT NULL, model text NOT NULL, metadata text NOT NULL DEFAULT '{}', archived integer NOT NULL DEFAULT 0, created_at timestamptz NOT NULL DEFAULT now(), updated_at timestamptz NOT NULL DEFAULT now(), UNIQUE (tenant_id, id));
CREATE TABLE messages (id text PRIMARY KEY, tenant_id text NOT NULL REFERENCES tenants, chat_id text NOT NULL, role text NOT NULL, content text NOT NULL, created_at timestamptz NOT NULL DEFAULT now(), UNIQUE (tenant_id, id),
  {{if flaw "isolation/db-foreign-key"}}FOREIGN KEY (chat_id) REFERENCES chats (id) ON DELETE CASCADE{{else}}FOREIGN KEY (tenant_id, chat_id) REFERENCES chats (tenant_id, id) ON DELETE CASCADE{{end}});
{{if flaw "isolation/db-tenant-column" -}}
CREATE TABLE attachments (id text PRIMARY KEY, message_id text NOT NULL REFERENCES messages (id) ON DELETE CASCADE, name text NOT NULL);
{{else -}}
CREATE TABLE attachments (id text PRIMARY KEY, tenant_id text NOT NULL REFERENCES tenants, message_id text NOT NULL, name text NOT NULL, FOREIGN KEY (tenant_id, message_id) REFERENCES messages (tenant_id, id) ON DELETE CASCADE);
{{end -}}
CREATE TABLE feedback (id text PRIMARY KEY, tenant_id text NOT NULL REFERENCES tenants, message_id text NOT NULL, rating text NOT NULL, FOREIGN KEY (tenant_id, message_id) REFERENCES messages (tenant_id, id) ON DELETE CASCADE);
CREATE TABLE files (id text PRIMARY KEY, tenant_id text NOT NULL REFERENCES tenants, name text NOT NULL, media_type text NOT NULL, size integer NOT NULL);
CREATE TABLE documents (id text PRIMARY KEY, tenant_id text NOT NULL REFERENCES tenants, title text NOT NULL, text text NOT NULL, UNIQUE (tenant_id, id));
CREATE TABLE passages (id text PRIMARY KEY, tenant_id text NOT NULL REFERENCES tenants, document_id text NOT NULL, body text NOT NULL, search tsvector GENERATED ALWAYS AS (to_tsvector('simple', body)) STORED, FOREIGN KEY (tenant_id, document_id) REFERENCES documents (tenant_id, id) ON DELETE CASCADE);
CREATE TABLE prompts (tenant_id text NOT NULL REFERENCES tenants, number integer NOT NULL, title text NOT NULL, text text NOT NULL, PRIMARY KEY (tenant_id, number));
CREATE TABLE tickets (id text PRIMARY KEY, tenant_id text NOT NULL REFERENCES tenants, user_id text NOT NULL, title text NOT NULL, text text NOT NULL DEFAULT '', status text NOT NULL, created_at timestamptz NOT NULL DEFAULT now());
CREATE TABLE invoices (id text PRIMARY KEY, tenant_id text NOT NULL REFERENCES tenants, number text NOT NULL, memo text NOT NULL, amount_cents integer NOT NULL);
CREATE TABLE reports (id text PRIMARY KEY, tenant_id text NOT NULL REFERENCES tenants, title text NOT NULL, body text NOT NULL);
CREATE TABLE usage_events (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, tenant_id text NOT NULL REFERENCES tenants, kind text NOT NULL, quantity integer NOT NULL);
CREATE TABLE audit_log (id text PRIMARY KEY, tenant_id text NOT NULL REFERENCES tenants, actor_id text NOT NULL, action text NOT NULL);
-- The help centre is the same for everybody.
CREATE TABLE articles (id text PRIMARY KEY, title text NOT NULL, body text NOT NULL);
CREATE INDEX ON users (tenant_id);
CREATE INDEX ON chats (tenant_id, created_at);
CREATE INDEX ON messages (tenant_id, chat_id);
{{if not (flaw "isolation/db-tenant-column")}}CREATE INDEX ON attachments (tenant_id, message_id);{{end}}
CREATE INDEX ON feedback (tenant_id, message_id);
CREATE INDEX ON files (tenant_id);
CREATE INDEX ON passages (tenant_id, document_id);
CREATE INDEX ON tickets (tenant_id);
{{if not (flaw "isolation/db-tenant-index")}}CREATE INDEX ON invoices (tenant_id);{{end}}
CREATE INDEX ON reports (tenant_id);
CREATE INDEX ON usage_events (tenant_id, kind);
CREATE INDEX ON audit_log (tenant_id);
