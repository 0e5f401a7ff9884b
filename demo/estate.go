package demo

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/launchready/launchready/demo/repository"
)

// estate is what Harbor's makers have beside the running chatbot, in a folder:
// the repository, what browsers get, and logs.
type estate struct {
	dir string // "" without one
	log *os.File
}

// openEstate begins the log, so that it holds all that Harbor does.
func (s *Server) openEstate(dir string) error {
	if dir == "" {
		return nil
	}
	file := filepath.Join(dir, repository.Log)
	if err := os.MkdirAll(filepath.Dir(file), 0o750); err != nil {
		return fmt.Errorf("make the folder of the log: %w", err)
	}
	f, err := os.OpenFile(file, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("open the log: %w", err)
	}
	s.closers = append(s.closers, f.Close)
	s.estate = estate{dir: dir, log: f}
	s.log = slog.New(slog.NewMultiHandler(s.log.Handler(), slog.NewJSONHandler(f, nil)))
	return nil
}

// layOut writes the repository, once the routes are known; plain, without its history.
func (s *Server) layOut(plain bool) error {
	if s.estate.dir == "" {
		return nil
	}
	return repository.Write(s.estate.dir, repository.Options{
		Flaws: s.flaws.Has, Seed: s.seed, Now: s.now(), Routes: s.sourceRoutes(), Secrets: s.environment(), Plain: plain,
	})
}

// environment is what Harbor's settings hold in production, by variable.
func (s *Server) environment() map[string]string {
	return map[string]string{
		"OPENAI_API_KEY":     "sk-harbor-" + s.derived("provider"),
		"SESSION_SECRET":     s.derived("session"),
		"CRM_WEBHOOK_SECRET": s.crmKey,
	}
}

// sourceRoutes is the table as the repository has it.
func (s *Server) sourceRoutes() []repository.Route {
	var out []repository.Route
	for i := range s.table {
		rt := &s.table[i]
		if rt.unlisted {
			continue
		}
		r := repository.Route{Method: rt.method, Path: rt.pattern, ID: rt.id, Group: camel(rt.tag), Status: rt.status}
		if r.Status == 0 {
			r.Status = 200
		}
		switch {
		case rt.access == anyone && strings.HasPrefix(rt.pattern, "/v1/webhooks/"):
			r.Access = repository.Signed
		case rt.access <= guest:
			r.Access = repository.Anyone
		case rt.access >= admin:
			r.Access = repository.Admin
		}
		out = append(out, r)
	}
	return out
}

// camel joins words that hyphens part: api-keys is apiKeys.
func camel(s string) string {
	head, rest, _ := strings.Cut(s, "-")
	for word := range strings.SplitSeq(rest, "-") {
		if word != "" {
			head += strings.ToUpper(word[:1]) + word[1:]
		}
	}
	return head
}

// paymentKey is a key of the payment provider's form, made for a flaw.
func (s *Server) paymentKey(label string) string { return "sk_live_" + s.derived(label)[:24] }
