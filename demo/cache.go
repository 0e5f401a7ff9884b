package demo

import (
	"net/http"
	"strings"
	"sync"
	"time"
)

// responseCache keeps whole replies for a moment, as a CDN would.
type responseCache struct {
	mu      sync.Mutex
	replies map[string]cachedReply
}

type cachedReply struct {
	body any
	till time.Time
}

const (
	cacheLife = 20 * time.Second
	cacheSize = 4096
)

func newResponseCache() *responseCache {
	return &responseCache{replies: map[string]cachedReply{}}
}

// cached answers from the cache, or with what make gives, which it keeps. The
// request's Cache-Control: no-cache asks for a fresh one (RFC 9111, 5.2.1.4).
func (s *Server) cached(w http.ResponseWriter, r *http.Request, fill func() (any, error)) error {
	key := who(r).TenantID + " " + r.URL.RequestURI()
	if s.flaws.Has("isolation/shared-cache") {
		key = r.URL.RequestURI()
	}
	now := s.now()
	s.cache.mu.Lock()
	have, ok := s.cache.replies[key]
	s.cache.mu.Unlock()
	if ok && now.Before(have.till) && !strings.Contains(r.Header.Get("Cache-Control"), "no-cache") {
		w.Header().Set("X-Cache", "HIT")
		return reply(w, http.StatusOK, have.body)
	}
	body, err := fill()
	if err != nil {
		return err
	}
	s.cache.mu.Lock()
	if len(s.cache.replies) >= cacheSize {
		clear(s.cache.replies)
	}
	s.cache.replies[key] = cachedReply{body, now.Add(cacheLife)}
	s.cache.mu.Unlock()
	w.Header().Set("X-Cache", "MISS")
	return reply(w, http.StatusOK, body)
}
