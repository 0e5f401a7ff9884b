package demo

import (
	"crypto/subtle"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
)

func (s *Server) healthRoutes() []route {
	return []route{
		{method: "GET", pattern: "/healthz", id: "health", tag: "service", summary: "Whether the service is up", out: health{}, handle: s.health},
		{method: "GET", pattern: "/metrics", id: "metrics", tag: "service", summary: "Counters, for the operators' scraper", access: anyone,
			outType: []string{"text/plain"}, refusals: []int{401}, handle: s.showMetrics,
			query: []param{{name: "X-Metrics-Token", in: "header", kind: "string", doc: "the operators' token"}}},
		{method: "GET", pattern: "/.well-known/jwks.json", id: "getKeys", tag: "service", summary: "Public keys that verify tokens", out: map[string]any{}, handle: s.keys},
		{method: "GET", pattern: "/openapi.json", id: "getSpecification", tag: "service", summary: "This specification", out: map[string]any{}, handle: s.showSpec},
		{method: "GET", pattern: "/docs", id: "getDocumentation", tag: "service", summary: "The API on a page", outType: []string{"text/html"}, handle: s.docs},
	}
}

type health struct {
	Status string `json:"status" api:"example=ok"`
}

func (s *Server) health(w http.ResponseWriter, r *http.Request) error {
	return reply(w, http.StatusOK, health{"ok"})
}

func (s *Server) keys(w http.ResponseWriter, r *http.Request) error {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "public, max-age=300")
	_, err := w.Write(s.tokens.public)
	return err
}

func (s *Server) showSpec(w http.ResponseWriter, r *http.Request) error {
	spec, err := s.spec()
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "public, max-age=60")
	_, err = w.Write(spec)
	return err
}

// metrics counts replies by class of status.
type metrics struct{ classes [6]atomic.Int64 }

func newMetrics() *metrics { return &metrics{} }

func (m *metrics) count(status int) { m.classes[min(max(status/100, 0), 5)].Add(1) }

func (s *Server) showMetrics(w http.ResponseWriter, r *http.Request) error {
	token := r.Header.Get("X-Metrics-Token")
	if subtle.ConstantTimeCompare([]byte(token), []byte(s.opsToken)) == 0 && !s.flaws.Has("hygiene/metrics-endpoint") {
		return unauthorized("the metrics need the operators' token")
	}
	var b strings.Builder
	b.WriteString("# TYPE harbor_http_replies_total counter\n")
	for i := 1; i < len(s.metrics.classes); i++ {
		fmt.Fprintf(&b, "harbor_http_replies_total{class=\"%dxx\"} %d\n", i, s.metrics.classes[i].Load())
	}
	w.Header().Set("Content-Type", "text/plain; version=0.0.4")
	_, err := w.Write([]byte(b.String()))
	return err
}
