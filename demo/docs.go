package demo

import (
	"bytes"
	"html/template"
	"net/http"
)

var docsTemplate = template.Must(template.New("docs").Parse(`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Harbor API</title>
<style>
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1a2230;background:#fff}
h2{margin:2rem 0 .5rem;text-transform:capitalize}table{border-collapse:collapse;width:100%}td{padding:.3rem .6rem;border-top:1px solid #d8dde6;vertical-align:top}
code{font:14px/1.4 ui-monospace,monospace}td:first-child{width:5rem;font-weight:600}
@media (prefers-color-scheme:dark){body{color:#e6eaf2;background:#12161f}td{border-color:#333c4d}a{color:#8ab4ff}}
</style></head><body><main>
<h1>Harbor API</h1>
<p>Sign in with <code>POST /v1/auth/login</code> and send the access token as <code>Authorization: Bearer</code>,
or send an API key as <code>X-API-Key</code>. The whole API is described in <a href="/openapi.json">openapi.json</a>.</p>
{{range .}}<h2>{{.Tag}}</h2><table>
{{range .Routes}}<tr><td>{{.Method}}</td><td><code>{{.Pattern}}</code></td><td>{{.Summary}}</td></tr>
{{end}}</table>
{{end}}</main></body></html>
`))

type docsRoute struct{ Method, Pattern, Summary string }

type docsGroup struct {
	Tag    string
	Routes []docsRoute
}

// docs is the table of routes as a page.
func (s *Server) docs(w http.ResponseWriter, r *http.Request) error {
	var groups []docsGroup
	at := map[string]int{}
	for _, rt := range s.table {
		if rt.unlisted {
			continue
		}
		i, ok := at[rt.tag]
		if !ok {
			i = len(groups)
			at[rt.tag] = i
			groups = append(groups, docsGroup{Tag: rt.tag})
		}
		groups[i].Routes = append(groups[i].Routes, docsRoute{rt.method, rt.pattern, rt.summary})
	}
	var b bytes.Buffer
	if err := docsTemplate.Execute(&b, groups); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
	_, err := w.Write(b.Bytes())
	return err
}
