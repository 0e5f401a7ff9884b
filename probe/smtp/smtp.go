// Package smtp looks at a mail server as another mail server meets it: its
// greeting, what it offers, and the TLS that STARTTLS leads to (RFC 5321, RFC
// 3207). It sends no mail.
package smtp

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"
)

// Dialer opens connections, within the scope and the budget of whoever asks.
type Dialer interface {
	Dial(ctx context.Context, network, address string) (net.Conn, error)
}

// Step is how far a look got.
type Step int

// The steps, in order. Ended is the whole way.
const (
	Connect Step = iota
	Banner
	Hello
	Offer // STARTTLS is not offered
	Upgrade
	Handshake
	Ended
)

func (s Step) String() string {
	return [...]string{"connect", "banner", "hello", "offer", "upgrade", "handshake", "ended"}[s]
}

// Look is one look at a server. Its Dialer must be set.
type Look struct {
	Dialer  Dialer
	Roots   *x509.CertPool   // nil: those of the machine
	Name    string           // told in EHLO; "" is launchready.invalid
	Timeout time.Duration    // for the whole look; 0 is 15 seconds
	Now     func() time.Time // certificates are judged at; nil is the clock
}

// Server is what was found.
type Server struct {
	Host       string
	Banner     Reply
	Hello      Reply
	Extensions map[string]string // keyword, in capitals, and its parameters
	StartTLS   Reply
	// Early is set where the server sent more in clear text behind its reply to
	// STARTTLS: what somebody in between could put there (RFC 3207 section 6).
	Early bool
	TLS   *tls.ConnectionState // nil without a handshake
	Trust error                // why the certificate is not good for Host; nil: it is
	At    Step
	Err   error // what ended it before its end, nil at Offer and Ended
}

// Offers reports an extension by its keyword.
func (s *Server) Offers(keyword string) bool {
	_, ok := s.Extensions[keyword]
	return ok
}

// Refused reports that the server answered, and would not talk to us: its
// policy, or a refusal for now. Nothing is proved of what it offers others.
func (s *Server) Refused() bool {
	return s.At == Banner && s.Banner.Code != 0 || s.At == Hello && s.Hello.Code != 0
}

// BrokenTLS reports that STARTTLS is offered and leads nowhere, by the server's
// own word: a refusal for good, an alert, or bytes that are no TLS. A connection
// that broke or stalled is no such word.
func (s *Server) BrokenTLS() bool {
	switch s.At {
	case Upgrade:
		return s.StartTLS.Code >= 500
	case Handshake:
		var alert tls.AlertError
		var header tls.RecordHeaderError
		var op *net.OpError // crypto/tls wraps an alert of the peer in it
		return errors.As(s.Err, &alert) || errors.As(s.Err, &header) ||
			errors.As(s.Err, &op) && op.Op == "remote error"
	}
	return false
}

const port = "25"

// At looks at the server of a host on port 25. It returns in bounded time and
// memory whatever the server does.
func (l Look) At(ctx context.Context, host string) *Server {
	s := &Server{Host: host, Extensions: map[string]string{}}
	timeout := l.Timeout
	if timeout <= 0 {
		timeout = 15 * time.Second
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	conn, err := l.Dialer.Dial(ctx, "tcp", net.JoinHostPort(host, port))
	if err != nil {
		s.Err = err
		return s
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	l.talk(ctx, s, conn)
	if s.Err != nil && ctx.Err() != nil {
		s.Err = fmt.Errorf("%s: %w", s.At, ctx.Err())
	}
	return s
}

// talk goes as far as the server lets it.
func (l Look) talk(ctx context.Context, s *Server, conn net.Conn) {
	r := bufio.NewReaderSize(conn, 4096)
	s.At = Banner
	if s.Banner, s.Err = ReadReply(r); s.Err != nil {
		return
	}
	if !s.Banner.positive() {
		s.Err = fmt.Errorf("the server refuses: %s", s.Banner)
		return
	}
	s.At = Hello
	if s.Hello, s.Err = say(conn, r, "EHLO "+l.name()); s.Err != nil {
		return
	}
	switch {
	case s.Hello.positive():
		s.Extensions = extensions(s.Hello)
	case s.Hello.Code == 421 || s.Hello.transient():
		s.Err = fmt.Errorf("the server refuses EHLO: %s", s.Hello)
		return
	default: // a server older than extensions has none (RFC 5321 section 3.2)
		helo, err := say(conn, r, "HELO "+l.name())
		if err != nil || !helo.positive() {
			s.Err = fmt.Errorf("the server refuses EHLO: %s", s.Hello)
			return
		}
	}
	if !s.Offers("STARTTLS") {
		s.At = Offer
		quit(conn)
		return
	}
	s.At = Upgrade
	if s.StartTLS, s.Err = say(conn, r, "STARTTLS"); s.Err != nil {
		return
	}
	if s.StartTLS.Code != 220 {
		s.Err = fmt.Errorf("the server offers STARTTLS and refuses it: %s", s.StartTLS)
		return
	}
	if s.Early = r.Buffered() > 0; s.Early {
		s.Err = errors.New("the server sent more behind its reply to STARTTLS")
		return
	}
	l.secure(ctx, s, conn)
}

func (l Look) name() string {
	if l.Name == "" {
		return "launchready.invalid"
	}
	return l.Name
}

// say sends a command and reads the reply.
func say(conn net.Conn, r *bufio.Reader, command string) (Reply, error) {
	if _, err := io.WriteString(conn, command+"\r\n"); err != nil {
		return Reply{}, err
	}
	return ReadReply(r)
}

// quit is good manners; its reply is nobody's.
func quit(w io.Writer) { _, _ = io.WriteString(w, "QUIT\r\n") }

// secure makes the handshake, taking what the server has, and judges the
// certificate afterwards: senders that do not verify see it too.
func (l Look) secure(ctx context.Context, s *Server, conn net.Conn) {
	s.At = Handshake
	c := tls.Client(conn, &tls.Config{
		ServerName: s.Host, MinVersion: tls.VersionTLS10, CipherSuites: suites(),
		InsecureSkipVerify: true, //nolint:gosec // verified below, so that a bad certificate can be told
	})
	if s.Err = c.HandshakeContext(ctx); s.Err != nil {
		return
	}
	state := c.ConnectionState()
	s.TLS, s.At = &state, Ended
	s.Trust = l.trust(s.Host, state.PeerCertificates)
	quit(c)
}

// suites are all that can be spoken: what is old is to be seen.
func suites() []uint16 {
	var out []uint16
	for _, s := range tls.CipherSuites() {
		out = append(out, s.ID)
	}
	for _, s := range tls.InsecureCipherSuites() {
		out = append(out, s.ID)
	}
	return out
}

// trust verifies a chain for a host, as a sender under MTA-STS does (RFC 8461
// section 4.2).
func (l Look) trust(host string, chain []*x509.Certificate) error {
	if len(chain) == 0 {
		return errors.New("the server shows no certificate")
	}
	o := x509.VerifyOptions{DNSName: strings.TrimSuffix(host, "."), Roots: l.Roots, Intermediates: x509.NewCertPool()}
	if l.Now != nil {
		o.CurrentTime = l.Now()
	}
	for _, c := range chain[1:] {
		o.Intermediates.AddCert(c)
	}
	_, err := chain[0].Verify(o)
	return err
}
