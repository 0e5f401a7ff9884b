import type { Request, Response } from "express";
import { service } from "../services.js";
{{range .Routes}}
export async function {{.ID}}(req: Request, res: Response) {
  res.status({{.Status}}).json(await service("{{.ID}}", req.user?.tenantId, req.params, req.body));
}
{{end -}}
