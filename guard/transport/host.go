package transport

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"
)

// host lets a stream take the connection that its request came on, and takes it back.
type host struct {
	s *Server
	c *framed
}

// After is how long a stream is net/http's.
func (h *host) After() time.Duration { return cmp.Or(h.s.After, time.Second) }

// Base ends with Close.
func (h *host) Base() context.Context { return h.s.base }

// Take takes it from net/http. What it has read beyond the request is read again.
func (h *host) Take(w http.ResponseWriter) (net.Conn, error) {
	conn, b, err := http.NewResponseController(w).Hijack()
	if err != nil {
		_ = h.c.Close() // half of an answer is on it
		return nil, fmt.Errorf("take a connection: %w", err)
	}
	if n := b.Reader.Buffered(); n > 0 {
		read, _ := b.Peek(n) // they are there
		h.c.ahead = append(append([]byte(nil), read...), h.c.ahead...)
	}
	h.c.tunnel.Store(false) // requests follow
	h.s.flight.n.Add(1)
	return conn, nil
}

// Back waits for another request, and has it served.
func (h *host) Back(keep bool, read []byte) {
	h.c.ahead = append(read, h.c.ahead...)
	keep = keep && h.s.rest.begin(h.c)
	h.s.flight.leave()
	if !keep {
		_ = h.c.Close() // nobody waits for more
		return
	}
	go h.wait()
}

// wait waits for the first byte, as long as net/http would: the header is to come soon
// after it.
func (h *host) wait() {
	if len(h.c.ahead) == 0 {
		_ = h.c.SetReadDeadline(time.Now().Add(cmp.Or(h.s.Idle, idle))) // a connection that has ended tells below
		one := make([]byte, 1)
		if n, _ := h.c.Read(one); n == 0 {
			h.s.rest.over(h.c)
			_ = h.c.Close() // nobody asks any more
			return
		}
		h.c.ahead = one
	}
	_ = h.c.SetDeadline(time.Time{}) // the stream's, too
	if h.s.rest.over(h.c) {
		h.s.in[0].put(h.c)
	}
}

// rest are connections on which a stream has ended and nothing has begun.
type rest struct {
	mu    sync.Mutex
	all   map[*framed]bool
	ended bool
}

// begin adds one, unless all have ended.
func (r *rest) begin(c *framed) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ended {
		return false
	}
	if r.all == nil {
		r.all = map[*framed]bool{}
	}
	r.all[c] = true
	return true
}

// over takes one out, and says whether it was still there.
func (r *rest) over(c *framed) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	was := r.all[c]
	delete(r.all, c)
	return was
}

// end closes all.
func (r *rest) end() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ended = true
	for c := range r.all {
		_ = c.Close() // it waits for nothing
	}
	r.all = nil
}
