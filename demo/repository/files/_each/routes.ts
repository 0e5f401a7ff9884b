import { Router } from "express";
import * as handle from "../handlers/{{.Name}}.js";
{{- if .Guarded}}
import { requireUser{{if .Admin}}, requireAdmin{{end}} } from "../auth.js";
{{- end}}
{{- if and (eq .Name "webhooks") (not (flaw "input/source-webhook"))}}
import { signed } from "../signature.js";
{{- end}}

export const {{.Name}} = Router();
{{range .Routes}}
{{$.Name}}.{{.Verb}}("{{.Path}}", {{range .Guards}}{{if not (and (eq . "signed") (flaw "input/source-webhook"))}}{{.}}, {{end}}{{end}}handle.{{.ID}});
{{- end}}
