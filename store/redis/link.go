package redis

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"os"
	"sync/atomic"
	"syscall"

	"github.com/redis/rueidis"
)

// multiplex is how many connections there are, as a power of two: the client's own default.
const multiplex = 2

// link is a connection of which it is known whether a command can have left on it. One
// that was idle when the server went away looks whole, takes what is written and never
// answers: that a command was counted can then not be told from that it was not. So
// each write first asks the kernel whether the server is still there.
type link struct {
	net.Conn
	raw   syscall.RawConn // of the socket itself; nil: nothing can be asked
	turns *atomic.Uint64  // of all links: how often one was written to
	wrote atomic.Uint64   // which of the turns was this one's last
}

var errLeft = errors.New("the server has ended the connection")

// broken is what ended a link.
type broken struct {
	link *link
	err  error
}

func (b *broken) Error() string { return b.err.Error() }
func (b *broken) Unwrap() error { return b.err }

func (l *link) failed(err error) error {
	if err == nil || errors.Is(err, os.ErrDeadlineExceeded) { // a server that is slow may still do it
		return err
	}
	return &broken{l, err}
}

func (l *link) Read(b []byte) (int, error) {
	n, err := l.Conn.Read(b)
	return n, l.failed(err)
}

func (l *link) Write(b []byte) (int, error) {
	if l.raw != nil && left(l.raw) {
		return 0, l.failed(errLeft)
	}
	l.wrote.Store(l.turns.Add(1)) // before: a write that fails may have brought a part over
	n, err := l.Conn.Write(b)
	return n, l.failed(err)
}

// linked has a client's connections be links.
func (c *Counters) linked(o *rueidis.ClientOption) {
	other := o.DialCtxFn // of a Unix socket
	o.PipelineMultiplex = multiplex
	o.DialCtxFn = func(ctx context.Context, to string, d *net.Dialer, secure *tls.Config) (net.Conn, error) {
		ctx, cancel := context.WithTimeout(ctx, d.Timeout)
		defer cancel()
		if other != nil {
			conn, err := other(ctx, to, d, secure)
			return c.link(conn, conn), err
		}
		conn, err := d.DialContext(ctx, "tcp", to)
		if err != nil || secure == nil {
			return c.link(conn, conn), err
		}
		t := tls.Client(conn, secure)
		if err := t.HandshakeContext(ctx); err != nil {
			_ = conn.Close() // nothing was said on it
			return nil, err
		}
		return c.link(t, conn), nil
	}
}

// link is one over a connection and the socket below it; nil for none.
func (c *Counters) link(conn, socket net.Conn) net.Conn {
	if conn == nil {
		return nil
	}
	l := &link{Conn: conn, turns: &c.turns}
	if s, ok := socket.(syscall.Conn); ok {
		l.raw, _ = s.SyscallConn() // nil: nothing can be asked
	}
	return l
}

// again gives a command on another connection while no part of it can have left on the
// one before. Each try finds one dead connection at most, and there are no more of them.
// What may have left is never said twice: it would be counted twice.
func (c *Counters) again(command func() rueidis.RedisResult) rueidis.RedisResult {
	for range 1 << multiplex {
		before := c.turns.Load()
		r := command()
		var b *broken
		if err := r.NonRedisError(); err == nil || !errors.As(err, &b) || b.link.wrote.Load() > before {
			return r
		}
	}
	return command()
}
