package tls_test

import (
	"bytes"
	"context"
	"crypto/rand"
	gotls "crypto/tls"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/launchready/launchready/demo/authority"
	"github.com/launchready/launchready/demo/relic"
	"github.com/launchready/launchready/probe/tls"
)

// TestHostile: a server that closes, stalls, talks without end or speaks another
// protocol is told so, in bounded time, and nothing is held against it.
func TestHostile(t *testing.T) {
	hello := relic.Options{Suites: []uint16{0xc02b}, Chain: [][]byte{make([]byte, 20000)}}.Answer(tls.Hello{Version: tls.TLS12, Suites: []tls.Suite{0xc02b}, Groups: []uint16{23}}.Bytes())
	for name, tt := range map[string]struct {
		serve func(net.Conn)
		err   error
	}{
		"closes":             {func(net.Conn) {}, tls.ErrClosed},
		"stalls":             {func(c net.Conn) { _, _ = io.Copy(io.Discard, c) }, tls.ErrSilent},
		"stalls in a record": {func(c net.Conn) { _, _ = c.Write([]byte{22, 3, 3, 0, 80, 2}); _, _ = io.Copy(io.Discard, c) }, tls.ErrSilent},
		"speaks HTTP":        {func(c net.Conn) { _, _ = c.Write([]byte("HTTP/1.1 400 Bad Request\r\n\r\n")); drain(c) }, tls.ErrGarbage},
		"talks without end": {func(c net.Conn) {
			for {
				if _, err := c.Write(bytes.Repeat([]byte{22, 3, 3, 0, 4, 99, 0, 0, 0}, 1000)); err != nil {
					return
				}
			}
		}, nil},
		"a message of 16 MB": {func(c net.Conn) {
			_, _ = c.Write([]byte{22, 3, 3, 0, 4, 2, 255, 255, 255})
			for {
				if _, err := c.Write(append([]byte{22, 3, 3, 64, 0}, make([]byte, 1<<14)...)); err != nil {
					return
				}
			}
		}, nil},
		"chance": {func(c net.Conn) { _, _ = io.CopyN(c, rand.Reader, 4096); drain(c) }, tls.ErrGarbage},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address := raw(t, tt.serve)
			p := &tls.Prober{Network: &dialer{}, Timeout: 300 * time.Millisecond}
			s := p.Survey(t.Context(), address, "app.harbor.test")
			if s.Err == nil || tt.err != nil && !errors.Is(s.Err, tt.err) {
				t.Errorf("got %v, want %v", s.Err, tt.err)
			}
			if fs := append(s.Faults(), s.CertificateFaults(nil, time.Now())...); len(fs) > 0 {
				t.Errorf("found %v in a server of which nothing is known", fs)
			}
		})
	}
	t.Run("breaks off after the hello", func(t *testing.T) {
		cut := hello[:len(hello)-30]
		p := &tls.Prober{Network: &dialer{}, Timeout: time.Second}
		r, err := p.Ask(t.Context(), raw(t, func(c net.Conn) { _, _ = c.Write(cut); drain(c) }), tls.Hello{Version: tls.TLS12, Suites: []tls.Suite{0xc02b}})
		if r == nil || r.Suite != 0xc02b || err == nil {
			t.Errorf("got %v, %v, want the hello and that it broke off", r, err)
		}
	})
	t.Run("nobody listens", func(t *testing.T) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		if s := (&tls.Prober{Network: &dialer{}}).Survey(t.Context(), l.Addr().String(), "x.test"); !errors.Is(s.Err, tls.ErrUnreached) {
			t.Errorf("got %v", s.Err)
		}
	})
	t.Run("the time is over", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if s := (&tls.Prober{Network: &dialer{}}).Survey(ctx, "127.0.0.1:9", "x.test"); s.Err == nil {
			t.Error("a survey without time knows something")
		}
	})
}

// TestStallsLater: where the server stops answering half-way, what is known stays,
// and what is not is open.
func TestStallsLater(t *testing.T) {
	a := ca(t)
	cert, err := a.Issue(authority.Kind{Names: []string{name}})
	if err != nil {
		t.Fatal(err)
	}
	n := make(chan int, 1)
	n <- 0
	address := raw(t, func(c net.Conn) {
		i := <-n
		n <- i + 1
		if i > 2 {
			drain(c)
			return
		}
		tc := gotls.Server(c, &gotls.Config{Certificates: []gotls.Certificate{cert}})
		if tc.Handshake() == nil {
			drain(c)
		}
	})
	s := (&tls.Prober{Network: &dialer{}, Timeout: 300 * time.Millisecond}).Survey(t.Context(), address, name)
	if s.Err != nil || s.Version != tls.TLS13 || len(s.CertificateFaults(a.Pool(), time.Now())) > 0 {
		t.Errorf("got %v, %s", s.Err, tls.VersionName(s.Version))
	}
	if s.Knows(tls.Null) || s.Knows(tls.OldSSL) || s.Knows(tls.WeakPrime) || len(s.Gaps) == 0 {
		t.Errorf("what was not answered counts as known; gaps %q", s.Gaps)
	}
	for _, f := range s.Faults() {
		t.Errorf("found %s %s", f.Kind, f.What)
	}
}

// TestDescribe: the evidence names version, suite and certificate.
func TestDescribe(t *testing.T) {
	a := ca(t)
	cert, err := a.Issue(authority.Kind{Names: []string{name}})
	if err != nil {
		t.Fatal(err)
	}
	s := (&tls.Prober{Network: &dialer{}}).Survey(t.Context(), serve(t, &gotls.Config{Certificates: []gotls.Certificate{cert}}, relic.Options{}), name)
	text := strings.Join(s.Describe(), "\n")
	for _, want := range []string{"TLS 1.3 AES_128_GCM_SHA256, X25519MLKEM768", "speaks TLS 1.2, TLS 1.3", "certificate for app.harbor.test, issued by Harbor Test Issuing"} {
		if !strings.Contains(text, want) {
			t.Errorf("got %q, want %q in it", text, want)
		}
	}
}

// FuzzReadReply: whatever a server sends, reading it ends, holds no more than it
// may, and an answer without an error has a version.
func FuzzReadReply(f *testing.F) {
	h := tls.Hello{Version: tls.TLS12, Suites: []tls.Suite{0xc02b, 0x9e, 0xa6}, Groups: []uint16{23}, Deflate: true}
	for _, o := range []relic.Options{{Suites: []uint16{0xc02b}}, {Suites: []uint16{0x9e}, Prime: 512}, {Suites: []uint16{0xa6}}, {Suites: []uint16{0xc02b}, Deflate: true, Chain: [][]byte{{1, 2}, {3}}}} {
		f.Add(o.Answer(h.Bytes()))
	}
	f.Add([]byte{21, 3, 3, 0, 2, 2, 40})
	f.Add([]byte("HTTP/1.1 400 Bad Request\r\n\r\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := tls.ReadReply(bytes.NewReader(b), h)
		if err == nil && (r == nil || r.Alert < 0 && (r.Version < tls.SSL3 || r.Version > tls.TLS13)) {
			t.Errorf("got %+v without an error", r)
		}
		if r != nil && len(r.Certificates) > 20 {
			t.Errorf("%d certificates are kept", len(r.Certificates))
		}
	})
}

func drain(c net.Conn) { _, _ = io.Copy(io.Discard, c) }

// raw serves each connection by the function until the test ends.
func raw(t *testing.T, serve func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		<-done
	})
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close() //nolint:errcheck // the client is gone
				_ = c.SetDeadline(time.Now().Add(20 * time.Second))
				serve(c)
			}()
		}
	}()
	return l.Addr().String()
}
