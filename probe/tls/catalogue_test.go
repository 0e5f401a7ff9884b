package tls_test

import (
	"context"
	"crypto/elliptic"
	gotls "crypto/tls"
	"crypto/x509"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/launchready/launchready/demo/authority"
	"github.com/launchready/launchready/demo/relic"
	"github.com/launchready/launchready/probe/tls"
)

const (
	name = "app.harbor.test"
	day  = 24 * time.Hour
)

// dialer calls the one address, whatever is asked for.
type dialer struct{ net.Dialer }

func (d *dialer) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	return d.DialContext(ctx, network, address)
}

func ca(t *testing.T) *authority.Authority {
	t.Helper()
	a, err := authority.New(time.Now)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// serve speaks TLS on loopback until the test ends.
func serve(t *testing.T, conf *gotls.Config, old relic.Options) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		<-done
	})
	wrapped := relic.Listen(l, old)
	go func() {
		defer close(done)
		for {
			c, err := wrapped.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close() //nolint:errcheck // the client is gone
				_ = c.SetDeadline(time.Now().Add(10 * time.Second))
				tc := gotls.Server(c, conf)
				if tc.Handshake() == nil {
					_, _ = tc.Read(make([]byte, 1))
				}
			}()
		}
	}()
	return l.Addr().String()
}

// catalogue are the wrong configurations that badssl.com shows, and more, each
// with what must be told of it and nothing else.
var catalogue = []struct {
	name string
	cert authority.Kind
	conf *gotls.Config
	old  relic.Options
	want []tls.Kind
}{
	{name: "right"},
	{name: "right with six days of life", cert: authority.Kind{Life: 6 * day}},
	{name: "right with RSA", cert: authority.Kind{RSA: 2048}},
	{name: "right and not of the web, for a year", cert: authority.Kind{Private: true, Life: 365 * day}},
	{name: "expired", cert: authority.Kind{Age: 91 * day}, want: []tls.Kind{tls.Expired}},
	{name: "not yet valid", cert: authority.Kind{Age: -day}, want: []tls.Kind{tls.NotYet}},
	{name: "not renewed", cert: authority.Kind{Age: 80 * day}, want: []tls.Kind{tls.Expiring}},
	{name: "not renewed, six days", cert: authority.Kind{Life: 6 * day, Age: 6*day - 12*time.Hour}, want: []tls.Kind{tls.Expiring}},
	{name: "wrong host", cert: authority.Kind{Names: []string{"www.harbor.test"}}, want: []tls.Kind{tls.WrongName}},
	{name: "wildcard too deep", cert: authority.Kind{Names: []string{"*.app.harbor.test"}}, want: []tls.Kind{tls.WrongName}},
	{name: "name in the subject alone", cert: authority.Kind{Names: []string{"10.0.0.1"}, Common: name}, want: []tls.Kind{tls.WrongName, tls.InternalName}},
	{name: "self-signed", cert: authority.Kind{Self: true}, want: []tls.Kind{tls.SelfSigned}},
	{name: "untrusted root", cert: authority.Kind{Stranger: true}, want: []tls.Kind{tls.Untrusted}},
	{name: "incomplete chain", cert: authority.Kind{Bare: true}, want: []tls.Kind{tls.Incomplete}},
	{name: "RSA of 1024 bits", cert: authority.Kind{RSA: 1024}, want: []tls.Kind{tls.WeakKey}},
	{name: "curve of 224 bits", cert: authority.Kind{Curve: elliptic.P224()}, want: []tls.Kind{tls.WeakKey}},
	{name: "SHA-1 in the chain", cert: authority.Kind{RSA: 2048, Hash: x509.SHA1WithRSA}, want: []tls.Kind{tls.WeakHash}},
	{name: "too long a life", cert: authority.Kind{Life: 365 * day}, want: []tls.Kind{tls.LongLived}},
	{name: "no log", cert: authority.Kind{Unlogged: true}, want: []tls.Kind{tls.NoTransparency}},
	{name: "one log", cert: authority.Kind{OneLog: true}, want: []tls.Kind{tls.NoTransparency}},
	{name: "staple missing", cert: authority.Kind{Staple: true}, want: []tls.Kind{tls.NoStaple}},
	{name: "internal names", cert: authority.Kind{Names: []string{name, "db.internal"}}, want: []tls.Kind{tls.InternalName}},
	{name: "for clients", cert: authority.Kind{Client: true}, want: []tls.Kind{tls.WrongUse}},
	{name: "an authority's", cert: authority.Kind{Authority: true}, want: []tls.Kind{tls.WrongUse}},

	{name: "SSL 2.0", old: relic.Options{SSL2: true}, want: []tls.Kind{tls.OldSSL}},
	{name: "SSL 3.0", old: relic.Options{SSL3: true}, want: []tls.Kind{tls.OldSSL}},
	{name: "TLS 1.0", conf: &gotls.Config{MinVersion: gotls.VersionTLS10}, want: []tls.Kind{tls.OldTLS}},
	{name: "TLS 1.1", conf: &gotls.Config{MinVersion: gotls.VersionTLS11}, want: []tls.Kind{tls.OldTLS}},
	{name: "TLS 1.0 alone", conf: &gotls.Config{MinVersion: gotls.VersionTLS10, MaxVersion: gotls.VersionTLS10}, want: []tls.Kind{tls.OldTLS, tls.NoTLS12}},
	{name: "TLS 1.2 alone", conf: &gotls.Config{MaxVersion: gotls.VersionTLS12}, want: []tls.Kind{tls.NoTLS13}},
	{name: "NULL", old: relic.Options{Suites: []uint16{0x0002, 0xc010}}, want: []tls.Kind{tls.Null}},
	{name: "anonymous", old: relic.Options{Suites: []uint16{0xa6, 0xc018}}, want: []tls.Kind{tls.Anonymous}},
	{name: "export", old: relic.Options{Suites: []uint16{0x0003, 0x0014}, Prime: 512}, want: []tls.Kind{tls.Export}},
	{name: "RC4", cert: authority.Kind{RSA: 2048}, conf: &gotls.Config{CipherSuites: []uint16{gotls.TLS_ECDHE_RSA_WITH_RC4_128_SHA, gotls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256}}, want: []tls.Kind{tls.RC4}},
	{name: "3DES", cert: authority.Kind{RSA: 2048}, conf: &gotls.Config{CipherSuites: []uint16{gotls.TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA, gotls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256}}, want: []tls.Kind{tls.TripleDES}},
	{name: "the client's order", old: relic.Options{Suites: []uint16{0xc02b, 0xc009}, Follows: true}, want: []tls.Kind{tls.ClientOrder}},
	{name: "CBC behind better", cert: authority.Kind{RSA: 2048}, conf: &gotls.Config{CipherSuites: []uint16{gotls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA, gotls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256}}},
	{name: "DES", old: relic.Options{Suites: []uint16{0x0009}}, want: []tls.Kind{tls.DES}},
	{name: "static RSA", cert: authority.Kind{RSA: 2048}, conf: &gotls.Config{CipherSuites: []uint16{gotls.TLS_RSA_WITH_AES_128_GCM_SHA256, gotls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256}}, want: []tls.Kind{tls.NoForwardSecrecy}},
	{name: "DHE of 480 bits", old: relic.Options{Suites: []uint16{0x9e}, Prime: 480}, want: []tls.Kind{tls.WeakPrime}},
	{name: "DHE of 512 bits", old: relic.Options{Suites: []uint16{0x9e}, Prime: 512}, want: []tls.Kind{tls.WeakPrime}},
	{name: "DHE of 1024 bits", old: relic.Options{Suites: []uint16{0x33}, Prime: 1024}, want: []tls.Kind{tls.WeakPrime, tls.ClientOrder}},
	{name: "DHE of 2048 bits", old: relic.Options{Suites: []uint16{0x9e}, Prime: 2048}},
	{name: "a curve of 160 bits", old: relic.Options{Suites: []uint16{0xc02b}, Group: 16, Only: 16}, want: []tls.Kind{tls.WeakGroup}},
	{name: "compression", old: relic.Options{Suites: []uint16{0xc02b}, Deflate: true}, want: []tls.Kind{tls.Compresses}},
	{name: "renegotiation", old: relic.Options{Suites: []uint16{0xc02b}, Unsecured: true}, want: []tls.Kind{tls.NoRenegotiation}},
	{name: "master secret", old: relic.Options{Suites: []uint16{0xc02b}, Unbound: true}, want: []tls.Kind{tls.NoMasterSecret}},
	{name: "signature with SHA-1", old: relic.Options{Suites: []uint16{0xc02b}, Signature: 0x0203, OldSigner: true}, want: []tls.Kind{tls.OldSignature}},
	{name: "fallback", conf: &gotls.Config{MinVersion: gotls.VersionTLS11}, old: relic.Options{Suites: []uint16{0xc009}, Oldest: 0x0302, Fallback: true}, want: []tls.Kind{tls.OldTLS, tls.NoFallback, tls.ClientOrder}},
	{name: "no hybrid group", conf: &gotls.Config{CurvePreferences: []gotls.CurveID{gotls.X25519, gotls.CurveP256}}, want: []tls.Kind{tls.NoHybrid}},
	{name: "a relic of SSL 3.0 alone", old: relic.Options{SSL3: true, Suites: []uint16{0x0005, 0x0009}, Newest: 0x0300}, conf: &gotls.Config{MinVersion: gotls.VersionTLS13, MaxVersion: gotls.VersionTLS12},
		want: []tls.Kind{tls.OldSSL, tls.NoTLS12, tls.RC4, tls.DES, tls.NoForwardSecrecy, tls.NoRenegotiation, tls.NoMasterSecret}},
}

// TestCatalogue: each wrong configuration is told, by its own name, and nothing
// else is; and what is asked of a right one is all answered.
func TestCatalogue(t *testing.T) {
	a := ca(t)
	bad := 0
	for _, tt := range catalogue {
		if len(tt.want) > 0 {
			bad++
		}
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			kind := tt.cert
			if kind.Names == nil {
				kind.Names = []string{name, "*.tenants.harbor.test"}
			}
			cert, err := a.Issue(kind)
			if err != nil {
				t.Fatal(err)
			}
			conf, old := &gotls.Config{}, tt.old
			if tt.conf != nil {
				conf = tt.conf.Clone()
			}
			conf.Certificates = []gotls.Certificate{cert}
			old.Chain = cert.Certificate
			p := &tls.Prober{Network: &dialer{}, Roots: a.Pool()}
			s := p.Survey(t.Context(), serve(t, conf, old), name)
			if s.Err != nil {
				t.Fatalf("nothing is known: %v", s.Err)
			}
			var got []tls.Kind
			var told []string
			for _, f := range append(s.CertificateFaults(a.Pool(), time.Now()), s.Faults()...) {
				if !slices.Contains(got, f.Kind) {
					got = append(got, f.Kind)
				}
				told = append(told, string(f.Kind)+": "+f.What)
			}
			slices.Sort(got)
			want := slices.Clone(tt.want)
			slices.Sort(want)
			if !slices.Equal(got, want) {
				t.Errorf("got %v, want %v\n%s\ngaps %q", got, want, strings.Join(told, "\n"), s.Gaps)
			}
			if len(s.Gaps) > 0 || !s.Knows(tls.Null) || !s.Knows(tls.NoForwardSecrecy) {
				t.Errorf("open: %q", s.Gaps)
			}
		})
	}
	if bad < 25 {
		t.Errorf("%d wrong configurations, want 25 at least", bad)
	}
}
