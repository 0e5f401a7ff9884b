import { within } from "./db.js";
import * as work from "./work.js";

// service runs one use case as the caller's tenant; without a caller, as nobody.
export async function service(id: string, tenantId: string | undefined, params: unknown, body: unknown) {
  const run = work.byId(id);
  return tenantId === undefined ? run(null, params, body) : within(tenantId, (c) => run(c, params, body));
}
