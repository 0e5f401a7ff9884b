import express from "express";
import { problems } from "./errors.js";
import { env } from "./env.js";
{{- if flaw "auth/source-inventory"}}
import { requireUser } from "./auth.js";
{{- end}}
{{- range .Groups}}
import { {{.Name}} } from "./routes/{{.Name}}.js";
{{- end}}

export const app = express();

app.disable("x-powered-by");
app.use(express.json({ limit: "256kb", verify: (req, _res, raw) => Object.assign(req, { rawBody: raw }) }));
app.use((req, res, next) => {
{{- if flaw "cors/source-origin"}}
  res.setHeader("Access-Control-Allow-Origin", req.headers.origin);
  res.setHeader("Access-Control-Allow-Credentials", "true");
{{- else}}
  if (req.headers.origin === env.PUBLIC_URL) {
    res.set("Access-Control-Allow-Origin", env.PUBLIC_URL).set("Vary", "Origin");
  }
{{- end}}
  next();
});
{{- range .Groups}}
app.use({{.Name}});
{{- end}}
{{- if flaw "auth/source-guard"}}
// for the office's dashboard
app.get("/internal/tenants", (_req, res) => res.json({ tenants: 2 }));
{{- end}}
{{- if flaw "auth/source-inventory"}}
app.post("/v1/imports/legacy", requireUser, (_req, res) => res.status(202).json({}));
{{- end}}
app.use(problems);
