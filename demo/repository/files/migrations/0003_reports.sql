-- Signing in knows an address before it knows a tenant.
CREATE FUNCTION harbor_find_user(address text) RETURNS TABLE (id text, tenant_id text) LANGUAGE sql STABLE SECURITY DEFINER {{if not (flaw "isolation/db-definer-function")}}SET search_path = pg_catalog, public, pg_temp{{end}} AS $$
  SELECT u.id, u.tenant_id FROM users u WHERE u.email = address
$$;
ALTER FUNCTION harbor_find_user(text) OWNER TO harbor_reports;
{{if flaw "isolation/db-view" -}}
CREATE FUNCTION harbor_every_file() RETURNS SETOF files LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$ SELECT * FROM files $$;
ALTER FUNCTION harbor_every_file() OWNER TO harbor_reports;
CREATE VIEW file_overview WITH (security_invoker = true) AS SELECT f.tenant_id, f.id, f.name, f.size FROM harbor_every_file() f;
{{else -}}
CREATE VIEW file_overview WITH (security_invoker = true) AS SELECT f.tenant_id, f.id, f.name, f.size FROM files f;
{{end -}}
-- Its owner is held to the policies, as row-level security is forced.
CREATE VIEW ticket_overview AS SELECT t.tenant_id, t.status, count(*) AS n FROM tickets t GROUP BY 1, 2;
GRANT SELECT ON file_overview, ticket_overview TO harbor_app;
{{if flaw "isolation/db-role"}}GRANT CREATE ON SCHEMA public TO harbor_app;
ALTER TABLE reports OWNER TO harbor_app;
REVOKE CREATE ON SCHEMA public FROM harbor_app;{{end}}
