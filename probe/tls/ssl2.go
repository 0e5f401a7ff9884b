package tls

import (
	"context"
	"errors"
	"fmt"
	"io"
)

// ssl2Hello is a CLIENT-HELLO of SSL 2.0 (draft-hickman-netscape-ssl-00), which
// RFC 6176 forbids.
func ssl2Hello() []byte {
	specs := []byte{1, 0, 0x80, 2, 0, 0x80, 3, 0, 0x80, 4, 0, 0x80, 5, 0, 0x80, 6, 0, 0x40, 7, 0, 0xc0}
	challenge := []byte(nonce)[:16]
	body := []byte{1, 0, 2, 0, byte(len(specs)), 0, 0, 0, byte(len(challenge))} //nolint:gosec // both are short
	body = append(append(body, specs...), challenge...)
	return append([]byte{0x80, byte(len(body))}, body...) //nolint:gosec // it is short
}

// SSL2 reports whether the server answers in SSL 2.0.
func (p *Prober) SSL2(ctx context.Context, address string) (bool, error) {
	_, err := p.exchange(ctx, address, ssl2Hello(), readSSL2)
	switch {
	case err == nil:
		return true, nil
	case errors.Is(err, ErrGarbage), errors.Is(err, ErrClosed):
		return false, nil
	}
	return false, err
}

// readSSL2 reads the begin of a SERVER-HELLO.
func readSSL2(r io.Reader) (*Reply, error) {
	var head [2]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, fmt.Errorf("read a record: %w", err)
	}
	n := int(head[0]&0x7f)<<8 | int(head[1])
	if head[0]&0x80 == 0 || n < 11 {
		return nil, ErrGarbage // an alert of a later version, or plain text
	}
	body := make([]byte, 11)
	if _, err := io.ReadFull(r, body); err != nil {
		return nil, fmt.Errorf("read a hello: %w", err)
	}
	// SERVER-HELLO, a session flag, a type of certificate, the version.
	if body[0] != 4 || body[3] != 0 || body[4] != 2 {
		return nil, ErrGarbage
	}
	return &Reply{Alert: -1, Version: SSL2}, nil
}
