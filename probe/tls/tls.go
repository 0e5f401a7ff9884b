// Package tls asks a server what it speaks: by crypto/tls where that can, and by
// hellos of its own where it cannot, as nobody offers SSL 3.0, a NULL cipher or a
// group of 512 bits any more.
//
// A hello is sent, the first flight of the answer is read, and the connection is
// closed: no key is agreed on, nothing is decrypted and no weakness is used. What
// comes back is outside input and is read with a bound on its size and its time.
package tls

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"time"
)

// Dialer opens connections, as launchready.Network does.
type Dialer interface {
	Dial(ctx context.Context, network, address string) (net.Conn, error)
}

// Prober asks servers. Its zero value but for Network is ready, and it is safe for
// concurrent use.
type Prober struct {
	Network Dialer
	Roots   *x509.CertPool // authorities that certificates must lead to; nil: the system's
	// Timeout bounds one handshake; 0 is five seconds.
	Timeout time.Duration
	// Before, when set, brings a fresh connection to where TLS begins: STARTTLS.
	Before func(ctx context.Context, c net.Conn) error
}

// Errors of an answer that is no TLS.
var (
	// ErrGarbage is an answer that is no TLS at all, or breaks its rules.
	ErrGarbage = errors.New("the answer is no TLS")
	// ErrClosed is a server that closes the connection at a hello, as some do
	// instead of an alert.
	ErrClosed = errors.New("the server closed the connection")
	// ErrUnreached is an address where no connection was made, or where the service
	// on it did not come to TLS.
	ErrUnreached = errors.New("the server was not reached")
	// ErrSilent is a server that does not answer a hello in time.
	ErrSilent = errors.New("the server did not answer in time")
)

// maxFlight is how much of an answer is read: chains have 64 kB at the most.
const maxFlight = 128 << 10

func (p *Prober) timeout() time.Duration {
	if p.Timeout > 0 {
		return p.Timeout
	}
	return 5 * time.Second
}

// open makes a connection at which TLS may begin, which ends with the time of one
// handshake.
func (p *Prober) open(ctx context.Context, address string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, p.timeout())
	defer cancel()
	c, err := p.Network.Dial(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("%w: call %s: %w", ErrUnreached, address, err)
	}
	end, _ := ctx.Deadline()
	err = c.SetDeadline(end)
	if err == nil && p.Before != nil {
		err = p.Before(ctx, c)
	}
	if err == nil {
		err = c.SetDeadline(time.Now().Add(p.timeout()))
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%w: begin TLS with %s: %w", ErrUnreached, address, err), c.Close())
	}
	return c, nil
}

// Ask sends a hello and reads the first flight of the answer.
func (p *Prober) Ask(ctx context.Context, address string, h Hello) (*Reply, error) {
	return p.exchange(ctx, address, h.Bytes(), func(r io.Reader) (*Reply, error) { return ReadReply(r, h) })
}

func (p *Prober) exchange(ctx context.Context, address string, hello []byte, read func(io.Reader) (*Reply, error)) (*Reply, error) {
	c, err := p.open(ctx, address)
	if err != nil {
		return nil, err
	}
	defer c.Close() //nolint:errcheck // nothing was agreed on
	stop := context.AfterFunc(ctx, func() { _ = c.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	if _, err := c.Write(hello); err != nil {
		return nil, told(err)
	}
	r, err := read(io.LimitReader(c, maxFlight))
	if err != nil {
		return r, told(err)
	}
	return r, nil
}

// told turns what the system says of a connection into what it means here.
func told(err error) error {
	switch {
	case errors.Is(err, ErrGarbage), errors.Is(err, ErrUnreached):
		return err
	case errors.As(err, new(tls.RecordHeaderError)):
		return fmt.Errorf("%w: %w", ErrGarbage, err)
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("%w: %w", ErrSilent, err)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return fmt.Errorf("%w: %w", ErrClosed, err)
	}
	return err
}
