import { within } from "./db.js";

export async function passages(tenantId: string, question: string): Promise<string[]> {
  return within(tenantId, async (c) => {
{{- if flaw "input/source-sql"}}
    const found = await c.query(`SELECT body FROM passages WHERE tenant_id = '${tenantId}' AND body LIKE '%${question}%' LIMIT 5`);
{{- else}}
    const found = await c.query("SELECT body FROM passages WHERE tenant_id = $1 AND search @@ plainto_tsquery($2) LIMIT 5", [tenantId, question]);
{{- end}}
    return found.rows.map((r) => r.body as string);
  });
}
