package https

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"sort"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/demo"
	"github.com/launchready/launchready/demo/authority"
	"github.com/launchready/launchready/demo/nameserver"
	"github.com/launchready/launchready/probe"
)

// stand is name servers with zones, and a web server that stands for port 443 of
// every host.
type stand struct {
	names  *nameserver.Server
	target lr.Target
	memo   *lr.Memo
}

// raise starts a stand; set changes what is served, before it is.
func raise(t *testing.T, o nameserver.Options, page string, set ...func(*lr.DomainAccess)) *stand {
	t.Helper()
	if o.Key == nil {
		o.Key = func(prefix string, n int) string { return prefix + strings.Repeat("4eC39HqLyjWDarjtT1zdp7dc", 3)[:n] }
	}
	s, err := nameserver.Start(o)
	if errors.Is(err, nameserver.ErrNoAddress) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	base, err := url.Parse("http://127.0.0.1:1")
	if err != nil {
		t.Fatal(err)
	}
	client, err := probe.New(probe.Options{Base: base})
	if err != nil {
		t.Fatal(err)
	}
	d := &lr.DomainAccess{
		Name: "harbor.test", Parked: []string{"harbor-app.test"},
		Hosts: []string{"harbor.test", "www.harbor.test", "app.harbor.test", "api.harbor.test", "docs.harbor.test", "help.harbor.test", "status.harbor.test", "cdn.harbor.test"},
	}
	for _, f := range set {
		f(d)
	}
	if d.Network, err = client.Network(probe.NetworkOptions{
		Domains: append([]string{d.Name}, d.Parked...), Resolver: s.Resolver(),
		Ports: map[int]int{53: s.Port(), 443: serve(t, page), 80: 1},
	}); err != nil {
		t.Fatal(err)
	}
	return &stand{names: s, memo: &lr.Memo{}, target: lr.Target{Base: base, Domain: d}}
}

// serve is a web server whose certificate says that Let's Encrypt issued it.
func serve(t *testing.T, page string) int {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(1), Issuer: pkix.Name{Organization: []string{"Let's Encrypt"}}, Subject: pkix.Name{Organization: []string{"Let's Encrypt"}, CommonName: "R99"},
		DNSNames: []string{"harbor.test", "*.harbor.test", "forgotten.harbor.test", "shop.elsewhere.test"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, leaf, leaf, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(page)) }))
	s.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, MinVersion: tls.VersionTLS12}
	s.Config.ErrorLog = nil
	s.StartTLS()
	t.Cleanup(s.Close)
	_, port, err := net.SplitHostPort(s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	next(t, port, authority.Kind{Names: []string{"shop.tailor.test"}})
	return n
}

// next is whoever has the address of a cloud now that a record was left behind for.
func next(t *testing.T, port string, kind authority.Kind) {
	t.Helper()
	l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.9", port))
	if err != nil {
		t.Skip(err)
	}
	ca, err := authority.New(time.Now)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := ca.Issue(kind)
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewUnstartedServer(http.NotFoundHandler())
	_ = s.Listener.Close()
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.Listener, s.TLS = l, &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}
	s.StartTLS()
	t.Cleanup(s.Close)
}

// ask puts a check to the stand and returns a line for each outcome, sorted.
func (s *stand) ask(t *testing.T, c *lr.Check) []string {
	t.Helper()
	var mu sync.Mutex
	var out []string
	trial := &lr.Trial{Check: c, Target: &s.target, Memo: s.memo, Now: time.Now, Seed: 7, Report: func(o lr.Outcome) {
		mu.Lock()
		defer mu.Unlock()
		if o.Verdict == lr.Failed && len(o.Evidence.Records) == 0 {
			t.Errorf("%s: a finding without evidence: %s", c.ID, o.Message)
		}
		word := o.Verdict.String()
		if o.Verdict == lr.Failed && o.Confidence == lr.Suspected {
			word = "suspected"
		}
		out = append(out, word+" "+o.Subject+": "+o.Message)
	}}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := c.Run(ctx, trial); err != nil {
		t.Fatalf("%s: %v", c.ID, err)
	}
	sort.Strings(out)
	return out
}

// open are the outcomes that are neither passed nor skipped.
func open(lines []string) []string {
	return slices.DeleteFunc(slices.Clone(lines), func(s string) bool { return strings.HasPrefix(s, "passed ") || strings.HasPrefix(s, "skipped ") })
}

func with(ids ...string) nameserver.Options {
	return nameserver.Options{Flaws: func(id string) bool { return slices.Contains(ids, id) || slices.Contains(ids, "all") }}
}

// TestDemo is the promise for the domain's names: clean, each check passes something
// and finds nothing; with its flaw alone it finds it and no other check does; and
// beside all other flaws it is still found.
func TestDemo(t *testing.T) {
	clean, all := raise(t, with(), ""), raise(t, with("all"), "")
	for _, c := range names() {
		t.Run(strings.TrimPrefix(c.ID, "https/"), func(t *testing.T) {
			got := clean.ask(t, c)
			if bad := open(got); len(bad) > 0 || len(got) == 0 {
				t.Errorf("clean: %d outcomes, and these are open:\n%s", len(got), strings.Join(bad, "\n"))
			}
			if got := all.ask(t, c); !found(got) {
				t.Errorf("not found beside all other flaws:\n%s", strings.Join(got, "\n"))
			}
			alone := raise(t, with(c.ID), "")
			for _, other := range names() {
				got := alone.ask(t, other)
				if found(got) != (other == c) {
					t.Errorf("%s with the flaw of %s:\n%s", other.ID, c.ID, strings.Join(open(got), "\n"))
				}
			}
		})
	}
}

// TestEachHasAFlaw holds the list and the demo together.
func TestEachHasAFlaw(t *testing.T) {
	for _, c := range names() {
		if !slices.ContainsFunc(demo.Flaws(), func(f demo.Flaw) bool { return f.ID == c.ID }) {
			t.Errorf("%s has no flaw", c.ID)
		}
	}
}

func found(lines []string) bool {
	return slices.ContainsFunc(lines, func(s string) bool { return strings.HasPrefix(s, "failed ") || strings.HasPrefix(s, "suspected ") })
}
