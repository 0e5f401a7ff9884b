package mtasts_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/launchready/launchready/mail"
	"github.com/launchready/launchready/mail/dnstest"
	"github.com/launchready/launchready/mail/mtasts"
)

func TestParseRecord(t *testing.T) {
	for _, c := range []struct {
		name, txt, id string
		at            []int
	}{
		{name: "the example of section 3.1", txt: "v=STSv1; id=20160831085700Z;", id: "20160831085700Z"},
		{name: "no last semicolon", txt: "v=STSv1;id=1", id: "1"},
		{name: "extensions", txt: "v=STSv1; a.b-c_1=x; id=1; y=z ;", id: "1"},
		{name: "32 characters", txt: "v=STSv1; id=" + strings.Repeat("a", 32), id: strings.Repeat("a", 32)},
		{name: "33 characters", txt: "v=STSv1; id=" + strings.Repeat("a", 33), at: []int{9}},
		{name: "a hyphen in id", txt: "v=STSv1; id=2016-08-31", at: []int{9}},
		{name: "no id", txt: "v=STSv1;", at: []int{0}},
		{name: "an empty id", txt: "v=STSv1; id=;", at: []int{9}},
		{name: "id twice", txt: "v=STSv1; id=1; id=2", id: "1", at: []int{15}},
		{name: "another case", txt: "v=stsv1; id=1", at: []int{0}},
		{name: "no semicolon", txt: "v=STSv1 id=1", at: []int{0}},
		{name: "spaces around the equals sign", txt: "v=STSv1; id = 1", at: []int{9}},
		{name: "an equals sign in a value", txt: "v=STSv1; x=a=b; id=1", id: "1", at: []int{9}},
		{name: "nothing between", txt: "v=STSv1;; id=1", id: "1", at: []int{8}},
		{name: "a byte", txt: "v=STSv1; x=\xff; id=1", id: "1", at: []int{9}},
	} {
		r := mtasts.ParseRecord(c.txt)
		var got []int
		for _, p := range r.Problems {
			got = append(got, p.At)
		}
		if r.ID != c.id || fmt.Sprint(got) != fmt.Sprint(c.at) || r.Valid() != (c.at == nil) {
			t.Errorf("%s: %+v, want id %q and problems at %v", c.name, r, c.id, c.at)
		}
	}
}

func TestAsk(t *testing.T) {
	z, err := mail.ParseZone(strings.NewReader(`
_mta-sts.one.test. 60 TXT "v=STSv1; " "id=1"
_mta-sts.one.test. 60 TXT "v=spf1 -all"
_mta-sts.two.test. 60 TXT "v=STSv1; id=1"
_mta-sts.two.test. 60 TXT "v=STSv1; id=2"
_mta-sts.bad.test. 60 TXT "v=STSv1; id=-"
_mta-sts.to.test. 60 CNAME _mta-sts.one.test.
`), ".")
	if err != nil {
		t.Fatal(err)
	}
	s := dnstest.Start(t, z)
	s.Fail("_mta-sts.broken.test", dnstest.ServFail)
	for domain, want := range map[string]string{
		"one.test": "found true", "two.test": "multiple", "bad.test": "found false", "none.test": "absent", "broken.test": "unknown", "to.test": "found true", "a..b": "absent",
	} {
		a := mtasts.Ask(context.Background(), s.Client(), domain)
		got := a.State.String()
		if a.Record != nil {
			got += fmt.Sprint(" ", a.Record.Valid())
		}
		if got != want || (a.Err != nil) != (want == "unknown") {
			t.Errorf("%s: got %s, want %s", domain, got, want)
		}
	}
}

func TestParsePolicy(t *testing.T) {
	const good = "version: STSv1\r\nmode: enforce\r\nmx: mail.example.com\r\nmx: *.example.net\r\nmax_age: 604800\r\n"
	for _, c := range []struct {
		name, text string
		lines      []int // of the problems; nil: valid
	}{
		{name: "the example of section 3.2", text: good},
		{name: "LF, in another order, without the last end", text: "max_age:86400\nmx:a.test\nmode:testing\nversion:STSv1"},
		{name: "white space at the end", text: strings.ReplaceAll(good, "\r\n", " \t\r\n")},
		{name: "unknown keys", text: good + "x-key: anything: at all\r\n"},
		{name: "mode none needs no mx", text: "version: STSv1\nmode: none\nmax_age: 0\n"},
		{name: "the first of a repeated key counts", text: good + "mode: nonsense\r\nversion: 2\r\n"},
		{name: "the longest age", text: strings.Replace(good, "604800", "31557600", 1)},
		{name: "too long an age", text: strings.Replace(good, "604800", "31557601", 1), lines: []int{5}},
		{name: "a negative age", text: strings.Replace(good, "604800", "-1", 1), lines: []int{5}},
		{name: "another version", text: strings.Replace(good, "STSv1", "STSv2", 1), lines: []int{1}},
		{name: "another mode", text: strings.Replace(good, "enforce", "Enforce", 1), lines: []int{2}},
		{name: "no mx", text: "version: STSv1\nmode: enforce\nmax_age: 86400\n", lines: []int{0}},
		{name: "a star in the middle", text: strings.Replace(good, "*.example", "a.*.example", 1), lines: []int{4}},
		{name: "an address for a host", text: strings.Replace(good, "mail.example.com", "mail.example.com:25", 1), lines: []int{3}},
		{name: "an empty line", text: strings.Replace(good, "mode", "\r\nmode", 1), lines: []int{2}},
		{name: "HTML", text: "<html>\n<p>Not found\n", lines: []int{1, 2, 0, 0, 0}},
		{name: "nothing", text: "", lines: []int{0, 0, 0}},
		{name: "a byte order mark", text: "\ufeff" + good, lines: []int{1, 0}},
		{name: "over 64 KB", text: good + strings.Repeat("x: y\n", 20_000), lines: []int{0}},
	} {
		p := mtasts.ParsePolicy(c.text)
		var got []int
		for _, problem := range p.Problems {
			got = append(got, problem.Line)
		}
		if fmt.Sprint(got) != fmt.Sprint(c.lines) || p.Valid() != (c.lines == nil) {
			t.Errorf("%s: problems at %v, want %v: %+v", c.name, got, c.lines, p.Problems)
		}
	}
	p := mtasts.ParsePolicy(good)
	if p.Mode != mtasts.Enforce || p.MaxAge != 7*24*time.Hour || fmt.Sprint(p.MX) != "[mail.example.com *.example.net]" {
		t.Errorf("%+v", p)
	}
}

// TestMatches is section 4.1.
func TestMatches(t *testing.T) {
	p := mtasts.ParsePolicy("version: STSv1\nmode: enforce\nmx: mail.example.com\nmx: *.Example.NET\nmx: *.b\u00fccher.example\nmax_age: 86400\n")
	if !p.Valid() {
		t.Fatalf("%+v", p.Problems)
	}
	for host, want := range map[string]bool{
		"mail.example.com": true, "MAIL.example.com.": true, "a.mail.example.com": false, "example.com": false,
		"mx1.example.net": true, "a.mx1.example.net": false, "example.net": false, "xexample.net": false,
		"mx.xn--bcher-kva.example": true, "": false, "*.example.net": true,
	} {
		if got := p.Matches(host); got != want {
			t.Errorf("%q: %v", host, got)
		}
	}
	if got := p.Uncovered([]string{"mail.example.com", "mx.elsewhere.test"}); fmt.Sprint(got) != "[mx.elsewhere.test]" {
		t.Errorf("%v", got)
	}
}

// authority makes a certificate for hosts and the pool that trusts it.
func authority(t *testing.T, until time.Time, hosts ...string) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, DNSNames: hosts,
		NotBefore: until.Add(-48 * time.Hour), NotAfter: until, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(cert)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

func TestFetch(t *testing.T) {
	const policy = "version: STSv1\nmode: enforce\nmx: mail.d.test\nmax_age: 604800\n"
	plain := func(body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/plain; charset=utf-8")
			_, _ = w.Write([]byte(body))
		}
	}
	var followed atomic.Int32
	for _, c := range []struct {
		name    string
		handler http.HandlerFunc
		host    string // of the certificate
		until   time.Duration
		trust   bool
		want    mtasts.Reason
	}{
		{name: "a policy", handler: plain(policy), trust: true},
		{name: "not found", handler: http.NotFound, trust: true, want: mtasts.Status},
		{name: "204", handler: func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }, trust: true, want: mtasts.Status},
		{name: "a redirect is not followed", trust: true, want: mtasts.Redirected, handler: func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/.well-known/mta-sts.txt" {
				followed.Add(1)
			}
			http.Redirect(w, r, "/elsewhere", http.StatusMovedPermanently)
		}},
		{name: "HTML", trust: true, want: mtasts.MediaType, handler: func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			_, _ = w.Write([]byte(policy))
		}},
		{name: "no type", trust: true, want: mtasts.MediaType, handler: func(w http.ResponseWriter, _ *http.Request) {
			w.Header()["Content-Type"] = nil
			_, _ = w.Write([]byte(policy))
		}},
		{name: "over 64 KB", handler: plain(policy + strings.Repeat("x: y\n", 20_000)), trust: true, want: mtasts.TooLong},
		{name: "a megabyte of header", trust: true, want: mtasts.Broken, handler: func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X", strings.Repeat("x", 1<<20))
		}},
		{name: "cut off", trust: true, want: mtasts.Broken, handler: func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/plain")
			w.Header().Set("Content-Length", "1000")
			_, _ = w.Write([]byte(policy))
		}},
		{name: "no end", trust: true, want: mtasts.Unreached, handler: func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/plain")
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		}},
		{name: "silence", trust: true, want: mtasts.Unreached, handler: func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }},
		{name: "an authority nobody trusts", handler: plain(policy), want: mtasts.Certificate},
		{name: "another host", handler: plain(policy), host: "www.d.test", trust: true, want: mtasts.Certificate},
		{name: "expired", handler: plain(policy), until: -time.Hour, trust: true, want: mtasts.Certificate},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.host == "" {
				c.host = "mta-sts.d.test"
			}
			if c.until == 0 {
				c.until = time.Hour
			}
			cert, pool := authority(t, time.Now().Add(c.until), c.host)
			if !c.trust {
				pool = x509.NewCertPool()
			}
			l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12})
			if err != nil {
				t.Fatal(err)
			}
			server := &http.Server{Handler: c.handler, ReadHeaderTimeout: time.Second}
			go func() { _ = server.Serve(l) }()
			t.Cleanup(func() { _ = server.Close() })
			f := mtasts.Fetcher{Roots: pool, Timeout: 5 * time.Second, Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
				if address != "mta-sts.d.test:443" {
					t.Errorf("dials %s", address)
				}
				return (&net.Dialer{}).DialContext(ctx, network, l.Addr().String())
			}}
			if c.want == mtasts.Unreached {
				f.Timeout = 300 * time.Millisecond
			}
			p, err := f.Fetch(context.Background(), "D.test")
			var failed *mtasts.FetchError
			switch {
			case c.want == "":
				if err != nil || !p.Valid() || p.Text != policy {
					t.Errorf("%+v %v", p, err)
				}
			case !errors.As(err, &failed) || failed.Reason != c.want || failed.Text == "":
				t.Errorf("got %v (%+v), want %s", err, failed, c.want)
			}
		})
	}
	if followed.Load() > 0 {
		t.Error("a redirect was followed")
	}
}

func TestFetchNobody(t *testing.T) {
	for name, c := range map[string]struct {
		domain string
		dial   error
		want   mtasts.Reason
	}{
		"no such host":            {"d.test", &net.DNSError{Err: "no such host", Name: "mta-sts.d.test", IsNotFound: true}, mtasts.NoHost},
		"the resolver fails":      {"d.test", &net.DNSError{Err: "server misbehaving", Name: "mta-sts.d.test", IsTemporary: true}, mtasts.Unreached},
		"nobody listens":          {"d.test", &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("refused")}, mtasts.Unreached},
		"a domain that is a path": {"d.test/x", errors.New("must not dial"), mtasts.NoHost},
		"a domain with a port":    {"d.test:8443", errors.New("must not dial"), mtasts.NoHost},
		"a domain with a user":    {"x@d.test", errors.New("must not dial"), mtasts.NoHost},
		"no domain":               {"", errors.New("must not dial"), mtasts.NoHost},
	} {
		f := mtasts.Fetcher{Dial: func(context.Context, string, string) (net.Conn, error) {
			if strings.HasPrefix(c.dial.Error(), "must not") {
				t.Errorf("%s: dials", name)
			}
			return nil, c.dial
		}}
		_, err := f.Fetch(context.Background(), c.domain)
		var failed *mtasts.FetchError
		if !errors.As(err, &failed) || failed.Reason != c.want {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func ExamplePolicy_Uncovered() {
	p := mtasts.ParsePolicy("version: STSv1\nmode: enforce\nmx: *.mail.example.com\nmax_age: 604800\n")
	fmt.Println(p.Mode, p.MaxAge, p.Valid())
	fmt.Println(p.Uncovered([]string{"mx1.mail.example.com", "backup.example.net"}))
	// Output:
	// enforce 168h0m0s true
	// [backup.example.net]
}

func FuzzRecord(f *testing.F) {
	f.Add("v=STSv1; id=20160831085700Z;")
	f.Fuzz(func(t *testing.T, txt string) {
		r := mtasts.ParseRecord(txt)
		for _, p := range r.Problems {
			if p.At < 0 || p.At > len(txt) {
				t.Errorf("outside: %+v", p)
			}
		}
	})
}

func FuzzPolicy(f *testing.F) {
	f.Add("version: STSv1\r\nmode: enforce\r\nmx: *.example.net\r\nmax_age: 604800\r\n", "a.example.net")
	f.Fuzz(func(t *testing.T, text, host string) {
		p := mtasts.ParsePolicy(text)
		for _, problem := range p.Problems {
			if problem.At < 0 || problem.At > len(text) {
				t.Errorf("outside: %+v", problem)
			}
		}
		if p.MaxAge < 0 || p.MaxAge > mtasts.MostAge || p.Matches(host) && len(p.MX) == 0 {
			t.Errorf("%+v", p)
		}
	})
}
