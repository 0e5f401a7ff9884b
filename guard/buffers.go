package guard

import "sync"

// piece is how much of an answer is passed on at a time.
const piece = 32 << 10

// buffers lends what answers are copied through: one of its own for each would be most
// of what a request allocates.
type buffers struct{ pool sync.Pool }

// Get is of httputil.BufferPool.
func (b *buffers) Get() []byte {
	if p, ok := b.pool.Get().(*[piece]byte); ok {
		return p[:]
	}
	return make([]byte, piece)
}

// Put takes it back.
func (b *buffers) Put(p []byte) { b.pool.Put((*[piece]byte)(p)) }
