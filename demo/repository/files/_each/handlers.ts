import type { Request, Response } from "express";
import { service } from "../services.js";
{{range .Routes}}
export async function {{.ID}}(req: Request, res: Response) {
{{- if and (eq .ID "listChats") (flaw "auth/handler-decides")}}
  if (!req.headers.authorization) {
    return res.status(401).json({ title: "sign in first" });
  }
{{- end}}
  res.status({{.Status}}).json(await service("{{.ID}}", req.user?.tenantId, req.params, req.body));
}
{{end -}}
