package main

import (
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/launchready/launchready/demo/authority"
)

// web stands for the ports 443 and 80 of every name of a domain. Each answer takes as
// long as one from far away: that of a connection's first bytes, and of each request.
type web struct {
	secure, plain int // ports
	caFile        string
	servers       []*http.Server
	done          sync.WaitGroup
}

func openWeb(domain, caFile string) (_ *web, err error) {
	ca, err := authority.New(time.Now)
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(caFile, ca.PEM(), 0o600); err != nil {
		return nil, err
	}
	cert, err := ca.Issue(authority.Kind{Names: []string{domain, "*." + domain}})
	if err != nil {
		return nil, err
	}
	w := &web{caFile: caFile}
	for _, at := range []struct {
		port    *int
		conf    *tls.Config
		handler http.HandlerFunc
	}{
		{&w.secure, &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}, page},
		{&w.plain, nil, func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://"+r.Host+r.URL.RequestURI(), http.StatusPermanentRedirect)
		}},
	} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, errors.Join(err, w.Close())
		}
		*at.port = l.Addr().(*net.TCPAddr).Port //nolint:forcetypeassert // it listens on TCP
		l = far{l}
		if at.conf != nil {
			l = tls.NewListener(l, at.conf)
		}
		s := &http.Server{ReadHeaderTimeout: 10 * time.Second, ErrorLog: log.New(io.Discard, "", 0), Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			time.Sleep(domainDelay)
			at.handler(w, r)
		})}
		w.servers = append(w.servers, s)
		w.done.Go(func() { _ = s.Serve(l) })
	}
	return w, nil
}

func page(w http.ResponseWriter, _ *http.Request) {
	for name, v := range map[string]string{"Strict-Transport-Security": "max-age=63072000", "Content-Security-Policy": "default-src 'self'; frame-ancestors 'none'", "Content-Type": "text/html", "X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"} {
		w.Header().Set(name, v)
	}
	_, _ = io.WriteString(w, "<!doctype html><h1>hello</h1>")
}

// Close stops serving.
func (w *web) Close() error {
	var errs []error
	for _, s := range w.servers {
		errs = append(errs, s.Close())
	}
	w.done.Wait()
	return errors.Join(errs...)
}

// far are connections whose first bytes take a while to be answered.
type far struct{ net.Listener }

func (f far) Accept() (net.Conn, error) {
	c, err := f.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &late{Conn: c}, nil
}

type late struct {
	net.Conn
	once sync.Once
}

func (l *late) Read(b []byte) (int, error) {
	l.once.Do(func() { time.Sleep(domainDelay) })
	return l.Conn.Read(b)
}
