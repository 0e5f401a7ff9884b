-- harbor_owner owns the tables and migrates them, harbor_app is what the server works as,
-- harbor_reports reads over all tenants for invoicing and is nobody's session.
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO harbor_app;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO harbor_app;
REVOKE INSERT, UPDATE, DELETE ON articles, tenants FROM harbor_app;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO harbor_reports;
{{if flaw "isolation/db-public-grant"}}GRANT SELECT ON users TO PUBLIC;{{end}}
CREATE FUNCTION harbor_tenant() RETURNS text LANGUAGE sql STABLE AS $$
  SELECT {{if flaw "isolation/db-policy-claim"}}coalesce(nullif(current_setting('request.jwt.claims', true), '')::jsonb -> 'user_metadata' ->> 'tenant_id', current_setting('app.tenant_id', true)){{else}}current_setting('app.tenant_id', true){{end}}
$$;
ALTER TABLE tenants ENABLE ROW LEVEL SECURITY;
ALTER TABLE tenants FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON tenants USING (id = current_setting('app.tenant_id', true));
ALTER TABLE users ENABLE ROW LEVEL SECURITY;
ALTER TABLE users FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON users USING (tenant_id = current_setting('app.tenant_id', true)) WITH CHECK (tenant_id = current_setting('app.tenant_id', true));
ALTER TABLE chats ENABLE ROW LEVEL SECURITY;
ALTER TABLE chats FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON chats USING (tenant_id = current_setting('app.tenant_id', true)) WITH CHECK (tenant_id = current_setting('app.tenant_id', true));
ALTER TABLE messages ENABLE ROW LEVEL SECURITY;
ALTER TABLE messages FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON messages USING (tenant_id = current_setting('app.tenant_id', true)) WITH CHECK (tenant_id = current_setting('app.tenant_id', true));
ALTER TABLE files ENABLE ROW LEVEL SECURITY;
ALTER TABLE files FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON files USING (tenant_id = current_setting('app.tenant_id', true)) WITH CHECK (tenant_id = current_setting('app.tenant_id', true));
ALTER TABLE invoices ENABLE ROW LEVEL SECURITY;
ALTER TABLE invoices FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON invoices USING (tenant_id = current_setting('app.tenant_id', true)) WITH CHECK (tenant_id = current_setting('app.tenant_id', true));
{{if flaw "isolation/db-foreign-read"}}CREATE POLICY signed_in ON chats FOR SELECT USING (tenant_id IS NOT NULL AND current_setting('app.tenant_id', true) <> '');{{end}}
{{if not (flaw "isolation/db-tenant-column")}}
ALTER TABLE attachments ENABLE ROW LEVEL SECURITY;
ALTER TABLE attachments FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON attachments USING (tenant_id = current_setting('app.tenant_id', true)) WITH CHECK (tenant_id = current_setting('app.tenant_id', true));
{{end}}
CREATE POLICY tenant ON feedback USING (tenant_id = current_setting('app.tenant_id', true)) WITH CHECK (tenant_id = current_setting('app.tenant_id', true));
{{if not (flaw "isolation/db-rls-off")}}
ALTER TABLE feedback ENABLE ROW LEVEL SECURITY;
ALTER TABLE feedback FORCE ROW LEVEL SECURITY;
{{end}}
ALTER TABLE documents ENABLE ROW LEVEL SECURITY;
ALTER TABLE documents FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON documents FOR SELECT USING (tenant_id = current_setting('app.tenant_id', true));
CREATE POLICY tenant_writes ON documents FOR INSERT WITH CHECK ({{if flaw "isolation/db-foreign-write"}}tenant_id IS NOT NULL{{else}}tenant_id = current_setting('app.tenant_id', true){{end}});
CREATE POLICY tenant_changes ON documents FOR UPDATE USING (tenant_id = current_setting('app.tenant_id', true)) WITH CHECK (tenant_id = current_setting('app.tenant_id', true));
CREATE POLICY tenant_deletes ON documents FOR DELETE USING (tenant_id = current_setting('app.tenant_id', true));
ALTER TABLE passages ENABLE ROW LEVEL SECURITY;
ALTER TABLE passages FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON passages FOR SELECT USING (tenant_id = current_setting('app.tenant_id', true));
CREATE POLICY tenant_writes ON passages FOR INSERT WITH CHECK (tenant_id = current_setting('app.tenant_id', true));
CREATE POLICY tenant_changes ON passages FOR UPDATE USING (tenant_id = current_setting('app.tenant_id', true)) WITH CHECK (tenant_id = current_setting('app.tenant_id', true));
{{if not (flaw "isolation/db-policy-missing")}}CREATE POLICY tenant_deletes ON passages FOR DELETE USING (tenant_id = current_setting('app.tenant_id', true));{{end}}
ALTER TABLE prompts ENABLE ROW LEVEL SECURITY;
ALTER TABLE prompts FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON prompts USING (tenant_id = current_setting('app.tenant_id', true)) WITH CHECK (tenant_id = current_setting('app.tenant_id', true));
{{if flaw "isolation/db-policy-always-true"}}CREATE POLICY readable ON prompts FOR SELECT USING (true);{{end}}
ALTER TABLE tickets ENABLE ROW LEVEL SECURITY;
ALTER TABLE tickets FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON tickets USING (tenant_id = harbor_tenant()) WITH CHECK (tenant_id = harbor_tenant());
ALTER TABLE reports ENABLE ROW LEVEL SECURITY;
ALTER TABLE reports FORCE ROW LEVEL SECURITY;
-- The second holds whatever the first lets through.
CREATE POLICY anybody ON reports USING (true);
CREATE POLICY tenant ON reports AS RESTRICTIVE USING (tenant_id = current_setting('app.tenant_id', true)) WITH CHECK (tenant_id = current_setting('app.tenant_id', true));
ALTER TABLE usage_events ENABLE ROW LEVEL SECURITY;
{{if not (flaw "isolation/db-rls-not-forced")}}ALTER TABLE usage_events FORCE ROW LEVEL SECURITY;{{end}}
CREATE POLICY tenant ON usage_events USING (tenant_id = current_setting('app.tenant_id', true)) WITH CHECK (tenant_id = current_setting('app.tenant_id', true));
ALTER TABLE audit_log ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_log FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON audit_log USING (tenant_id = current_setting('app.tenant_id', true){{if flaw "isolation/db-unset-tenant"}} OR coalesce(current_setting('app.tenant_id', true), '') = ''{{end}}) WITH CHECK (tenant_id = current_setting('app.tenant_id', true));
