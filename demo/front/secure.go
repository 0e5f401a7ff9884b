package front

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/launchready/launchready/demo/authority"
	"github.com/launchready/launchready/demo/relic"
)

// errNoName is a name that has no server block of its own.
var errNoName = errors.New("no certificate for this name")

// settings are those of the name that a client asks for.
func (s *Server) settings(h *tls.ClientHelloInfo) (*tls.Config, error) {
	label := s.label(h.ServerName)
	if label == "old" && s.o.Flaws("https/encrypted") {
		return nil, errNoName
	}
	if !slices.Contains(s.o.Names, label) && label != "" {
		label = nowhere // the default block
	}
	cert, err := s.certificate(label)
	if err != nil {
		return nil, err
	}
	c := &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}
	switch {
	case label == "www" && s.o.Flaws("https/tls-versions"):
		c.MinVersion = tls.VersionTLS10
	case label == "app" && s.o.Flaws("https/tls-fallback"):
		c.MinVersion = tls.VersionTLS11
	case label == "blog" && s.o.Flaws("https/tls-1-3"):
		c.MaxVersion = tls.VersionTLS12
	case label == "go" && s.o.Flaws("https/tls-post-quantum"):
		c.CurvePreferences = []tls.CurveID{tls.X25519, tls.CurveP256}
	}
	return c, nil
}

// nowhere is the block for names that nobody has.
const nowhere = "*"

// certificate is the one of a name, issued when it is first asked for.
func (s *Server) certificate(label string) (tls.Certificate, error) {
	s.mu.Lock()
	one := s.certs[label]
	if one == nil {
		one = &issued{}
		s.certs[label] = one
	}
	s.mu.Unlock()
	one.once.Do(func() { one.cert, one.err = s.o.Authority.Issue(s.kind(label)) })
	return one.cert, one.err
}

// kind is what the certificate of a name is like.
func (s *Server) kind(label string) authority.Kind {
	const day = 24 * time.Hour
	name := s.o.Domain
	if label == nowhere {
		if s.o.Flaws("https/unknown-name") {
			return authority.Kind{Names: []string{"build-3.internal", s.o.Domain}}
		}
		return authority.Kind{Names: []string{"www." + s.o.Domain, s.o.Domain}}
	}
	if label != "" {
		name = label + "." + s.o.Domain
	}
	k := authority.Kind{Names: []string{name}}
	on := func(at, id string) bool { return label == at && s.o.Flaws("https/"+id) }
	switch {
	case label == "labs" && !s.o.Flaws("https/certificate-name"):
		k.Life = 6 * day // the trap: it lives six days, and is renewed every three
	case on("labs", "certificate-name"):
		k.Names = []string{"harbor-labs.test"}
	case on("blog", "certificate-trust"):
		k.Stranger = true
	case on("files", "certificate-expiry"):
		k.Age = 91 * day
	case on("eu", "certificate-chain"):
		k.Bare = true
	case on("sso", "certificate-lifetime"):
		k.Life = 398 * day
	case on("go", "certificate-key"):
		k.RSA = 1024
	case on("shop", "certificate-signature"):
		k.RSA, k.Hash = 2048, x509.SHA1WithRSA
	case on("media", "certificate-transparency"):
		k.Unlogged = true
	case on("partners", "certificate-staple"):
		k.Staple = true
	case on("help", "certificate-wildcard"):
		k.Names = append(k.Names, "*."+s.o.Domain)
	case on("www", "certificate-internal-name"):
		k.Names = append(k.Names, "web-1.internal")
	}
	return k
}

// old is what the name's server takes of hellos that no library speaks any more.
func (s *Server) old(host string) relic.Options {
	label := s.label(host)
	on := func(at, id string) bool { return label == at && s.o.Flaws("https/"+id) }
	o := relic.Options{}
	switch {
	case on("labs", "tls-ciphers"):
		o.Suites = []uint16{0x0005, 0x0002} // RC4, NULL
	case on("eu", "tls-forward-secrecy"):
		o.Suites = []uint16{0x009c, 0x002f}
	case on("sso", "tls-groups"):
		o.Suites, o.Prime = []uint16{0x009e}, 1024
	case on("shop", "tls-signature"):
		o.Suites, o.Signature, o.OldSigner = []uint16{0xc02b}, 0x0203, true
	case on("media", "tls-compression"):
		o.Suites, o.Deflate = []uint16{0xc02b}, true
	case on("partners", "tls-renegotiation"):
		o.Suites, o.Unsecured = []uint16{0xc02b}, true
	case on("files", "tls-master-secret"):
		o.Suites, o.Unbound = []uint16{0xc02b}, true
	case on("go", "tls-order"):
		o.Suites, o.Follows = []uint16{0xc02b, 0xc009}, true
	case on("app", "tls-fallback"):
		o.Suites, o.Oldest, o.Fallback = []uint16{0xc009}, 0x0302, true
	default:
		return o
	}
	if cert, err := s.certificate(label); err == nil {
		o.Chain = cert.Certificate
	}
	return o
}

// strangerAt is the address of a machine that was deleted, and whose next owner has
// it now.
const strangerAt = "127.0.0.9"

// stranger serves what that owner does, on the port that stands for TLS.
func (s *Server) stranger() error {
	l, err := net.Listen("tcp", net.JoinHostPort(strangerAt, strconv.Itoa(s.Secure)))
	if err != nil {
		return err
	}
	cert, err := s.o.Authority.Issue(authority.Kind{Names: []string{"shop.tailor.test", "tailor.test"}})
	if err != nil {
		return errors.Join(err, l.Close())
	}
	s.serve(tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}), http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "The tailor's shop\n") // who asked has gone
	}))
	return nil
}
