// Package faults stands between a client and its server in a test, and lets what
// is between them fail.
package faults

import (
	"io"
	"net"
	"net/url"
	"sync"
	"testing"
)

// Wire passes on what goes to a server, until it is cut or stalled. It ends with
// the test.
type Wire struct {
	ln net.Listener
	wg sync.WaitGroup

	mu    sync.Mutex
	to    string
	mode  mode
	conns map[net.Conn]bool
}

type mode int

const (
	whole mode = iota
	cut
	stalled
	mute
)

// Before gives the URL by which the server of a URL is reached through a wire.
func Before(t testing.TB, server string) (string, *Wire) {
	t.Helper()
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal("the address of the server is no URL")
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it ends with the test
	if err != nil {
		t.Fatal(err)
	}
	w := &Wire{ln: ln, to: u.Host, conns: map[net.Conn]bool{}}
	w.wg.Go(w.accept)
	t.Cleanup(func() {
		_ = ln.Close()
		w.set(cut)
		w.wg.Wait()
	})
	u.Host = ln.Addr().String()
	return u.String(), w
}

// Cut ends what is connected and lets nobody in.
func (w *Wire) Cut() { w.set(cut) }

// Stall takes what is said, and passes nothing on.
func (w *Wire) Stall() { w.set(stalled) }

// Mute passes on what is said to the server, and ends the connection in the place of
// its answer.
func (w *Wire) Mute() { w.set(mute) }

// Mend lets new connections through; what was stalled is cut.
func (w *Wire) Mend() { w.set(whole) }

// Lead lets new connections go to the server of another URL; those that are stay.
func (w *Wire) Lead(t testing.TB, server string) {
	t.Helper()
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal("the address of the server is no URL")
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.to = u.Host
}

func (w *Wire) set(m mode) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.mode = m
	if m == whole || m == cut {
		for c := range w.conns {
			_ = c.Close() // that is the fault
			delete(w.conns, c)
		}
	}
}

// keep remembers a connection, and reports how the wire is.
func (w *Wire) keep(c net.Conn) mode {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.conns[c] = true
	return w.mode
}

func (w *Wire) accept() {
	for {
		c, err := w.ln.Accept()
		if err != nil {
			return
		}
		if w.keep(c) == cut {
			_ = c.Close() // that is the fault
			continue
		}
		w.wg.Go(func() { w.carry(c) })
	}
}

func (w *Wire) carry(c net.Conn) {
	defer c.Close()
	w.mu.Lock()
	to := w.to
	w.mu.Unlock()
	s, err := net.Dial("tcp", to) //nolint:noctx // loopback, which answers at once
	if err != nil {
		return
	}
	defer s.Close()
	if w.keep(s) == cut {
		return
	}
	w.wg.Go(func() {
		w.pass(s, c, true)
		_ = c.Close() // both ways end together
		_ = s.Close()
	})
	w.pass(c, s, false)
}

// pass moves bytes one way, and loses them while the wire is stalled; answers end a
// wire that is mute.
func (w *Wire) pass(from io.Reader, to io.Writer, answers bool) {
	b := make([]byte, 16<<10)
	for {
		n, err := from.Read(b)
		w.mu.Lock()
		lost, ends := w.mode == stalled, w.mode == mute && answers
		w.mu.Unlock()
		if ends {
			return
		}
		if n > 0 && !lost {
			if _, err := to.Write(b[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}
