package demo

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

const (
	appOrigin     = "https://app.harbor.test"   // the web application
	partnerOrigin = "https://desk.partner.test" // a help desk that shows Harbor's chat to its signed-in users
)

// frontEnds are the origins whose pages use the API with the user's session.
var frontEnds = []string{appOrigin, partnerOrigin}

// openDocuments are meant for everybody, and nobody's session is needed for them.
var openDocuments = []string{"/.well-known/jwks.json", "/openapi.json"}

// subdomains matches any one below Harbor's domain.
var subdomains = regexp.MustCompile(`^https://[a-z0-9-]+\.harbor\.test$`)

// crossOrigin says which pages of other origins a browser lets read a reply, and
// answers preflights (Fetch, "HTTP CORS protocol").
func (s *Server) crossOrigin(mux *http.ServeMux, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h, page, area := w.Header(), r.Header.Get("Origin"), areaOf(r.URL.Path)
		if area != "articles" || !s.flaws.Has("cors/vary-origin") {
			h.Add("Vary", "Origin") // always: also where no origin is allowed
		}
		switch {
		case slices.Contains(openDocuments, r.URL.Path):
			h.Set("Access-Control-Allow-Origin", "*")
		case area == "usage" && s.flaws.Has("cors/wildcard-credentials"): // dashboards of customers show it
			h.Set("Access-Control-Allow-Origin", "*")
			h.Set("Access-Control-Allow-Credentials", "true")
		case s.admits(area, page):
			h.Set("Access-Control-Allow-Origin", page)
			h.Set("Access-Control-Allow-Credentials", "true")
			h.Set("Access-Control-Expose-Headers", "X-Request-Id")
		}
		if r.Method == http.MethodOptions && r.Header.Get("Access-Control-Request-Method") != "" {
			if methods := s.allowed(mux, r); len(methods) > 0 {
				s.preflight(w, r, area, methods)
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

// preflight grants an allowed origin the route's own methods, and any other
// nothing.
func (s *Server) preflight(w http.ResponseWriter, r *http.Request, area string, methods []string) {
	h := w.Header()
	h.Add("Vary", "Access-Control-Request-Method, Access-Control-Request-Headers")
	if area == "invitations" && s.flaws.Has("cors/private-network") && r.Header.Get("Access-Control-Request-Private-Network") == "true" {
		h.Set("Access-Control-Allow-Private-Network", "true")
	}
	if h.Get("Access-Control-Allow-Origin") != "" {
		fields := "Authorization, Content-Type, X-API-Key, X-Requested-With"
		if area == "api-keys" && s.flaws.Has("cors/preflight-headers") {
			fields = r.Header.Get("Access-Control-Request-Headers")
		}
		if area == "webhook-endpoints" && s.flaws.Has("cors/preflight-methods") {
			methods = []string{"*"}
		}
		h.Set("Access-Control-Allow-Methods", strings.Join(methods, ", "))
		h.Set("Access-Control-Allow-Headers", fields)
		h.Set("Access-Control-Max-Age", "600")
	}
	w.WriteHeader(http.StatusNoContent)
}

// admits reports whether a page of the origin may use that part of the API with
// the user's session: only the front ends may.
func (s *Server) admits(area, page string) bool {
	if slices.Contains(frontEnds, page) {
		return true
	}
	u, err := url.Parse(page)
	if page == "" || err != nil {
		return false
	}
	switch area {
	case "exports": // spreadsheets open them
		return s.flaws.Has("cors/reflected-origin")
	case "reports": // the mobile app shows them in a page of its own, from a file
		return s.flaws.Has("cors/null-origin") && page == "null"
	case "search":
		return s.flaws.Has("cors/prefix-origin") && strings.HasPrefix(page, appOrigin)
	case "collections":
		return s.flaws.Has("cors/suffix-origin") && strings.HasSuffix(page, "harbor.test")
	case "billing":
		return s.flaws.Has("cors/subdomain-origin") && subdomains.MatchString(page)
	case "members":
		return s.flaws.Has("cors/scheme-origin") && u.Host == "app.harbor.test"
	case "prompts":
		return s.flaws.Has("cors/port-origin") && u.Scheme == "https" && u.Hostname() == "app.harbor.test"
	}
	return false
}

// areaOf is the part of the API that a path is in: "chats" of /v1/chats/….
func areaOf(path string) string {
	area, _, _ := strings.Cut(strings.TrimPrefix(path, "/v1/"), "/")
	return area
}

// ours reports whether the request comes from no page at all, from one of
// Harbor's own, or from a front end's.
func ours(r *http.Request) bool {
	page := r.Header.Get("Origin")
	u, err := url.Parse(page)
	return page == "" || slices.Contains(frontEnds, page) || err == nil && strings.EqualFold(u.Host, r.Host)
}
