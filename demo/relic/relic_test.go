package relic_test

import (
	"bytes"
	"crypto/tls"
	"io"
	"net"
	"testing"

	"github.com/launchready/launchready/demo/relic"
)

// TestModern: who speaks TLS of today is handed on, byte for byte, and a hello that
// nobody answers in the old way too.
func TestModern(t *testing.T) {
	here, there := net.Pipe()
	l := relic.Listen(&one{c: there}, relic.Options{SSL2: true, SSL3: true, Suites: []uint16{0x0002}})
	c, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = tls.Client(here, &tls.Config{ServerName: "x.test", MinVersion: tls.VersionTLS13}).Handshake() // nobody answers
	}()
	b := make([]byte, 64)
	if _, err := io.ReadFull(c, b); err != nil || b[0] != 22 || b[5] != 1 {
		t.Errorf("got % x, %v, want the hello", b[:6], err)
	}
	if err := here.Close(); err != nil {
		t.Error(err)
	}
}

// TestAnswer: what is answered is decided by what is offered.
func TestAnswer(t *testing.T) {
	ssl2 := []byte{0x80, 9, 1, 0, 2, 0, 0, 0, 0, 0, 0}
	for name, tt := range map[string]struct {
		o     relic.Options
		hello []byte
		want  []byte // that the answer begins with; nil for none
	}{
		"nothing is old":  {relic.Options{}, ssl2, nil},
		"SSL 2.0":         {relic.Options{SSL2: true}, ssl2, []byte{0x80, 43, 4}},
		"no hello at all": {relic.Options{SSL2: true, SSL3: true}, []byte("GET / HTTP/1.1\r\n\r\n"), nil},
		"a short hello":   {relic.Options{SSL3: true}, []byte{22, 3, 0, 0, 4, 1, 0, 0, 0}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			got := tt.o.Answer(tt.hello)
			if (tt.want == nil) != (got == nil) || !bytes.HasPrefix(got, tt.want) {
				t.Errorf("got % x, want % x", got, tt.want)
			}
		})
	}
}

// one is a listener with one connection.
type one struct {
	net.Listener
	c net.Conn
}

func (o *one) Accept() (net.Conn, error) { return o.c, nil }
