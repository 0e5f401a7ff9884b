package tls

import (
	"fmt"
	"net"
)

// bounded ends a connection whose peer sends more than a handshake can have.
type bounded struct {
	net.Conn
	left int
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, fmt.Errorf("%w: a handshake without end", ErrGarbage)
	}
	n, err := b.Conn.Read(p[:min(len(p), b.left)])
	b.left -= n
	return n, err //nolint:wrapcheck // it is the connection's own
}
