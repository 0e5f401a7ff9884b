package smtp

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/launchready/launchready/demo/authority"
)

// to calls one address whatever it is asked for.
type to string

func (a to) Dial(ctx context.Context, network, _ string) (net.Conn, error) {
	var d net.Dialer
	return d.DialContext(ctx, network, string(a))
}

type nobody struct{}

func (nobody) NewSession(*smtp.Conn) (smtp.Session, error) { return nobody{}, nil }
func (nobody) Mail(string, *smtp.MailOptions) error        { return errors.New("no mail here") }
func (nobody) Rcpt(string, *smtp.RcptOptions) error        { return errors.New("no mail here") }
func (nobody) Data(io.Reader) error                        { return errors.New("no mail here") }
func (nobody) Reset()                                      {}
func (nobody) Logout() error                               { return nil }

// mx serves by the library, with a certificate of the authority or without.
func mx(t *testing.T, a *authority.Authority, with func(*smtp.Server, *tls.Config)) to {
	t.Helper()
	s := smtp.NewServer(nobody{})
	s.Domain = "mx1.harbor.test"
	c, err := a.Issue(authority.Kind{Names: []string{"mx1.harbor.test"}})
	if err != nil {
		t.Fatal(err)
	}
	s.TLSConfig = &tls.Config{Certificates: []tls.Certificate{c}, MinVersion: tls.VersionTLS10}
	if with != nil {
		with(s, s.TLSConfig)
	}
	l := listen(t)
	go func() { _ = s.Serve(l) }()
	t.Cleanup(func() { _ = s.Close() })
	return to(l.Addr().String())
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

func TestLook(t *testing.T) {
	a, err := authority.New(time.Now)
	if err != nil {
		t.Fatal(err)
	}
	issue := func(w authority.Kind) func(*smtp.Server, *tls.Config) {
		return func(_ *smtp.Server, c *tls.Config) {
			cert, err := a.Issue(w)
			if err != nil {
				t.Fatal(err)
			}
			c.Certificates = []tls.Certificate{cert}
		}
	}
	var unknown x509.UnknownAuthorityError
	var host x509.HostnameError
	for _, tc := range []struct {
		name    string
		with    func(*smtp.Server, *tls.Config)
		at      Step
		version uint16
		trust   func(error) bool
	}{
		{"good", nil, Ended, tls.VersionTLS13, func(err error) bool { return err == nil }},
		{"no STARTTLS", func(s *smtp.Server, _ *tls.Config) { s.TLSConfig = nil }, Offer, 0, nil},
		{"another name", issue(authority.Kind{Names: []string{"old.harbor.test"}}), Ended, tls.VersionTLS13, func(err error) bool { return errors.As(err, &host) }},
		{"signed by itself", issue(authority.Kind{Names: []string{"mx1.harbor.test"}, Self: true}), Ended, tls.VersionTLS13, func(err error) bool { return errors.As(err, &unknown) }},
		{"expired", issue(authority.Kind{Names: []string{"mx1.harbor.test"}, Age: 100 * 24 * time.Hour}), Ended, tls.VersionTLS13,
			func(err error) bool { return strings.Contains(err.Error(), "expired") }},
		{"TLS 1.2 alone", func(_ *smtp.Server, c *tls.Config) { c.MaxVersion = tls.VersionTLS12 }, Ended, tls.VersionTLS12, func(err error) bool { return err == nil }},
		{"TLS 1.0 alone", func(_ *smtp.Server, c *tls.Config) { c.MaxVersion = tls.VersionTLS10 }, Ended, tls.VersionTLS10, func(err error) bool { return err == nil }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := Look{Dialer: mx(t, a, tc.with), Roots: a.Pool()}.At(t.Context(), "mx1.harbor.test")
			if s.Err != nil || s.At != tc.at {
				t.Fatalf("ended at %s: %v, want %s", s.At, s.Err, tc.at)
			}
			if (s.TLS == nil) != (tc.version == 0) || s.TLS != nil && s.TLS.Version != tc.version {
				t.Errorf("TLS is %+v, want version %x", s.TLS, tc.version)
			}
			if tc.trust != nil && !tc.trust(s.Trust) {
				t.Errorf("trust is %v", s.Trust)
			}
			if !strings.Contains(s.Banner.String(), "mx1.harbor.test") || !s.Offers("PIPELINING") {
				t.Errorf("banner %s, offers %v", s.Banner, s.Extensions)
			}
		})
	}
}

// TestHostile meets servers that are none: each look ends in time, says at which
// step, and proves nothing of TLS but where the server itself says so.
func TestHostile(t *testing.T) {
	const hello = "220 mx ESMTP\r\n"
	const offer = "250-mx\r\n250 STARTTLS\r\n"
	for _, tc := range []struct {
		name   string
		serve  func(c net.Conn)
		at     Step
		broken bool // by the server's own word
		says   string
	}{
		{"closes at once", func(net.Conn) {}, Banner, false, "EOF"},
		{"stalls", stall, Banner, false, "deadline"},
		{"drips", drip, Banner, false, "deadline"},
		{"garbage", send("\x00\xff\x16\x03\n"), Banner, false, "not an SMTP reply"},
		{"a header of 1 MB", send(strings.Repeat("A", 1<<20)), Banner, false, "longer than"},
		{"lines of 1 MB", send(strings.Repeat("220-A\r\n", 150_000)), Banner, false, "more than"},
		{"refuses for now", send("421 busy\r\n"), Banner, false, "421 busy"},
		{"refuses us", send("554 no\r\n"), Banner, false, "554 no"},
		{"closes after the banner", send(hello), Hello, false, "EOF"},
		{"greylists EHLO", send(hello, "450 later\r\n"), Hello, false, "450 later"},
		{"refuses EHLO and HELO", send(hello, "550 no\r\n", "550 no\r\n"), Hello, false, "550 no"},
		{"knows HELO alone", send(hello, "502 what\r\n", "250 mx\r\n"), Offer, false, ""},
		{"refuses STARTTLS", send(hello, offer, "502 no\r\n"), Upgrade, true, "502 no"},
		{"refuses STARTTLS for now", send(hello, offer, "454 later\r\n"), Upgrade, false, "454 later"},
		{"more behind STARTTLS", send(hello, offer, "220 go\r\n250 injected\r\n"), Upgrade, false, "sent more"},
		{"closes in the handshake", send(hello, offer, "220 go\r\n"), Handshake, false, ""},
		{"no TLS", send(hello, offer, "220 go\r\n", "500 what is that?\r\n"), Handshake, true, ""},
		{"an alert", send(hello, offer, "220 go\r\n", "\x15\x03\x01\x00\x02\x02\x28"), Handshake, true, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			l := listen(t)
			go func() {
				c, err := l.Accept()
				if err != nil {
					return
				}
				defer c.Close()
				tc.serve(c)
			}()
			s := Look{Dialer: to(l.Addr().String()), Timeout: 700 * time.Millisecond}.At(t.Context(), "mx1.harbor.test")
			if s.At != tc.at || s.BrokenTLS() != tc.broken {
				t.Errorf("ended at %s, broken %v, want %s and %v: %v", s.At, s.BrokenTLS(), tc.at, tc.broken, s.Err)
			}
			if (s.Err != nil) != (tc.at != Offer) || s.Err != nil && !strings.Contains(s.Err.Error(), tc.says) {
				t.Errorf("the error is %v, want %q", s.Err, tc.says)
			}
			if s.TLS != nil {
				t.Error("there is TLS")
			}
		})
	}
}

// send says each text, and waits for a line (or a ClientHello) in between.
func send(texts ...string) func(net.Conn) {
	return func(c net.Conn) {
		buf := make([]byte, 4096)
		for i, s := range texts {
			if i > 0 {
				if _, err := c.Read(buf); err != nil {
					return
				}
			}
			_, _ = io.WriteString(c, s)
		}
		_ = c.(*net.TCPConn).CloseWrite()
		_, _ = io.Copy(io.Discard, c) // a close with bytes unread would be a reset
	}
}

func stall(c net.Conn) { _, _ = io.Copy(io.Discard, c) }

// drip sends a byte now and then, for ever.
func drip(c net.Conn) {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for range tick.C {
		if _, err := io.WriteString(c, "2"); err != nil {
			return
		}
	}
}

func TestDialFails(t *testing.T) {
	l := listen(t)
	_ = l.Close()
	s := Look{Dialer: to(l.Addr().String())}.At(t.Context(), "mx1.harbor.test")
	if s.At != Connect || s.Err == nil || s.Refused() || s.BrokenTLS() {
		t.Errorf("got %+v", s)
	}
}

func TestCancelled(t *testing.T) {
	l := listen(t)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		c, err := l.Accept()
		if err == nil {
			defer c.Close()
			cancel()
			stall(c)
		}
	}()
	s := Look{Dialer: to(l.Addr().String())}.At(ctx, "mx1.harbor.test")
	if !errors.Is(s.Err, context.Canceled) {
		t.Errorf("the error is %v", s.Err)
	}
}
