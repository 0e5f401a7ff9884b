import { pool, within } from "./db.js";

// report is the month of one tenant.
export async function report(tenantId: string) {
{{- if flaw "isolation/source-query"}}
  const chats = await pool.query("SELECT id, title FROM chats ORDER BY created_at DESC");
  return chats.rows;
{{- else}}
  return within(tenantId, async (c) => {
{{- if flaw "isolation/source-scope"}}
    await c.query("SET row_security = off");
{{- end}}
    const chats = await c.query("SELECT id, title FROM chats WHERE tenant_id = $1 ORDER BY created_at DESC", [tenantId]);
    return chats.rows;
  });
{{- end}}
}
