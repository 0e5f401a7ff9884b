package guard

import (
	"mime"
	"net/http"
	"sync"
)

// How much of an answer is passed on at a time. A stream of events may be open for long
// and says little at a time: what it is copied through is most of what it holds.
const (
	piece = 32 << 10
	event = 4 << 10
)

// buffers lends what answers are copied through: one of its own for each would be most
// of what a request allocates.
type buffers struct{ pieces, events sync.Pool }

// Get is of httputil.BufferPool, once it is known what is answered.
func (f *flight) Get() []byte {
	if f.rec.turn != nil { // its relay copies
		return make([]byte, 1)
	}
	return f.lend()
}

// lend gives a buffer that fits the answer.
func (f *flight) lend() []byte {
	if f.x.events {
		if p, ok := f.p.lends.events.Get().(*[event]byte); ok {
			return p[:]
		}
		return make([]byte, event)
	}
	if p, ok := f.p.lends.pieces.Get().(*[piece]byte); ok {
		return p[:]
	}
	return make([]byte, piece)
}

// Put takes it back.
func (f *flight) Put(p []byte) {
	switch len(p) {
	case event:
		f.p.lends.events.Put((*[event]byte)(p))
	case piece:
		f.p.lends.pieces.Put((*[piece]byte)(p))
	}
}

// isEvents reports a stream of events.
func isEvents(h http.Header) bool {
	all := h["Content-Type"]
	if len(all) == 0 {
		return false
	}
	if all[0] == "application/json" { // nearly always
		return false
	}
	kind, _, err := mime.ParseMediaType(all[0])
	return err == nil && kind == "text/event-stream"
}
