// Package front is what stands before Harbor on the web: a server with TLS for
// each name of the domain, one without TLS that sends everybody there, and a cache
// as a CDN has it before the API. Each flaw is one switch in a server's settings.
package front

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/launchready/launchready/demo/authority"
	"github.com/launchready/launchready/demo/relic"
)

// Options say what is served. Domain, Authority and API must be set.
type Options struct {
	Domain    string
	Names     []string // below the domain, each with a page; app and api have the API
	Authority *authority.Authority
	API       http.Handler
	Flaws     func(id string) bool // nil: none is on
	Now       func() time.Time     // nil is time.Now
	Log       *slog.Logger         // nil discards
}

// Server is the running front.
type Server struct {
	o             Options
	Secure, Plain int // the ports that stand for 443 and 80
	mu            sync.Mutex
	certs         map[string]*issued
	cache         *cache
	servers       []*http.Server
	served        sync.WaitGroup
}

type issued struct {
	once sync.Once
	cert tls.Certificate
	err  error
}

// Start listens on free ports of 127.0.0.1 until Close.
func Start(o Options) (*Server, error) {
	if o.Flaws == nil {
		o.Flaws = func(string) bool { return false }
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	s := &Server{o: o, certs: map[string]*issued{}, cache: newCache(o.Now, o.Flaws)}
	if err := s.listen(); err != nil {
		return nil, errors.Join(fmt.Errorf("start the front of %s: %w", o.Domain, err), s.Close())
	}
	return s, nil
}

func (s *Server) listen() error {
	secure, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	plain, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return errors.Join(err, secure.Close())
	}
	s.Secure, s.Plain = secure.Addr().(*net.TCPAddr).Port, plain.Addr().(*net.TCPAddr).Port //nolint:forcetypeassert // it listens on TCP
	if s.o.Flaws("https/dangling-address") {
		if err := s.stranger(); err != nil {
			return errors.Join(err, secure.Close(), plain.Close())
		}
	}
	conf := &tls.Config{GetConfigForClient: s.settings, MinVersion: tls.VersionTLS12}
	s.serve(tls.NewListener(relic.ListenFor(secure, s.old), conf), http.HandlerFunc(s.overTLS))
	s.serve(plain, http.HandlerFunc(s.inClear))
	return nil
}

func (s *Server) serve(l net.Listener, h http.Handler) {
	srv := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: time.Minute, ErrorLog: slog.NewLogLogger(s.o.Log.Handler(), slog.LevelDebug)}
	s.servers = append(s.servers, srv)
	s.served.Go(func() {
		if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			s.o.Log.Error("serve the front", "err", err)
		}
	})
}

// Close stops serving.
func (s *Server) Close() error {
	var errs []error
	for _, srv := range s.servers {
		errs = append(errs, srv.Close())
	}
	s.served.Wait()
	return errors.Join(errs...)
}

// label is the name below the domain, "" for the domain itself.
func (s *Server) label(host string) string {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	if host == s.o.Domain {
		return ""
	}
	if n := len(host) - len(s.o.Domain) - 1; n > 0 {
		return host[:n]
	}
	return host
}
