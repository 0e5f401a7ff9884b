package transport_test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"

	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/letsencrypt/pebble/v2/ca"
	"github.com/letsencrypt/pebble/v2/db"
	"github.com/letsencrypt/pebble/v2/va"
	"github.com/letsencrypt/pebble/v2/wfe"
	"github.com/miekg/dns"

	"github.com/launchready/launchready/guard/transport"
)

// TestACME gets a certificate of an authority on loopback, which asks guard's own
// ports whether the name is guard's.
func TestACME(t *testing.T) {
	t.Setenv("PEBBLE_VA_NOSLEEP", "1")
	t.Setenv("PEBBLE_WFE_NONCEREJECT", "0")
	resolver, err := net.Listen("tcp", "127.0.0.1:0") // the authority asks over TCP
	if err != nil {
		t.Fatal(err)
	}
	names := &dns.Server{Listener: resolver, Handler: dns.HandlerFunc(func(w dns.ResponseWriter, q *dns.Msg) {
		m := new(dns.Msg).SetReply(q)
		if q.Question[0].Qtype == dns.TypeA {
			m.Answer = []dns.RR{&dns.A{Hdr: dns.RR_Header{Name: q.Question[0].Name, Rrtype: dns.TypeA, Class: dns.ClassINET}, A: net.IPv4(127, 0, 0, 1)}}
		}
		_ = w.WriteMsg(m)
	})}
	go func() { _ = names.ActivateAndServe() }()
	t.Cleanup(func() { _ = names.Shutdown() })

	var ports [2]net.Listener
	for i := range ports {
		if ports[i], err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
			t.Fatal(err)
		}
	}
	port := func(i int) int { return ports[i].Addr().(*net.TCPAddr).Port }
	quiet := log.New(io.Discard, "", 0)
	store := db.NewMemoryStore()
	authority := ca.New(quiet, store, "", "ecdsa", 0, 1, map[string]ca.Profile{"default": {Description: "default"}})
	front := wfe.New(quiet, store, va.New(quiet, port(0), port(1), true, resolver.Addr().String(), store), authority, []string{"pebble.test"}, true, false, 1, 1)
	acme := httptest.NewTLSServer(front.Handler())
	t.Cleanup(acme.Close)

	a := &transport.ACME{Hosts: []string{"api.acme.test"}, Email: "ops@acme.test", Folder: t.TempDir(), Directory: acme.URL + wfe.DirectoryPath,
		Roots: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: acme.Certificate().Raw}), HTTPPort: port(0), TLSPort: port(1)}
	if err := a.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.Stop)
	c := transport.Base()
	c.GetCertificate = a.Get
	c.NextProtos = append(c.NextProtos, transport.Protocol)
	for i, s := range []*transport.Server{{Handler: a.Challenges(transport.Plain(a.Hosts))}, {Handler: http.NotFoundHandler(), TLS: c}} {
		done := make(chan struct{})
		go func() { defer close(done); _ = s.Serve(ports[i]) }()
		t.Cleanup(func() { _ = s.Close(); <-done })
	}
	roots := x509.NewCertPool()
	block, _ := pem.Decode(authority.GetRootCert(0).PEM())
	root, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	roots.AddCert(root)
	var last error
	for began := time.Now(); time.Since(began) < 30*time.Second; {
		d := tls.Dialer{NetDialer: &net.Dialer{}, Config: &tls.Config{RootCAs: roots, ServerName: "api.acme.test", NextProtos: []string{"h2"}}}
		conn, err := d.DialContext(t.Context(), "tcp", ports[1].Addr().String())
		if last = err; err == nil {
			_ = conn.Close()
			break
		}
	}
	if last != nil {
		t.Fatalf("no certificate: %v", last)
	}
	if _, err := tls.Dial("tcp", ports[1].Addr().String(), &tls.Config{RootCAs: roots, ServerName: "other.test"}); err == nil || strings.Contains(err.Error(), "refused") {
		t.Errorf("a name that is not guard's: %v", err)
	}
}
