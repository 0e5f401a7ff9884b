package transport

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/launchready/launchready/guard"
)

// Server serves HTTP/1.1 whose framing is held to one reading, and HTTP/2 over TLS.
type Server struct {
	Handler http.Handler
	TLS     *tls.Config // nil: plain HTTP/1.1
	Log     *slog.Logger
	Header  time.Duration // for a request's header to come; 0: 10 s
	Idle    time.Duration // between two requests; 0: 2 minutes
	After   time.Duration // that it lasts, a stream of events goes on without net/http; 0: 1 s

	one, two *http.Server
	in       [2]*queue
	once     sync.Once
	flight   flight
	rest     rest
	base     context.Context    //nolint:containedctx // of every request
	cut      context.CancelFunc // of it
}

// greet is how long a handshake may take. How many are under way is bounded by the
// connections that there may be: with a bound of their own, who says nothing would keep
// everybody else waiting.
const greet = 10 * time.Second

const idle = 2 * time.Minute

type stateKey struct{}

func (s *Server) begin() {
	log := s.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	base, cut := context.WithCancel(context.Background())
	s.base, s.cut, s.flight.left = base, cut, make(chan struct{}, 1)
	// No deadline on a whole request or answer: streams last as long as they last.
	build := func(h http.Handler) *http.Server {
		return &http.Server{Handler: s.flight.follow(h), BaseContext: func(net.Listener) context.Context { return base }, ReadHeaderTimeout: cmp.Or(s.Header, 10*time.Second), IdleTimeout: cmp.Or(s.Idle, idle), MaxHeaderBytes: 64 << 10, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn)}
	}
	one := s.Handler
	if s.TLS != nil {
		one = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if t, ok := r.Context().Value(stateKey{}).(*tls.ConnectionState); ok {
				r.TLS = t
			}
			s.Handler.ServeHTTP(w, r)
		})
	}
	s.one = build(one)
	s.one.ConnContext = func(ctx context.Context, c net.Conn) context.Context {
		f, ok := c.(*framed)
		if !ok {
			return ctx
		}
		ctx = context.WithValue(ctx, guard.HostKey{}, &host{s, f})
		if t, ok := f.Conn.(*tls.Conn); ok {
			st := t.ConnectionState()
			return context.WithValue(ctx, stateKey{}, &st)
		}
		return ctx
	}
	s.one.ConnState = func(c net.Conn, st http.ConnState) {
		if f, ok := c.(*framed); ok && st == http.StateHijacked {
			f.tunnel.Store(true)
		}
	}
	s.two = build(ended(s.Handler))
	s.two.TLSConfig = s.TLS
	s.in = [2]*queue{newQueue(), newQueue()}
}

// Serve takes connections until the server is closed or the listener fails.
func (s *Server) Serve(l net.Listener) error {
	s.once.Do(s.begin)
	failed := make(chan error, 3)
	s.in[0].addr, s.in[1].addr = l.Addr(), l.Addr()
	go func() { failed <- s.one.Serve(s.in[0]) }()
	if s.TLS != nil {
		go func() { failed <- s.two.Serve(s.in[1]) }()
	}
	go func() { failed <- s.accept(l) }()
	err := <-failed
	_ = l.Close() // it is of no use any more
	return err
}

func (s *Server) accept(l net.Listener) error {
	for {
		c, err := l.Accept()
		if err != nil {
			var ne net.Error
			if errors.As(err, &ne) && ne.Timeout() || isBusy(err) {
				time.Sleep(5 * time.Millisecond) // as net/http does: descriptors come back
				continue
			}
			return err
		}
		if s.TLS == nil {
			s.in[0].put(&framed{Conn: c})
			continue
		}
		go s.greet(c)
	}
}

func (s *Server) greet(c net.Conn) {
	t := tls.Server(c, s.TLS)
	ctx, cancel := context.WithTimeout(context.Background(), greet)
	defer cancel()
	if err := t.HandshakeContext(ctx); err != nil {
		_ = c.Close() // there is nobody to tell
		return
	}
	switch t.ConnectionState().NegotiatedProtocol {
	case "h2":
		s.in[1].put(t)
	case "", "http/1.1":
		s.in[0].put(&framed{Conn: t})
	default:
		_ = t.Close() // a challenge of ACME, which the handshake answered
	}
}

// Ending says with each answer that its connection ends, while everything is still
// served: callers go elsewhere before they find nobody here.
func (s *Server) Ending() { s.flight.ending.Store(true) }

// Shutdown takes nothing more, and waits for what is under way: tunnels, too, which
// net/http does not know any more.
func (s *Server) Shutdown(ctx context.Context) error {
	s.once.Do(s.begin)
	s.Ending()
	s.rest.end()
	err := errors.Join(s.one.Shutdown(ctx), s.two.Shutdown(ctx), s.in[0].Close(), s.in[1].Close())
	return errors.Join(err, s.flight.wait(ctx))
}

// last is how long Close waits for what it cut to say that it is over.
const last = 2 * time.Second

// Close ends everything at once, so that each request is told of its end.
func (s *Server) Close() error {
	s.once.Do(s.begin)
	s.Ending()
	s.rest.end()
	s.cut()
	err := errors.Join(s.one.Close(), s.two.Close(), s.in[0].Close(), s.in[1].Close())
	ctx, cancel := context.WithTimeout(context.Background(), last)
	defer cancel()
	_ = s.flight.wait(ctx) // what does not end now ends with the process
	return err
}

// flight counts what is under way.
type flight struct {
	n      atomic.Int64
	ending atomic.Bool
	left   chan struct{} // holds one: the last one left, after the end began
}

func (f *flight) follow(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f.n.Add(1)
		defer f.leave()
		if f.ending.Load() && r.ProtoMajor == 1 && len(r.Header["Upgrade"]) == 0 {
			w.Header()["Connection"] = []string{"close"}
		}
		h.ServeHTTP(w, r)
	})
}

func (f *flight) leave() {
	if f.n.Add(-1) == 0 && f.ending.Load() {
		select {
		case f.left <- struct{}{}:
		default:
		}
	}
}

// wait waits until nothing is under way. Nothing may begin any more.
func (f *flight) wait(ctx context.Context) error {
	for f.n.Load() > 0 {
		select {
		case <-f.left:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// queue is a listener whose connections were accepted elsewhere.
type queue struct {
	addr net.Addr
	c    chan net.Conn
	done chan struct{}
	once sync.Once
}

func newQueue() *queue { return &queue{c: make(chan net.Conn), done: make(chan struct{})} }

func (q *queue) put(c net.Conn) {
	select {
	case q.c <- c:
	case <-q.done:
		_ = c.Close() // the server has ended
	}
}

// Accept gives the next one.
func (q *queue) Accept() (net.Conn, error) {
	select {
	case c := <-q.c:
		return c, nil
	case <-q.done:
		return nil, net.ErrClosed
	}
}

// Close wakes who waits.
func (q *queue) Close() error { q.once.Do(func() { close(q.done) }); return nil }

// Addr is the listener's that accepts.
func (q *queue) Addr() net.Addr { return q.addr }
