package guard

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

// Host holds the connection on which a request has come, of HTTP/1.1. A stream of events
// that lasts takes the connection from it: what net/http keeps for a request under way,
// its stack and its buffers, is a third of what the stream would hold, and it is of no
// use any more.
type Host interface {
	// After is how long an answer has lasted then.
	After() time.Duration
	// Base ends when everything is to be cut.
	Base() context.Context
	// Take gives the connection, and nothing is the server's then. The handler returns
	// at once.
	Take(w http.ResponseWriter) (net.Conn, error)
	// Back ends what was taken. keep says that another request may follow, whose first
	// bytes were read already.
	Back(keep bool, read []byte)
}

// HostKey is where the context of a request has its Host.
type HostKey struct{}

type flightKey struct{}

// relay passes a stream of events on from a goroutine of its own, whose stack is small,
// as the body that ReverseProxy reads: it gets nothing, and an end.
type relay struct {
	f    *flight
	src  io.ReadCloser
	res  *http.Response
	host Host
	done chan ending // holds one

	mu   sync.Mutex // of who writes to the caller
	over bool

	keep    bool
	next    []byte        // what the caller said meanwhile
	watched chan struct{} // closed when nobody reads of the connection any more
	room    [margin + 512 + 2]byte
}

// margin is what stands before a piece when it goes out as a chunk.
const margin = 8

// ending is how a stream ended.
type ending struct {
	err      error // io.EOF: it is whole
	panicked any
}

// errLeft unwinds a handler whose answer goes on without it.
var errLeft = errors.New("the stream goes on without its handler")

// relayed gives the answer's body as a relay, where the connection can be taken.
func relayed(x *Exchange, res *http.Response) io.ReadCloser {
	f, ok := res.Request.Context().Value(flightKey{}).(*flight)
	if !ok || x.Request.ProtoMajor != 1 || x.Request.ProtoMinor != 1 || x.Request.Method == http.MethodHead || res.StatusCode != http.StatusOK ||
		res.Trailer != nil || len(res.Header["Content-Length"]) > 0 || f.body.ReadCloser != nil && (!x.read || x.flaw != nil) {
		return res.Body
	}
	host, ok := f.caller.Value(HostKey{}).(Host)
	if !ok {
		return res.Body
	}
	r := &relay{f: f, src: res.Body, res: res, host: host, done: make(chan ending, 1)}
	f.rec.turn = &r.mu
	return r
}

// Read waits until all was passed on, or panics with errLeft.
func (r *relay) Read([]byte) (int, error) {
	go r.run()
	t := time.NewTimer(r.host.After())
	defer t.Stop()
	var e ending
	select {
	case e = <-r.done:
	case <-t.C:
		if r.leave() {
			panic(errLeft)
		}
		e = <-r.done
	}
	if e.panicked != nil {
		panic(e.panicked)
	}
	return 0, e.err
}

// Close closes the body.
func (r *relay) Close() error { return r.src.Close() }

// leave takes the connection from the server.
func (r *relay) leave() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	f := r.f
	if r.over || f.rec.flush() != nil || !f.x.stay() {
		return false
	}
	r.keep = !f.x.Request.Close && f.rec.Header().Get("Connection") == ""
	conn, err := r.host.Take(f.rec.ResponseWriter)
	if err != nil {
		f.x.cut(err)
		return false
	}
	f.left = true
	f.rec.ResponseWriter, f.rec.conn, f.rec.set = nil, conn, time.Time{}
	base := r.host.Base()
	f.x.stay = context.AfterFunc(base, func() {
		f.x.cut(context.Cause(base))
		_ = conn.Close() // whoever still writes to it
	})
	f.x.forget()
	f.body.leave()
	f.body.ReadCloser, f.body.w = http.NoBody, nil // it was read, and they hold the server's buffers
	r.watched = make(chan struct{})
	go r.watch(conn)
	return true
}

// watch ends the exchange when the caller leaves, as the server does.
func (r *relay) watch(conn net.Conn) {
	defer close(r.watched)
	var one [1]byte
	n, err := conn.Read(one[:])
	if n > 0 {
		r.next = one[:] // of the next request; it waits
	} else if err != nil {
		r.f.x.cut(context.Canceled)
	}
}
