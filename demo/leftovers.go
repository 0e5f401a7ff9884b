package demo

import (
	"fmt"
	"html/template"
	"net/http"
	"net/http/pprof"
	"runtime"
	"strings"

	webpage "github.com/launchready/launchready/demo/page"
)

// leftoverRoutes are what a build or a deployment left where the server serves it.
func (s *Server) leftoverRoutes() []route {
	var out []route
	add := func(flaw, pattern string, h handle) {
		if s.flaws.Has(flaw) {
			out = append(out, route{method: "GET", pattern: pattern, unlisted: true, handle: h})
		}
	}
	serve := func(h http.HandlerFunc) handle {
		return func(w http.ResponseWriter, r *http.Request) error { h(w, r); return nil }
	}
	file := func(media, body string) handle {
		return func(w http.ResponseWriter, r *http.Request) error {
			w.Header().Set("Content-Type", media)
			_, err := w.Write([]byte(body))
			return err
		}
	}
	add("hygiene/debug-endpoint", "/debug/pprof", serve(pprof.Index))
	add("hygiene/env-file", "/.env", file("application/octet-stream",
		"# copied by the deployment\nHARBOR_ENV=production\nDATABASE_URL=postgres://harbor:"+s.derived("left-over database")+"@db.internal:5432/harbor\nMODEL_API_KEY=sk-harbor-"+s.derived("left-over key")+"\n"))
	add("hygiene/git-folder", "/.git/HEAD", file("text/plain; charset=utf-8", "ref: refs/heads/main\n"))
	add("hygiene/backup-file", "/backup.sql", file("application/sql", "-- SQLite dump of harbor\nPRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\n"+schema+"\nCOMMIT;\n"))
	add("hygiene/source-map", "/assets/app.js.map", func(w http.ResponseWriter, r *http.Request) error {
		return reply(w, http.StatusOK, map[string]any{"version": 3, "file": "app.js", "sources": []string{"../src/app.ts"}, "names": []string{}, "mappings": "AAAA"})
	})
	// The file server lists a folder that has no index.html.
	add("hygiene/directory-listing", "/assets", serve(http.StripPrefix("/assets", http.FileServerFS(webpage.Folder())).ServeHTTP))
	return out
}

// shell answers an address that no route has as a single-page application is
// hosted: with the page, whose script then finds its way. Only below the API and
// where files lie is there a "not found".
func (s *Server) shell(w http.ResponseWriter, r *http.Request) bool {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return false
	}
	for _, p := range []string{"/v1/", "/assets/", "/graphql", "/dev/"} {
		if strings.HasPrefix(r.URL.Path+"/", p) {
			return false
		}
	}
	if err := s.asset("/")(w, r); err != nil {
		s.refuse(w, r, err)
	}
	return true
}

// nowhere answers an address below the API that no route has.
func (s *Server) nowhere(w http.ResponseWriter, r *http.Request) {
	if s.flaws.Has("hygiene/debug-page") {
		s.developerPage(w, r)
		return
	}
	s.refuse(w, r, notFound("route"))
}

// noMethod answers a method that the address does not have.
func (s *Server) noMethod(w http.ResponseWriter, r *http.Request) {
	if s.flaws.Has("hygiene/error-shape") {
		reply(w, http.StatusMethodNotAllowed, map[string]string{"error": "method not allowed"}) //nolint:errcheck // a map of texts
		return
	}
	s.refuse(w, r, newProblem(http.StatusMethodNotAllowed, "the resource has no such method"))
}

var developerTemplate = template.Must(template.New("developer").Parse(`<!DOCTYPE html>
<html><head><meta http-equiv="Content-Type" content="text/html; charset=utf-8" /><title>beego application error</title></head>
<body><div id="header"><h2>no route for {{.Path}}</h2></div>
<div id="content"><table><tr><td>Request Method: </td><td>{{.Method}}</td></tr><tr><td>Request URL:</td><td>{{.Path}}</td></tr><tr><td>RemoteAddr: </td><td>{{.Remote}}</td></tr></table>
<h3>Routes</h3><pre>{{range .Routes}}{{.}}
{{end}}</pre></div><div id="footer"><p>{{.Version}}</p></div></body></html>
`))

// developerPage is what the framework of the first version showed in its
// development mode.
func (s *Server) developerPage(w http.ResponseWriter, r *http.Request) {
	var lines []string
	for i := range s.table {
		lines = append(lines, fmt.Sprintf("%-6s %s", s.table[i].method, s.table[i].pattern))
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(http.StatusNotFound)
	developerTemplate.Execute(w, map[string]any{"Path": r.URL.Path, "Method": r.Method, "Remote": r.RemoteAddr, "Routes": lines, "Version": runtime.Version()}) //nolint:errcheck // the caller has gone
}

// missingShare answers a link that does not open anything.
func (s *Server) missingShare(w http.ResponseWriter, err error) error {
	if !s.flaws.Has("hygiene/html-error") {
		return absent(err, "share")
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(http.StatusNotFound)
	_, err = w.Write([]byte("<!doctype html>\n<html lang=\"en\"><head><title>404 Not Found</title></head><body><h1>This link is not valid</h1></body></html>\n"))
	return err
}
