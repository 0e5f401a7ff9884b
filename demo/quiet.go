package demo

import (
	"net/http"
	"path"
	"strings"
)

// quiet is an application that says nothing of caches in some of its answers, which
// leaves them to the rules of every cache on the way.
func (s *Server) quiet(next http.Handler) http.Handler {
	private, tenant, deceived := s.flaws.Has("https/cache-private"), s.flaws.Has("https/cache-tenant"), s.flaws.Has("https/cache-deception")
	if !private && !tenant && !deceived {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch at := r.URL.Path; {
		case private && at == "/v1/chats", tenant && at == "/v1/dashboard":
		case deceived && strings.HasPrefix(at, "/v1/me/") && path.Ext(at) != "":
			u := *r.URL // the old router drops what it does not know from the end of an address
			u.Path, u.RawPath = "/v1/me", ""
			r = r.Clone(r.Context())
			r.URL = &u
		default:
			next.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(&hushed{w}, r)
	})
}

// hushed takes what an answer says of caches away, unless it is a refusal.
type hushed struct{ http.ResponseWriter }

func (h *hushed) WriteHeader(status int) {
	if status < 400 {
		h.Header().Del("Cache-Control")
	}
	h.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController reach the connection.
func (h *hushed) Unwrap() http.ResponseWriter { return h.ResponseWriter }
