package auth

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/oracle"
	"github.com/launchready/launchready/source"
)

// mostStrange bounds how many routes of the source are asked.
const mostStrange = 200

// stranger asks routes of the source as nobody. It is safe for concurrent use.
type stranger struct {
	t *lr.Trial

	mu                     sync.Mutex
	settled, open, unasked int
}

// brokenBody is what is sent where a route takes a body: no JSON, so that nothing
// can be made of it, and a handler that answers it has run without a credential.
const brokenBody = `{"launchready":`

// ask settles one route that no description names, and that nothing is seen to
// guard. Reads are asked with the key of an object of this run where there is one.
// What changes things is asked with consent alone, with a broken body and keys of
// nothing; a deletion without a key, and what sends or pays, never.
func (s *stranger) ask(ctx context.Context, rt *source.Route) error {
	method, path := rt.Method, rt.Path
	if method == "ANY" {
		method = http.MethodGet
	}
	if method == http.MethodHead || method == http.MethodOptions {
		method = http.MethodGet
	}
	reads := method == http.MethodGet && oracle.Shows(&lr.Route{Method: method, Path: path})
	switch {
	case len(rt.Unresolved) > 0 || strings.ContainsAny(path, "*?"):
		s.left(rt, lr.Evidence{}, "its whole path is not known, so that it cannot be asked")
		return nil
	case !reads && (method == http.MethodGet || never(method, path)):
		s.left(rt, lr.Evidence{}, "it is never asked, for what it may do")
		return nil
	case !reads && !s.t.Target.Mutate:
		if rt.State == source.Unguarded {
			s.left(rt, lr.Evidence{}, "it changes things, so that it is asked with --mutate alone")
			return nil
		}
		s.mu.Lock()
		s.unasked++
		s.mu.Unlock()
		return nil
	}
	x, err := s.send(ctx, method, path, "a route of the source, as nobody", reads)
	if err == nil {
		var control *lr.Exchange
		control, err = s.send(ctx, method, missingPath(path, strings.ToLower(s.t.Stage.Canary(""))), "control: a path that is not there", false)
		if err == nil {
			s.judge(rt, reads, x, control)
			return nil
		}
	}
	if over := ended(ctx, err); over != nil {
		return over
	}
	s.unknown(rt, fmt.Sprintf("it was not answered: %v", err))
	return nil
}

// judge says what a stranger's request came to.
func (s *stranger) judge(rt *source.Route, reads bool, x, control *lr.Exchange) {
	e := lr.Evidence{Exchanges: []*lr.Exchange{x}}
	keyed := strings.Contains(rt.Path, "{")
	shown := belongs(s.t, x, nil)
	switch {
	case x.Status == http.StatusTooManyRequests || x.Status == http.StatusBadGateway || x.Status == http.StatusServiceUnavailable:
		s.unknown(rt, fmt.Sprintf("the target is busy: it answers with %d", x.Status))
	case x.OK() && len(shown) > 0:
		e.Witness = shown
		s.fails(rt, e, "no description names it, and it shows a stranger what belongs to accounts")
	case x.Denied() && (x.Status != http.StatusNotFound && x.Status != http.StatusGone && x.Status != http.StatusMethodNotAllowed || reads && !keyed):
		s.mu.Lock()
		s.settled++
		s.mu.Unlock()
	case x.OK() && !control.OK() && rt.State == source.Unguarded && (!reads || isJSON(x) && !oracle.Empty(x) && !liveness(rt.Path)):
		s.fails(rt, e, fmt.Sprintf("no description names it, and it answers a stranger with %d", x.Status))
	case x.OK():
		s.left(rt, e, fmt.Sprintf("it answers a stranger with %d, and nothing in that tells whose it is", x.Status))
	case !reads && (x.Status == http.StatusBadRequest || x.Status == http.StatusUnprocessableEntity || x.Status == http.StatusUnsupportedMediaType):
		s.left(rt, e, fmt.Sprintf("it judges the body of a stranger (%d) and asks for no credential before", x.Status))
	default:
		s.left(rt, e, fmt.Sprintf("it answers a stranger with %d", x.Status))
	}
}

// where is the evidence of the source beside that of the target.
func (s *stranger) where(rt *source.Route, e lr.Evidence) lr.Evidence {
	seen := "nothing that asks for a credential stands before it"
	if rt.State != source.Unguarded {
		seen = "what stands before it was not understood"
		if rt.Why != "" {
			seen += ": " + rt.Why
		}
	}
	e.Records = append(e.Records, fmt.Sprintf("%s:%d: %s, and %s", rt.File, rt.Line, rt, seen))
	return e
}

func (s *stranger) said(rt *source.Route, what string) string {
	if rt.State == source.Unguarded {
		return "nothing in the source guards it; " + what
	}
	return "the source does not tell whether something guards it; " + what
}

func (s *stranger) fails(rt *source.Route, e lr.Evidence, what string) {
	s.count()
	s.t.Fail(s.where(rt, e), rt.String(), "%s", s.said(rt, what))
}

// left says what asking did not settle: suspected where the source shows no guard,
// unknown where it is not understood.
func (s *stranger) left(rt *source.Route, e lr.Evidence, what string) {
	if rt.State != source.Unguarded {
		s.unknown(rt, what)
		return
	}
	s.count()
	s.t.Suspect(s.where(rt, e), rt.String(), "%s", s.said(rt, what))
}

func (s *stranger) unknown(rt *source.Route, what string) {
	s.count()
	s.t.Unknown(rt.String(), "%s", s.said(rt, what))
}

func (s *stranger) count() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open++
}

// send fills a path's keys, of an object of this run or of nothing, and asks.
func (s *stranger) send(ctx context.Context, method, path, note string, real bool) (*lr.Exchange, error) {
	parts := strings.Split(path, "/")
	for i, p := range parts {
		if !strings.HasPrefix(p, "{") && !strings.HasPrefix(p, ":") {
			continue
		}
		parts[i] = strings.ToLower(s.t.Stage.Canary(""))
		if o := s.object(strings.Join(parts[:i], "/")); real && o != nil {
			parts[i] = o.ID
		}
	}
	r := &lr.Request{Method: method, Path: strings.Join(parts, "/"), Note: note}
	if method != http.MethodGet && method != http.MethodDelete {
		r.Header, r.Body = http.Header{"Content-Type": {"application/json"}}, []byte(brokenBody)
	}
	return s.t.HTTP.Do(ctx, nil, r)
}

// object is one of this run's in the collection.
func (s *stranger) object(collection string) *lr.Object {
	for _, a := range oracle.Victims(s.t.Target) {
		if o := s.t.Stage.Object(collection, a); o != nil && o.ID != "" {
			return o
		}
	}
	return nil
}

// missingPath is a path beside, in its last part that is no key.
func missingPath(path, mark string) string {
	parts := strings.Split(strings.TrimRight(path, "/"), "/")
	for i := len(parts) - 1; i > 0; i-- {
		if !strings.ContainsAny(parts[i], "{:") {
			parts[i] += "-" + mark
			return strings.Join(parts, "/")
		}
	}
	return "/" + mark
}

// never reports what is asked with no consent whatever: a deletion that names no
// one thing, and what cannot be taken back wherever its body is not looked at.
func never(method, path string) bool {
	last := path[strings.LastIndexByte(path, '/')+1:]
	return method == http.MethodDelete && !strings.HasPrefix(last, "{") ||
		sends(&lr.Route{Path: path}) || hasSegment(path, "purge", "reset", "rotate", "shutdown", "restart", "restore", "migrate", "wipe", "broadcast", "seed",
		"cleanup", "all", "flush", "truncate", "deploy", "rollback", "backup", "sync", "run", "trigger", "cron", "jobs", "logout", "signout")
}

// liveness reports a path of which everybody may know.
func liveness(path string) bool {
	return hasSegment(path, "health", "healthz", "healthcheck", "live", "livez", "liveness", "ready", "readyz", "readiness", "ping", "version", "robots.txt")
}
