// Package mailhost is the mail of the demo on loopback: the servers that its MX
// records name, the host of its MTA-STS policy, and messages that it sent, as a
// stranger's mailbox has them. It takes no mail.
package mailhost

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/launchready/launchready/demo/authority"
)

// Options say what is served.
type Options struct {
	Domain    string               // "harbor.test"
	Authority *authority.Authority // issues the certificates
	Flaws     func(id string) bool // nil: none is on
}

// Server is every server of the demo's mail.
type Server struct {
	// At is where each service of the internet stands: "mx1.harbor.test:25" =>
	// "127.0.0.1:40001".
	At map[string]string

	domain  string
	flaw    func(string) bool
	closers []func() error
	served  sync.WaitGroup
}

// exchangers are the hosts of the MX records, and the flaw that each can have.
var exchangers = [...]struct{ label, flaw string }{
	{"mx1", "email/starttls"},
	{"mx2", "email/starttls-certificate"},
	{"mx3", "email/starttls-version"},
}

// Start serves until Close.
func Start(o Options) (*Server, error) {
	s := &Server{At: map[string]string{}, domain: o.Domain, flaw: o.Flaws}
	if s.flaw == nil {
		s.flaw = func(string) bool { return false }
	}
	for _, x := range exchangers {
		if err := s.exchanger(o.Authority, x.label+"."+o.Domain, x.flaw); err != nil {
			return nil, errors.Join(err, s.Close())
		}
	}
	if err := s.policy(o.Authority); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// exchanger starts one mail server.
func (s *Server) exchanger(a *authority.Authority, host, flaw string) error {
	names := []string{host}
	if s.flaw(flaw) && flaw == "email/starttls-certificate" {
		names = []string{"mail.old-" + s.domain} // it was copied from the machine before
	}
	cert, err := a.Issue(authority.Kind{Names: names})
	if err != nil {
		return err
	}
	mx := smtp.NewServer(nobody{})
	mx.Domain, mx.ReadTimeout, mx.WriteTimeout = host, time.Minute, time.Minute
	mx.ErrorLog = log.New(io.Discard, "", 0)
	mx.TLSConfig = &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}
	if s.flaw(flaw) {
		switch flaw {
		case "email/starttls":
			mx.TLSConfig = nil
		case "email/starttls-version":
			mx.TLSConfig.MinVersion, mx.TLSConfig.MaxVersion = tls.VersionTLS10, tls.VersionTLS11
		}
	}
	l, err := s.listen(host + ":25")
	if err != nil {
		return err
	}
	s.served.Go(func() { _ = mx.Serve(l) })
	s.closers = append(s.closers, mx.Close)
	return nil
}

// policy starts the host of the MTA-STS policy.
func (s *Server) policy(a *authority.Authority) error {
	host := "mta-sts." + s.domain
	cert, err := a.Issue(authority.Kind{Names: []string{host}})
	if err != nil {
		return err
	}
	l, err := s.listen(host + ":443")
	if err != nil {
		return err
	}
	site := &http.Server{
		Handler: http.HandlerFunc(s.servePolicy), ReadHeaderTimeout: 10 * time.Second, ErrorLog: log.New(io.Discard, "", 0),
		TLSConfig: &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12},
	}
	s.served.Go(func() { _ = site.ServeTLS(l, "", "") })
	s.closers = append(s.closers, site.Close)
	return nil
}

func (s *Server) servePolicy(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/.well-known/mta-sts.txt" {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=us-ascii")
	_, _ = io.WriteString(w, s.Policy())
}

// Policy is the text of the MTA-STS policy.
func (s *Server) Policy() string {
	version, mode, age := "STSv1", "enforce", "2592000"
	if s.flaw("email/mta-sts-policy") {
		version = "STSv2"
	}
	if s.flaw("email/mta-sts-mode") {
		mode = "testing"
	}
	if s.flaw("email/mta-sts-age") {
		age = "3600"
	}
	lines := []string{"version: " + version, "mode: " + mode, "mx: mx1." + s.domain, "mx: mx2." + s.domain}
	if !s.flaw("email/mta-sts-mx") {
		lines = append(lines, "mx: mx3."+s.domain)
	}
	return strings.Join(append(lines, "max_age: "+age, ""), "\r\n")
}

func (s *Server) listen(service string) (net.Listener, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen for %s: %w", service, err)
	}
	s.At[service] = l.Addr().String()
	s.closers = append(s.closers, func() error { // the server may not have it yet
		if err := l.Close(); !errors.Is(err, net.ErrClosed) {
			return err
		}
		return nil
	})
	return l, nil
}

// Close stops every server.
func (s *Server) Close() error {
	var errs []error
	for i := len(s.closers) - 1; i >= 0; i-- {
		if err := s.closers[i](); err != nil && !errors.Is(err, smtp.ErrServerClosed) && !errors.Is(err, net.ErrClosed) {
			errs = append(errs, err)
		}
	}
	s.served.Wait()
	return errors.Join(errs...)
}

// nobody refuses all mail.
type nobody struct{}

func (nobody) NewSession(*smtp.Conn) (smtp.Session, error) { return nobody{}, nil }
func (nobody) Mail(string, *smtp.MailOptions) error        { return nil }
func (nobody) Data(io.Reader) error                        { return errNoMailbox }
func (nobody) Reset()                                      {}
func (nobody) Logout() error                               { return nil }
func (nobody) Rcpt(string, *smtp.RcptOptions) error        { return errNoMailbox }

var errNoMailbox = &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such mailbox"} // RFC 3463 section 3.2
