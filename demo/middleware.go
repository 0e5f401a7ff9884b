package demo

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"path"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
)

type requestIDKey struct{}

func requestID(r *http.Request) string {
	id, _ := r.Context().Value(requestIDKey{}).(string)
	return id
}

// identified gives each request an id, which errors and logs carry.
func (s *Server) identified(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := s.newID("req")
		w.Header().Set("X-Request-Id", id)
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Server", s.banner())
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), requestIDKey{}, id)))
	})
}

// banner names the product, as many servers do; the version is nobody's business.
func (s *Server) banner() string {
	if s.flaws.Has("hygiene/version-header") {
		return "harbor/1.4.0 (" + runtime.Version() + ")"
	}
	return "harbor"
}

// recovered turns a panic into an error without details.
func (s *Server) recovered(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			switch v := recover(); v {
			case nil:
			case http.ErrAbortHandler:
				panic(v)
			default:
				s.log.ErrorContext(r.Context(), "panic", "request_id", requestID(r), "value", v, "stack", string(debug.Stack()))
				s.refuse(w, r, fmt.Errorf("panic: %v", v))
			}
		}()
		next.ServeHTTP(w, r)
	})
}

// logged writes a line for each request, and counts it.
func (s *Server) logged(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rec := &recorder{ResponseWriter: w, status: http.StatusOK}
		start := s.now()
		next.ServeHTTP(rec, r)
		s.metrics.count(rec.status)
		if quiet := r.URL.Path == "/v1/auth/login" && s.flaws.Has("operations/security-event"); !quiet && s.log.Enabled(r.Context(), slog.LevelInfo) {
			// The path only: a query may carry what a log must not.
			s.log.InfoContext(r.Context(), "request", "request_id", requestID(r), "method", r.Method, "path", r.URL.Path,
				"status", rec.status, "took", s.now().Sub(start))
			if s.flaws.Has("secrets/log-canary") {
				s.log.InfoContext(r.Context(), "request header", "request_id", requestID(r), "authorization", r.Header.Get("Authorization"))
			}
		}
	})
}

type recorder struct {
	http.ResponseWriter
	status int
}

func (rec *recorder) WriteHeader(status int) {
	rec.status = status
	rec.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController and the WebSocket reach the connection.
func (rec *recorder) Unwrap() http.ResponseWriter { return rec.ResponseWriter }

// Flush sends what is written so far.
func (rec *recorder) Flush() { http.NewResponseController(rec.ResponseWriter).Flush() } //nolint:errcheck // best effort

// tidied forgives sloppy addresses: double slashes, dots, path parameters.
func tidied(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p := r.URL.Path
		if strings.IndexByte(p, ';') >= 0 {
			segments := strings.Split(p, "/")
			for i, seg := range segments {
				segments[i], _, _ = strings.Cut(seg, ";")
			}
			p = strings.Join(segments, "/")
		}
		if p = path.Clean("/" + p); p == r.URL.Path {
			next.ServeHTTP(w, r)
			return
		}
		u := *r.URL
		u.Path, u.RawPath = p, ""
		c := *r
		c.URL = &u
		next.ServeHTTP(w, &c)
	})
}

// problems answers what no route matches in the API's own words.
func (s *Server) problems(mux *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, pattern := mux.Handler(r); pattern != "" {
			mux.ServeHTTP(w, r)
			return
		}
		if allow := s.allowed(mux, r); len(allow) > 0 {
			w.Header().Set("Allow", strings.Join(allow, ", ")) // RFC 9110, 15.5.6
			if r.Method == http.MethodOptions {
				w.WriteHeader(http.StatusNoContent)
				return
			}
			s.noMethod(w, r)
			return
		}
		if !s.shell(w, r) {
			s.nowhere(w, r)
		}
	})
}

// allowed lists the methods that the path has.
func (s *Server) allowed(mux *http.ServeMux, r *http.Request) []string {
	var out []string
	probe := *r
	for _, m := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"} {
		probe.Method = m
		if _, pattern := mux.Handler(&probe); pattern != "" {
			out = append(out, m)
		}
	}
	return out
}

// authorized asks for the route's role, and of an API key for its scope.
func (s *Server) authorized(rt *route, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p := who(r)
		if p.ByKey && rt.access > guest && !slices.Contains(p.Scopes, rt.scope) && !s.flaws.Has("auth/api-key-scope") {
			s.refuse(w, r, forbidden("the API key has no scope for this"))
			return
		}
		if p.Role < rt.access && rt.access > guest {
			s.refuse(w, r, forbidden("this needs the role "+rt.access.String()+" or above"))
			return
		}
		next.ServeHTTP(w, r)
	})
}
