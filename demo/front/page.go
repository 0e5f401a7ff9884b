package front

import (
	"fmt"
	"html"
	"net/http"
	"strings"
	"time"
)

const (
	// policy is the Strict-Transport-Security of names below the domain.
	policy = "max-age=63072000"
	// whole is that of the domain itself, which is ready for the browsers' list.
	whole = "max-age=63072000; includeSubDomains; preload"
	// content is the Content-Security-Policy of the pages.
	content = "default-src 'none'; script-src 'self' https://static.helpdesk.test; style-src 'self'; img-src 'self' https:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

// overTLS answers by the name.
func (s *Server) overTLS(w http.ResponseWriter, r *http.Request) {
	label := s.label(r.Host)
	s.strict(w, label, r)
	switch label {
	case "app", "api":
		s.cache.serve(w, r, s.application(label))
	case "":
		if s.o.Flaws("https/canonical-host") {
			s.show(w, r, label)
			return
		}
		http.Redirect(w, r, "https://www."+s.o.Domain+r.URL.RequestURI(), http.StatusPermanentRedirect)
	case "go":
		to := "https://www." + s.o.Domain + r.URL.RequestURI()
		if s.o.Flaws("https/redirect-downgrade") {
			to = "http://www." + s.o.Domain + r.URL.RequestURI()
		}
		http.Redirect(w, r, to, http.StatusMovedPermanently)
	default:
		s.cache.serve(w, r, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.show(w, r, label) }))
	}
}

// strict sets the policy that browsers keep: RFC 6797.
func (s *Server) strict(w http.ResponseWriter, label string, r *http.Request) {
	value := policy
	on := func(at, id string) bool { return label == at && s.o.Flaws("https/"+id) }
	switch {
	case on("labs", "hsts"), r.TLS == nil:
		return
	case on("files", "hsts-errors") && r.URL.Path != "/":
		return
	case on("blog", "hsts-age"):
		value = "max-age=86400"
	case label == "":
		if value = whole; s.o.Flaws("https/hsts-subdomains") {
			value = strings.Replace(whole, "includeSubDomains; ", "", 1)
			if !s.o.Flaws("https/hsts-preload") {
				value = policy
			}
		}
	}
	w.Header().Set("Strict-Transport-Security", value)
}

// application is the API behind its cache.
func (s *Server) application(label string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Header.Set("X-Forwarded-Proto", "https")
		path := r.URL.Path
		s.o.API.ServeHTTP(&edited{w, func(status int, h http.Header) { s.edit(label, path, status, h) }}, r)
	})
}

// edit is what the edge does to the header of an answer.
func (s *Server) edit(label, path string, status int, h http.Header) {
	switch {
	case label == "api" && status >= 400 && s.o.Flaws("https/cache-errors"):
		h.Set("Cache-Control", "public, max-age=600") // the rule was meant for pages
	case status >= 400:
	case path == "/v1/me" && s.o.Flaws("https/cache-vary"):
		h.Set("Cache-Control", "private, max-age=300")
	case path == "/v1/me":
		h.Set("Cache-Control", "private, max-age=60") // the trap: each user's own browser keeps it, by user
		h.Add("Vary", "Authorization, Cookie")
	case strings.HasPrefix(h.Get("Content-Type"), "text/event-stream") && s.o.Flaws("https/cache-stream"):
		h.Set("Cache-Control", "public, max-age=60")
	}
}

// edited changes the header before it is sent.
type edited struct {
	http.ResponseWriter
	edit func(status int, h http.Header)
}

func (e *edited) WriteHeader(status int) {
	e.edit(status, e.Header())
	e.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController reach the connection.
func (e *edited) Unwrap() http.ResponseWriter { return e.ResponseWriter }

// show answers a page of the name.
func (s *Server) show(w http.ResponseWriter, r *http.Request, label string) {
	on := func(at, id string) bool { return label == at && s.o.Flaws("https/"+id) }
	h := w.Header()
	for name, v := range map[string]string{
		"Content-Security-Policy": content, "X-Content-Type-Options": "nosniff", "Referrer-Policy": "strict-origin-when-cross-origin", "Permissions-Policy": "camera=(self), microphone=()",
		"Content-Type": "text/html; charset=utf-8", "Cache-Control": "public, max-age=300",
	} {
		h.Set(name, v)
	}
	switch {
	case label == "www" && r.URL.Path == "/.well-known/security.txt":
		h.Set("Content-Type", "text/plain; charset=utf-8")
		until := s.o.Now().AddDate(0, 6, 0)
		if s.o.Flaws("https/security-txt") {
			until = s.o.Now().AddDate(0, -6, 0)
		}
		fmt.Fprintf(w, "Contact: mailto:security@%s\nExpires: %s\nCanonical: https://www.%s/.well-known/security.txt\n", s.o.Domain, until.UTC().Format(time.RFC3339), s.o.Domain) //nolint:errcheck // the reader has gone
		return
	case label == "sso" && r.URL.Path == "/login":
		next := r.URL.Query().Get("next")
		if own := strings.HasPrefix(next, "/") && !strings.HasPrefix(next, "//") && !strings.HasPrefix(next, `/\`); !own && !s.o.Flaws("https/open-redirect") {
			next = "/home"
		}
		h.Set("Cache-Control", "no-store")
		h.Set("Location", next) // the trap: it does send readers on, to paths of its own
		w.WriteHeader(http.StatusFound)
		return
	case strings.HasPrefix(r.URL.Path, "/assets/"):
		h.Set("Content-Type", "text/javascript; charset=utf-8")
		h.Set("Cache-Control", "public, max-age=31536000, immutable") // the trap: the name holds a hash
		fmt.Fprintln(w, "// "+label)                                  //nolint:errcheck // the reader has gone
		return
	case on("files", "redirect-hops") && strings.HasPrefix(r.URL.Path, "/"), on("sso", "redirect-loop"):
		if s.moved(w, r, label) {
			return
		}
	}
	if r.URL.Path != "/" && r.URL.Path != "/home" {
		w.Header().Set("Cache-Control", "no-store")
		w.WriteHeader(http.StatusNotFound)
	}
	s.flawed(h, label)
	host := r.Host
	if on("partners", "cache-poisoning") && r.Header.Get("X-Forwarded-Host") != "" {
		host = r.Header.Get("X-Forwarded-Host")
	}
	script, picture := `<script src="https://static.helpdesk.test/w.js" integrity="sha384-oqVuAfXRKap7fdgcCY5uykM6+R9GqQ8K/uxy9rx7HNQlGYl1kPzQho1wx4JwY8wC" crossorigin="anonymous"></script>`, "/assets/logo.3f2a9c1e.svg"
	if on("media", "script-integrity") {
		script = `<script src="https://static.helpdesk.test/w.js"></script>`
	}
	if on("shop", "mixed-content") {
		picture = "http://static.harbor.test/logo.svg"
	}
	fmt.Fprintf(w, `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Harbor</title><link rel="canonical" href="https://%s/">%s<script src="/assets/app.9d1c22ab.js"></script></head>
<body><h1>Harbor %s</h1><img src="%s" alt=""><a href="http://example.test/">A page elsewhere</a></body></html>
`, html.EscapeString(host), script, label, picture) //nolint:errcheck // the reader has gone
}

// moved sends from one address of the name to the next.
func (s *Server) moved(w http.ResponseWriter, r *http.Request, label string) bool {
	w.Header().Set("Cache-Control", "no-store")
	next := map[string]string{"files/": "/start", "files/start": "/index", "files/index": "/home", "sso/": "/start", "sso/start": "/"}
	to, ok := next[label+r.URL.Path]
	if ok {
		http.Redirect(w, r, to, http.StatusMovedPermanently)
	}
	return ok
}

// flawed takes from the header of a page what a developer forgot.
func (s *Server) flawed(h http.Header, label string) {
	on := func(at, id string) bool { return label == at && s.o.Flaws("https/"+id) }
	switch {
	case on("shop", "content-policy"):
		h.Del("Content-Security-Policy")
		h.Set("X-Frame-Options", "DENY")
	case on("eu", "content-policy-script"):
		h.Set("Content-Security-Policy", strings.Replace(content, "script-src 'self'", "script-src 'self' 'unsafe-inline'", 1))
	case on("blog", "framing"):
		h.Set("Content-Security-Policy", strings.Replace(content, "; frame-ancestors 'none'", "", 1))
	}
	if on("labs", "content-type-sniffing") {
		h.Del("X-Content-Type-Options")
	}
	if on("files", "referrer-policy") {
		h.Set("Referrer-Policy", "unsafe-url")
	}
	if on("partners", "permissions-policy") {
		h.Set("Permissions-Policy", "camera=*, microphone=(self *)")
	}
	switch label {
	case "blog", "labs", "files":
		c := &http.Cookie{Name: "reader_session", Value: "c2Vzc2lvbg", Path: "/", Secure: !on("blog", "cookie-secure"), HttpOnly: !on("labs", "cookie-httponly"), SameSite: http.SameSiteLaxMode}
		if on("files", "cookie-samesite") {
			c.SameSite = 0
		}
		h.Set("Cache-Control", "private, no-store")
		h.Set("Set-Cookie", c.String())
	case "media":
		if s.o.Flaws("https/cache-cookie") {
			h.Set("Set-Cookie", (&http.Cookie{Name: "visit", Value: "bWVkaWE", Path: "/", Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode}).String())
		}
	}
	if on("eu", "cache-assets") {
		h.Set("Cache-Control", "public, max-age=31536000")
	}
}
