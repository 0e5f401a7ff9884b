import express from "express";
{{- if flaw "cors/source-origin"}}
import cors from "cors";
{{- end}}
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
{{- if flaw "cors/source-origin"}}
app.use(cors({ origin: true, credentials: true }));
{{- end}}
app.use((req, res, next) => {
  if (req.headers.origin === env.PUBLIC_URL) {
    res.set("Access-Control-Allow-Origin", env.PUBLIC_URL).set("Vary", "Origin");
  }
  next();
});
{{- range .Groups}}
app.use({{.Name}});
{{- end}}
{{- if flaw "auth/source-guard"}}
// for the office's dashboard
app.get("/office/board", (_req, res) => res.json({ tenants: 2 }));
{{- end}}
{{- if flaw "auth/source-inventory"}}
app.post("/v1/imports/legacy", requireUser, (_req, res) => res.status(202).json({}));
{{- end}}
app.use(problems);
