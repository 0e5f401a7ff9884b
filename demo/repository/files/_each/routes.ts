import { Router } from "express";
import * as handle from "../handlers/{{.Name}}.js";
{{- if .Guarded}}
import { requireUser{{if .Admin}}, requireAdmin{{end}} } from "../auth.js";
{{- end}}
{{- if eq .Name "webhooks"}}
import { signed } from "../signature.js";
{{- end}}

export const {{.Name}} = Router();
{{range .Routes}}
{{$.Name}}.{{.Verb}}("{{.Path}}", {{range .Guards}}{{.}}, {{end}}handle.{{.ID}});
{{- end}}
