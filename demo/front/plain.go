package front

import (
	"net/http"
	"strings"
)

// inClear answers without TLS: it sends readers to the same address with TLS, and
// takes nothing that would have to be sent again.
func (s *Server) inClear(w http.ResponseWriter, r *http.Request) {
	label := s.label(r.Host)
	on := func(at, id string) bool { return label == at && s.o.Flaws("https/"+id) }
	if on("media", "hsts-plain") {
		w.Header().Set("Strict-Transport-Security", policy)
	}
	if on("blog", "http-redirect") {
		s.overTLS(w, r)
		return
	}
	if on("app", "plain-api") && strings.HasPrefix(r.URL.Path, "/v1/") {
		s.o.API.ServeHTTP(w, r)
		return
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead && !on("api", "redirect-post") {
		http.Error(w, "TLS is required", http.StatusForbidden)
		return
	}
	host, status := r.Host, http.StatusPermanentRedirect
	if r.Method == http.MethodPost {
		status = http.StatusMovedPermanently
	}
	uri := r.URL.RequestURI()
	switch {
	case on("labs", "redirect-permanent"):
		status = http.StatusFound
	case on("partners", "redirect-path"):
		uri = "/?" + r.URL.RawQuery
	case on("media", "redirect-query"):
		uri = r.URL.EscapedPath()
	case on("eu", "redirect-host") && r.Header.Get("X-Forwarded-Host") != "":
		host = r.Header.Get("X-Forwarded-Host")
	case on("", "hsts-preload"):
		host = "www." + s.o.Domain
	case label == "go":
		host = "www." + s.o.Domain // the trap: not over https of the same name first, which only preloading asks for
	}
	w.Header().Set("Location", "https://"+host+uri)
	w.WriteHeader(status)
}
