package transport_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/letsencrypt/pebble/v2/ca"
	"github.com/letsencrypt/pebble/v2/db"
	"github.com/letsencrypt/pebble/v2/va"
	"github.com/letsencrypt/pebble/v2/wfe"
	"github.com/miekg/dns"

	"github.com/launchready/launchready/guard/transport"
)

// authority issues certificates on loopback, to who answers its challenges at
// ports[0] (HTTP-01), ports[1] (TLS-ALPN-01) or in its name server (DNS-01).
type authority struct {
	directory string
	own       []byte // of its own server
	roots     *x509.CertPool
	ports     [2]net.Listener
	names     *names
}

func newAuthority(t *testing.T, life time.Duration) *authority {
	t.Helper()
	t.Setenv("PEBBLE_VA_NOSLEEP", "1")
	t.Setenv("PEBBLE_WFE_NONCEREJECT", "0")
	t.Setenv("PEBBLE_AUTHZREUSE", "0") // a renewal is challenged as the first was
	a := &authority{names: newNames(t), roots: x509.NewCertPool()}
	port := func(i int) int { return a.ports[i].Addr().(*net.TCPAddr).Port }
	for i := range a.ports {
		a.ports[i] = listen(t)
	}
	quiet := log.New(io.Discard, "", 0)
	store := db.NewMemoryStore()
	issuer := ca.New(quiet, store, "", "ecdsa", 0, 1, map[string]ca.Profile{"default": {Description: "default", ValidityPeriod: uint64(life / time.Second)}})
	front := wfe.New(quiet, store, va.New(quiet, port(0), port(1), true, a.names.address, store), issuer, []string{"pebble.test"}, true, false, 1, 1)
	s := httptest.NewTLSServer(front.Handler())
	t.Cleanup(s.Close)
	a.directory = s.URL + wfe.DirectoryPath
	a.own = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
	if !a.roots.AppendCertsFromPEM(issuer.GetRootCert(0).PEM()) {
		t.Fatal("the authority has no root")
	}
	return a
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

// serve gets certificates for hosts and serves with them. The channel has the log's lines.
func (a *authority) serve(t *testing.T, m *transport.ACME, h http.Handler) <-chan string {
	t.Helper()
	lines := make(lines, 64)
	m.Folder, m.Directory, m.Roots, m.Log = t.TempDir(), a.directory, a.own, slog.New(lines)
	m.HTTPPort, m.TLSPort = a.ports[0].Addr().(*net.TCPAddr).Port, a.ports[1].Addr().(*net.TCPAddr).Port
	if m.Until() != (time.Time{}) {
		t.Error("a certificate is there before any was asked for")
	}
	ctx, end := context.WithCancel(context.Background())
	if err := m.Start(ctx); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { end(); m.Stop() })
	c := transport.Base()
	c.GetCertificate = m.Get
	c.NextProtos = append(c.NextProtos, transport.Protocol)
	for i, s := range []*transport.Server{{Handler: m.Challenges(transport.Plain(m.Hosts))}, {Handler: h, TLS: c}} {
		done := make(chan struct{})
		go func() { defer close(done); _ = s.Serve(a.ports[i]) }()
		t.Cleanup(func() { _ = s.Close(); <-done })
	}
	return lines
}

// hello greets as a caller of the host does, and gives the certificate.
func (a *authority) hello(t *testing.T, host string) (*x509.Certificate, error) {
	t.Helper()
	d := tls.Dialer{NetDialer: &net.Dialer{}, Config: &tls.Config{RootCAs: a.roots, ServerName: host, NextProtos: []string{"h2"}}}
	conn, err := d.DialContext(t.Context(), "tcp", a.ports[1].Addr().String())
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	return conn.(*tls.Conn).ConnectionState().PeerCertificates[0], nil
}

// enough is for a machine that is so busy that a challenge failed: it is tried again
// after a minute.
const enough = 3 * time.Minute

// await waits until a line begins so.
func await(t *testing.T, from <-chan string, want string) string {
	t.Helper()
	late := time.After(enough)
	for {
		select {
		case l := <-from:
			if strings.HasPrefix(l, want) {
				return l
			}
			t.Log(l)
		case <-late:
			t.Fatalf("no line %q", want)
		}
	}
}

// obtained waits until the log tells of certificates of all these names.
func obtained(t *testing.T, from <-chan string, names ...string) {
	t.Helper()
	for len(names) > 0 {
		l := await(t, from, "certificate obtained")
		names = slices.DeleteFunc(names, func(n string) bool { return strings.Contains(l, " host="+n+" ") })
	}
}

// served waits until the host is greeted back: a certificate is told of before it is served.
func (a *authority) served(t *testing.T, host string) *x509.Certificate {
	t.Helper()
	var last error
	for began := time.Now(); time.Since(began) < 30*time.Second; {
		c, err := a.hello(t, host)
		if err == nil {
			return c
		}
		last = err
	}
	t.Fatalf("no certificate for %s: %v", host, last)
	return nil
}

// lines is a log whose lines somebody waits for.
type lines chan string

func (lines) Enabled(context.Context, slog.Level) bool { return true }
func (l lines) WithAttrs([]slog.Attr) slog.Handler     { return l }
func (l lines) WithGroup(string) slog.Handler          { return l }
func (l lines) Handle(_ context.Context, r slog.Record) error {
	s := r.Message
	r.Attrs(func(a slog.Attr) bool { s += " " + a.String(); return true })
	select {
	case l <- s:
	default:
	}
	return nil
}

// names is the name server of acme.test, which takes updates that are signed.
type names struct {
	address string

	mu    sync.Mutex
	texts []*dns.TXT
	saw   []string // names that had a text
}

const (
	updateKey    = "guard.acme.test."
	updateSecret = "c2l4dGVlbiBieXRlcyBvZiBhIGtleSwgYW5kIG1vcmU="
)

func newNames(t *testing.T) *names {
	t.Helper()
	n := &names{}
	var l net.Listener
	var p net.PacketConn
	for range 20 { // until a port is free for both
		l = listen(t)
		n.address = l.Addr().String()
		var err error
		if p, err = (&net.ListenConfig{}).ListenPacket(t.Context(), "udp", n.address); err == nil {
			break
		}
	}
	if p == nil {
		t.Fatal("no port is free for TCP and UDP")
	}
	accept := func(h dns.Header) dns.MsgAcceptAction {
		if h.Bits>>11&0xf == dns.OpcodeUpdate {
			return dns.MsgAccept
		}
		return dns.DefaultMsgAcceptFunc(h)
	}
	for _, s := range []*dns.Server{{Listener: l}, {PacketConn: p}} {
		s.Handler, s.MsgAcceptFunc, s.TsigSecret = n, accept, map[string]string{updateKey: updateSecret}
		up := make(chan struct{})
		s.NotifyStartedFunc = func() { close(up) }
		done := make(chan struct{})
		go func() { defer close(done); _ = s.ActivateAndServe() }()
		<-up
		t.Cleanup(func() { _ = s.Shutdown(); <-done })
	}
	return n
}

// ServeDNS answers for every name, and changes texts of those below acme.test.
func (n *names) ServeDNS(w dns.ResponseWriter, q *dns.Msg) {
	n.mu.Lock()
	defer n.mu.Unlock()
	m := new(dns.Msg).SetReply(q)
	defer func() { _ = w.WriteMsg(m) }()
	at := q.Question[0]
	if q.Opcode == dns.OpcodeUpdate {
		sig := q.IsTsig()
		switch {
		case sig == nil:
			m.Rcode = dns.RcodeRefused
			return
		case w.TsigStatus() != nil:
			m.Rcode = dns.RcodeNotAuth
			return
		case at.Name != "acme.test.":
			m.Rcode = dns.RcodeNotZone
		}
		for _, rr := range q.Ns {
			if x, ok := rr.(*dns.TXT); ok && m.Rcode == dns.RcodeSuccess {
				n.change(x, x.Hdr.Class == dns.ClassINET)
			}
		}
		m.SetTsig(sig.Hdr.Name, sig.Algorithm, 300, time.Now().Unix())
		return
	}
	head := func(kind uint16) dns.RR_Header {
		return dns.RR_Header{Name: at.Name, Rrtype: kind, Class: dns.ClassINET}
	}
	switch at.Qtype {
	case dns.TypeA:
		m.Answer = []dns.RR{&dns.A{Hdr: head(dns.TypeA), A: net.IPv4(127, 0, 0, 1)}}
	case dns.TypeSOA:
		if at.Name == "acme.test." {
			m.Answer = []dns.RR{&dns.SOA{Hdr: head(dns.TypeSOA), Ns: "ns.acme.test.", Mbox: "ops.acme.test."}}
		}
	case dns.TypeTXT:
		for _, x := range n.texts {
			if strings.EqualFold(x.Hdr.Name, at.Name) {
				m.Answer = append(m.Answer, &dns.TXT{Hdr: head(dns.TypeTXT), Txt: x.Txt})
			}
		}
	}
}

func (n *names) change(x *dns.TXT, add bool) {
	n.texts = slices.DeleteFunc(n.texts, func(o *dns.TXT) bool { return o.Hdr.Name == x.Hdr.Name && slices.Equal(o.Txt, x.Txt) })
	if add {
		n.texts, n.saw = append(n.texts, x), append(n.saw, x.Hdr.Name)
	}
}

// left is how many texts there are, and which names had one.
func (n *names) left() (int, []string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return len(n.texts), slices.Compact(slices.Sorted(slices.Values(n.saw)))
}
