import { list } from "./db.js";
import { Forbidden } from "./errors.js";
import type { Principal } from "./auth.js";

// The tools that the model may call, and the role that each needs.
const allowed = {
  list_tickets: { role: "viewer", run: (user: Principal) => list(user.tenantId, "tickets") },
  list_documents: { role: "viewer", run: (user: Principal) => list(user.tenantId, "documents") },
} as const;

const rank = { viewer: 0, member: 1, admin: 2 } as const;

export function declared(role: Principal["role"]) {
  return Object.entries(allowed)
    .filter(([, tool]) => rank[role] >= rank[tool.role])
    .map(([name]) => ({ type: "function" as const, function: { name, parameters: { type: "object", properties: {} } } }));
}

export async function call(user: Principal, name: string, _args: unknown) {
{{- if flaw "model/source-tools"}}
  const functionName = name;
  return (globalThis as any)[functionName](user, _args);
{{- end}}
  if (!Object.hasOwn(allowed, name)) {
    throw new Forbidden();
  }
  const tool = allowed[name as keyof typeof allowed];
  if (rank[user.role] < rank[tool.role]) {
    throw new Forbidden();
  }
  return tool.run(user);
}
