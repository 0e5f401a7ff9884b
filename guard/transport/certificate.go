package transport

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/caddyserver/certmagic"
	"go.uber.org/zap"
)

// Files is a certificate that somebody else renews: it is read again when its file
// changes, and one that cannot be read changes nothing.
type Files struct {
	Certificate, Key string

	mu     sync.Mutex
	now    *tls.Certificate
	looked time.Time
	of     time.Time
}

// Until is when the certificate ends; zero: it was not read.
func (f *Files) Until() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.now == nil || f.now.Leaf == nil {
		return time.Time{}
	}
	return f.now.Leaf.NotAfter
}

// every is how often the file is looked at.
const every = 10 * time.Second

// Load reads it for the first time.
func (f *Files) Load() error {
	_, err := f.get(time.Now())
	return err
}

// Get serves tls.Config.
func (f *Files) Get(*tls.ClientHelloInfo) (*tls.Certificate, error) { return f.get(time.Now()) }

func (f *Files) get(now time.Time) (*tls.Certificate, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.now != nil && now.Sub(f.looked) < every {
		return f.now, nil
	}
	f.looked = now
	info, err := os.Stat(f.Certificate)
	if err == nil && f.now != nil && info.ModTime().Equal(f.of) {
		return f.now, nil
	}
	if err == nil {
		var c tls.Certificate
		if c, err = tls.LoadX509KeyPair(f.Certificate, f.Key); err == nil {
			f.now, f.of = &c, info.ModTime()
			return f.now, nil
		}
	}
	if f.now != nil {
		return f.now, nil
	}
	return nil, fmt.Errorf("read the certificate: %w", err)
}

// Base is what every configuration shares: TLS 1.2 at least, HTTP/2 where it is spoken.
func Base() *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}}
}

// Require asks every caller for a certificate of these authorities: a lock for the
// proxy that has one (as Authenticated Origin Pulls).
func Require(c *tls.Config, authorities []byte) error {
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(authorities) {
		return errors.New("the file has no certificate of an authority")
	}
	c.ClientCAs, c.ClientAuth = pool, tls.RequireAndVerifyClientCert
	return nil
}

// ACME gets certificates for hosts and renews them.
type ACME struct {
	Hosts     []string
	Email     string
	Folder    string // where keys and certificates are kept
	Directory string // "": Let's Encrypt
	Roots     []byte // of the authority's own server; nil: the system's
	HTTPPort  int    // where challenges of HTTP-01 arrive; 0: 80
	TLSPort   int    // and of TLS-ALPN-01; 0: 443

	// Zone takes the records of DNS-01, which is then the only challenge; nil: HTTP-01
	// and TLS-ALPN-01. Wildcards, and several replicas, need it.
	Zone        Zone
	Resolvers   []string      // that must see a record before the authority is told; none: the zone's own servers
	Propagation time.Duration // how long that may take; 0: 2 minutes

	Every time.Duration // between two looks at what is to be renewed; 0: 10 minutes
	Early float64       // of a certificate's life, what is left when it is renewed; 0: a third
	Log   *slog.Logger  // nil: silent

	magic *certmagic.Config
	acme  *certmagic.ACMEIssuer
	cache *certmagic.Cache
}

// Start asks for what is missing, in the background; until it is there, handshakes
// fail.
func (a *ACME) Start(ctx context.Context) error {
	if a.Log == nil {
		a.Log = slog.New(slog.DiscardHandler)
	}
	a.cache = certmagic.NewCache(certmagic.CacheOptions{Logger: zap.NewNop(), RenewCheckInterval: a.Every, GetConfigForCert: func(certmagic.Certificate) (*certmagic.Config, error) { return a.magic, nil }})
	a.magic = certmagic.New(a.cache, certmagic.Config{Storage: &certmagic.FileStorage{Path: a.Folder}, Logger: zap.NewNop(), RenewalWindowRatio: a.Early, OnEvent: a.event})
	t := certmagic.ACMEIssuer{CA: a.Directory, Email: a.Email, Agreed: true, Logger: zap.NewNop(), AltHTTPPort: a.HTTPPort, AltTLSALPNPort: a.TLSPort}
	if t.CA == "" {
		t.CA = certmagic.LetsEncryptProductionCA
	}
	if a.Roots != nil {
		t.TrustedRoots = x509.NewCertPool()
		if !t.TrustedRoots.AppendCertsFromPEM(a.Roots) {
			return errors.New("the roots are no certificates")
		}
	}
	if a.Zone != nil {
		t.DNS01Solver = &certmagic.DNS01Solver{DNSManager: certmagic.DNSManager{DNSProvider: a.Zone, TTL: challengeTTL, Resolvers: a.Resolvers, PropagationTimeout: a.Propagation}}
	}
	a.acme = certmagic.NewACMEIssuer(a.magic, t)
	a.magic.Issuers = []certmagic.Issuer{a.acme}
	if err := a.magic.ManageAsync(ctx, a.Hosts); err != nil {
		return fmt.Errorf("manage certificates: %w", err)
	}
	return nil
}

// event tells what operators must know of: a certificate that cannot be had is served
// until it ends, and then nothing is.
func (a *ACME) event(_ context.Context, what string, data map[string]any) error {
	host, _ := data["identifier"].(string)
	renewal, _ := data["renewal"].(bool)
	switch what {
	case "cert_obtained":
		a.Log.Info("certificate obtained", "kind", "audit", "host", host, "renewal", renewal)
	case "cert_failed":
		err, _ := data["error"].(error)
		a.Log.Error("certificate not obtained: it is tried again", "kind", "audit", "host", host, "renewal", renewal, "error", fmt.Sprint(err))
	}
	return nil
}

// Until is when the first of the certificates ends; zero: one is missing.
func (a *ACME) Until() time.Time {
	var first time.Time
	if a.cache == nil {
		return first
	}
	for _, h := range a.Hosts {
		var last time.Time
		for _, c := range a.cache.AllMatchingCertificates(h) {
			if c.Leaf != nil && c.Leaf.NotAfter.After(last) {
				last = c.Leaf.NotAfter
			}
		}
		if last.IsZero() {
			return last
		}
		if first.IsZero() || last.Before(first) {
			first = last
		}
	}
	return first
}

// Get serves tls.Config, and answers TLS-ALPN-01.
func (a *ACME) Get(h *tls.ClientHelloInfo) (*tls.Certificate, error) {
	return a.magic.GetCertificate(h)
}

// Protocol is what challenges negotiate (RFC 8737).
const Protocol = "acme-tls/1"

// Challenges answers HTTP-01 before the handler.
func (a *ACME) Challenges(h http.Handler) http.Handler { return a.acme.HTTPChallengeHandler(h) }

// Stop ends the renewals.
func (a *ACME) Stop() {
	if a.cache != nil {
		a.cache.Stop()
	}
}
