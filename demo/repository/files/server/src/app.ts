import express from "express";
import { problems } from "./errors.js";
import { env } from "./env.js";
{{- range .Groups}}
import { {{.Name}} } from "./routes/{{.Name}}.js";
{{- end}}

export const app = express();

app.disable("x-powered-by");
app.use(express.json({ limit: "256kb", verify: (req, _res, raw) => Object.assign(req, { rawBody: raw }) }));
app.use((req, res, next) => {
  if (req.headers.origin === env.PUBLIC_URL) {
    res.set("Access-Control-Allow-Origin", env.PUBLIC_URL).set("Vary", "Origin");
  }
  next();
});
{{- range .Groups}}
app.use({{.Name}});
{{- end}}
app.use(problems);
