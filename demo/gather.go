package demo

import (
	"strings"
	"sync"
	"time"
)

// gather collects tokens for a moment before they are written, which saves system
// calls. There is one for all streams.
type gather struct {
	mu      sync.Mutex
	waiting strings.Builder
}

// gatherFor is how long a token waits for others.
const gatherFor = 8 * time.Millisecond

// send adds a token, and writes whatever waits when its time is over.
func (g *gather) send(token string, write func(string) error) error {
	g.mu.Lock()
	g.waiting.WriteString(token)
	g.mu.Unlock()
	time.Sleep(gatherFor)
	g.mu.Lock()
	text := g.waiting.String()
	g.waiting.Reset()
	g.mu.Unlock()
	if text == "" {
		return nil
	}
	return write(text)
}

// paced is how a stream writes its tokens.
func (s *Server) paced(write func(string) error) func(string) error {
	if !s.flaws.Has("isolation/stream-cross-talk") {
		return write
	}
	return func(token string) error { return s.gathered.send(token, write) }
}
