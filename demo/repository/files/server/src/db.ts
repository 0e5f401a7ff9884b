import pg from "pg";
import { env } from "./env.js";

export const pool = new pg.Pool({ connectionString: env.DATABASE_URL, max: 20 });

// within runs work as a tenant: row-level security sees app.tenant_id, and the
// setting ends with the transaction.
export async function within<T>(tenantId: string, work: (c: pg.PoolClient) => Promise<T>): Promise<T> {
  const c = await pool.connect();
  try {
    await c.query("BEGIN");
    await c.query("SELECT set_config('app.tenant_id', $1, {{if flaw "isolation/db-pooled-setting"}}false{{else}}true{{end}})", [tenantId]);
    const out = await work(c);
    await c.query("COMMIT");
    return out;
  } catch (err) {
    await c.query("ROLLBACK");
    throw err;
  } finally {
    c.release();
  }
}

export async function list(tenantId: string, table: "chats" | "files" | "documents" | "prompts" | "tickets") {
  return within(tenantId, async (c) => {
    switch (table) {
      case "chats":
        return (await c.query("SELECT id, title, created_at FROM chats WHERE tenant_id = $1 ORDER BY created_at DESC LIMIT 50", [tenantId])).rows;
      case "files":
        return (await c.query("SELECT id, name, size FROM files WHERE tenant_id = $1 ORDER BY name LIMIT 50", [tenantId])).rows;
      case "documents":
        return (await c.query("SELECT id, title FROM documents WHERE tenant_id = $1 ORDER BY title LIMIT 50", [tenantId])).rows;
      case "prompts":
        return (await c.query("SELECT id, name FROM prompts WHERE tenant_id = $1 ORDER BY name LIMIT 50", [tenantId])).rows;
      case "tickets":
        return (await c.query("SELECT id, subject FROM tickets WHERE tenant_id = $1 ORDER BY id LIMIT 50", [tenantId])).rows;
    }
  });
}
