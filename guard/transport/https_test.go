package transport_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/launchready/launchready/guard"
	"github.com/launchready/launchready/guard/transport"
)

func selfSigned(t testing.TB, name string) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

func pemOf(t *testing.T, c tls.Certificate) (cert, key []byte) {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(c.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Certificate[0]}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

func client(own *tls.Certificate, protos ...string) *http.Client {
	c := &tls.Config{InsecureSkipVerify: true, NextProtos: protos}
	if own != nil {
		c.Certificates = []tls.Certificate{*own}
	}
	tr := &http.Transport{TLSClientConfig: c, DisableKeepAlives: true, ForceAttemptHTTP2: len(protos) > 0 && protos[0] == "h2"}
	return &http.Client{Transport: tr, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// TestTLS: both versions are served, and the application is told of TLS.
func TestTLS(t *testing.T) {
	dir := t.TempDir()
	cert, key := pemOf(t, selfSigned(t, "api.test"))
	files := &transport.Files{Certificate: filepath.Join(dir, "cert.pem"), Key: filepath.Join(dir, "key.pem")}
	if err := files.Load(); err == nil {
		t.Error("a certificate that is not there is read")
	}
	files = &transport.Files{Certificate: files.Certificate, Key: files.Key}
	for name, b := range map[string][]byte{files.Certificate: cert, files.Key: key} {
		if err := os.WriteFile(name, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c := transport.Base()
	c.GetCertificate = files.Get
	f := newFront(t, c)
	for proto, want := range map[string]string{"http/1.1": "HTTP/1.1", "h2": "HTTP/2.0"} {
		res, err := client(nil, proto).Get("https://" + f.address + "/a")
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if seen, _ := f.seen.Load().(string); res.Proto != want || res.StatusCode != 200 || !strings.Contains(seen, "[https]") {
			t.Errorf("%s: %s %d, the application saw %s", proto, res.Proto, res.StatusCode, seen)
		}
	}
	old := &tls.Config{InsecureSkipVerify: true, MaxVersion: tls.VersionTLS11, MinVersion: tls.VersionTLS10}
	if conn, err := tls.Dial("tcp", f.address, old); err == nil {
		_ = conn.Close()
		t.Error("TLS 1.1 is spoken")
	}
}

// TestClientCertificate: only who has one of the authority's is let in.
func TestClientCertificate(t *testing.T) {
	proxy, other := selfSigned(t, "proxy.test"), selfSigned(t, "other.test")
	c := transport.Base()
	c.Certificates = []tls.Certificate{selfSigned(t, "api.test")}
	ca, _ := pemOf(t, proxy)
	if err := transport.Require(c, []byte("none")); err == nil {
		t.Error("no authority is taken for one")
	}
	if err := transport.Require(c, ca); err != nil {
		t.Fatal(err)
	}
	f := newFront(t, c)
	for name, x := range map[string]struct {
		own  *tls.Certificate
		want bool
	}{"proxy": {&proxy, true}, "other": {&other, false}, "none": {nil, false}} {
		res, err := client(x.own).Get("https://" + f.address + "/a")
		if err == nil {
			_ = res.Body.Close()
		}
		if (err == nil) != x.want {
			t.Errorf("%s: %v", name, err)
		}
	}
	if f.reached.Load() != 1 {
		t.Errorf("the application was asked %d times", f.reached.Load())
	}
}

func TestLock(t *testing.T) {
	f := newFront(t, nil, transport.NewLock("X-Origin-Lock", [][]byte{[]byte("the first secret"), []byte("the second secret")}))
	for name, x := range map[string]struct {
		says []string
		want int
	}{"first": {[]string{"the first secret"}, 200}, "second": {[]string{"the second secret"}, 200}, "none": {nil, 403}, "wrong": {[]string{"the third secret"}, 403}, "empty": {[]string{""}, 403}, "two": {[]string{"the first secret", "x"}, 403}} {
		r, err := http.NewRequestWithContext(t.Context(), "GET", "http://"+f.address+"/a", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		r.Header["X-Origin-Lock"] = x.says
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		b, _ := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if res.StatusCode != x.want || strings.Contains(string(b), "secret") {
			t.Errorf("%s: %d %s", name, res.StatusCode, b)
		}
	}
}

func TestHTTPS(t *testing.T) {
	h := transport.HTTPS{Redirect: true, HSTS: transport.HSTS(8760*time.Hour, true, false)}
	for name, x := range map[string]struct {
		method, target string
		secure         bool
		want           int
		location       string
	}{
		"page":    {"GET", "http://api.test/a?b=%2F", false, 308, "https://api.test/a?b=%2F"},
		"port":    {"HEAD", "http://api.test:80/a", false, 308, "https://api.test/a"},
		"write":   {"POST", "http://api.test/a", false, 403, ""},
		"over it": {"POST", "http://api.test/a", true, 0, ""},
	} {
		exchange := &guard.Exchange{Request: httptest.NewRequest(x.method, x.target, nil), Secure: x.secure}
		d := h.Gate(exchange)
		if (d == nil) != (x.want == 0) || d != nil && (d.Status != x.want || d.Header.Get("Location") != x.location) {
			t.Errorf("%s: %+v", name, d)
		}
		set := http.Header{}
		if h.Dress(exchange, set); (set.Get("Strict-Transport-Security") == "max-age=31536000; includeSubDomains") != x.secure {
			t.Errorf("%s: %v", name, set)
		}
	}
}

func TestPlain(t *testing.T) {
	h := transport.Plain([]string{"api.test"})
	for name, x := range map[string]struct {
		method, target, host string
		want                 int
		location             string
	}{
		"right":       {"GET", "/a?b=c", "API.test:80", 308, "https://api.test/a?b=c"},
		"stranger":    {"GET", "/a", "evil.test", 421, ""},
		"write":       {"POST", "/a", "api.test", 403, ""},
		"two slashes": {"GET", "//evil.test/a", "api.test", 308, "https://api.test//evil.test/a"},
	} {
		r := httptest.NewRequest(x.method, x.target, nil)
		r.Host = x.host
		if strings.HasPrefix(x.target, "//") {
			r.URL.Host, r.URL.Path, r.RequestURI = "", x.target, x.target
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != x.want || w.Header().Get("Location") != x.location {
			t.Errorf("%s: %d %s", name, w.Code, w.Header().Get("Location"))
		}
	}
}

func TestCloudflare(t *testing.T) {
	for _, p := range transport.Cloudflare() {
		if p != p.Masked() || p.Bits() < 12 {
			t.Errorf("%s is no network of theirs", p)
		}
	}
}

func BenchmarkFraming(b *testing.B) {
	text := []byte("POST /v1/chat HTTP/1.1\r\nHost: api.test\r\nUser-Agent: " + strings.Repeat("u", 80) + "\r\nAuthorization: Bearer " + strings.Repeat("t", 700) + "\r\nContent-Type: application/json\r\nContent-Length: 1024\r\n\r\n" + strings.Repeat("a", 1024))
	b.ReportAllocs()
	for b.Loop() {
		if transport.Feed(text) != nil {
			b.Fatal("refused")
		}
	}
}

// TestSilentHandshakes: who opens connections and never greets keeps nobody waiting.
func TestSilentHandshakes(t *testing.T) {
	const many = 1100
	if transport.Room(2*many) < 2*many {
		t.Skipf("there are descriptors for %d connections only", transport.Room(2*many))
	}
	c := transport.Base()
	c.Certificates = []tls.Certificate{selfSigned(t, "api.test")}
	f := newFront(t, c)
	for range many {
		silent, err := net.Dial("tcp", f.address)
		if err != nil {
			t.Fatal(err)
		}
		defer silent.Close()
	}
	ask := client(nil)
	ask.Timeout = 8 * time.Second // less than a handshake may take
	res, err := ask.Get("https://" + f.address + "/a")
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
}
