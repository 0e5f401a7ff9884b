import { pool, within } from "./db.js";

// report is the month of one tenant.
export async function report(tenantId: string) {
{{- if flaw "isolation/source-query"}}
  const chats = await pool.query("SELECT id, title FROM chats ORDER BY created_at DESC");
  return chats.rows;
{{- else}}
  return within(tenantId, async (c) => {
    const chats = await c.query("SELECT id, title FROM chats WHERE tenant_id = $1 ORDER BY created_at DESC", [tenantId]);
    return chats.rows;
  });
{{- end}}
}
{{- if flaw "isolation/source-scope"}}

// nightly counts over all customers.
export async function nightly() {
  await pool.query("SET row_security = off");
  return (await pool.query("SELECT count(*) FROM tenants")).rows;
}
{{- end}}
