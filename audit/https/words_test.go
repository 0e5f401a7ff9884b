package https

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	wire "github.com/miekg/dns"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/probe/dns"
)

func TestVerificationOf(t *testing.T) {
	for text, want := range map[string]string{
		"google-site-verification=abc":          "google-site-verification",
		"MS=ms12345678":                         "MS",
		"facebook-domain-verification=xyz":      "facebook-domain-verification",
		"atlassian-domain-verification=a+b/c==": "atlassian-domain-verification",
		"docusign=1b0a6754-49b1-4db5-8540":      "docusign",
		"stripe-verification=77":                "stripe-verification",
		"v=spf1 include:_spf.google.com -all":   "",
		"deploy_key=sk_live_x":                  "",
		"hello":                                 "",
		"":                                      "",
		strings.Repeat("a", 70000):              "",
	} {
		got := ""
		if v := verificationOf(text); v != nil {
			got = *v
		}
		if got != want {
			t.Errorf("%.40q: got %q, want %q", text, got, want)
		}
	}
}

// TestPermission holds RFC 8659 sections 4.2, 4.3 and 4.5.
func TestPermission(t *testing.T) {
	for _, tc := range []struct {
		name     string
		records  []string
		wildcard bool
		want     string
		any      bool
	}{
		{"one", []string{`0 issue "a.test"`}, false, "a.test", false},
		{"issue holds for wildcards", []string{`0 issue "a.test"`}, true, "a.test", false},
		{"issuewild takes its place (4.3)", []string{`0 issue "a.test"`, `0 issuewild "b.test"`}, true, "b.test", false},
		{"issuewild says nothing of names", []string{`0 issuewild "b.test"`}, false, "", true},
		{"nobody (4.2)", []string{`0 issue ";"`}, false, "", false},
		{"two", []string{`0 issue "a.test"`, `0 issue "B.test; x=y"`}, false, "a.test b.test", false},
		{"the tag in capitals (4.1.1)", []string{`0 ISSUE "a.test"`}, false, "a.test", false},
		{"unknown and critical (4.5)", []string{`0 issue "a.test"`, `128 future "x"`}, false, "", false},
		{"unknown and not critical", []string{`0 issue "a.test"`, `0 future "x"`}, false, "a.test", false},
		{"reports alone", []string{`0 iodef "mailto:x@a.test"`}, false, "", true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := &permission{}
			for _, r := range tc.records {
				rr, err := wire.NewRR("x.test. IN CAA " + r)
				if err != nil {
					t.Fatal(err)
				}
				p.add(rr.(*wire.CAA))
			}
			got, any := p.of(tc.wildcard)
			if strings.Join(got, " ") != tc.want || any != tc.any {
				t.Errorf("got %v, any %t", got, any)
			}
		})
	}
}

func TestAuthorityOf(t *testing.T) {
	for org, want := range map[string]string{"Let's Encrypt": "letsencrypt.org", "DigiCert Inc": "digicert.com", "Google Trust Services LLC": "pki.goog", "Sectigo Limited": "sectigo.com", "Our own": "", "": ""} {
		got := authorityOf(&x509.Certificate{Issuer: pkix.Name{Organization: []string{org}}})
		if want == "" && len(got) > 0 || want != "" && !slices.Contains(got, want) {
			t.Errorf("%q: got %v", org, got)
		}
	}
	c := &x509.Certificate{IssuingCertificateURL: []string{"http://cacerts.Example-CA.com/x.crt", "::", "ldap:///x"}}
	if got := told(c); !slices.Equal(got, []string{"example-ca.com"}) {
		t.Errorf("the issuer's own address tells %v", got)
	}
}

func TestParameters(t *testing.T) {
	now := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
	whole := dns.Chain{Signed: true, Iterations: -1, Until: now.Add(10 * 24 * time.Hour), Algorithms: []uint8{wire.ECDSAP256SHA256}, Digests: []uint8{wire.SHA256}}
	for _, tc := range []struct {
		name string
		set  func(*dns.Chain)
		want string
	}{
		{"whole", func(*dns.Chain) {}, ""},
		{"NSEC3 without iterations", func(c *dns.Chain) { c.Iterations = 0 }, ""},
		{"iterations", func(c *dns.Chain) { c.Iterations = 1 }, "NSEC3 hashes 1 times"},
		{"RSA with SHA-1", func(c *dns.Chain) { c.Algorithms = []uint8{wire.RSASHA1} }, "a key is of algorithm 5 (RSASHA1)"},
		{"a digest of SHA-1 alone", func(c *dns.Chain) { c.Digests = []uint8{wire.SHA1} }, "a SHA-1 digest alone"},
		{"a digest of SHA-1 beside another", func(c *dns.Chain) { c.Digests = []uint8{wire.SHA1, wire.SHA256} }, ""},
		{"two days left", func(c *dns.Chain) { c.Until = now.Add(48 * time.Hour) }, "a signature ends on 2026-11-28 12:00:00, in 48 hours"},
		{"ended", func(c *dns.Chain) { c.Until = now.Add(-time.Hour) }, ""},
	} {
		c := whole
		tc.set(&c)
		got := strings.Join(judgeParameters(&c, now), "; ")
		if tc.want == "" && got != "" || !strings.Contains(got, tc.want) {
			t.Errorf("%s: got %q", tc.name, got)
		}
	}
}

func TestKinds(t *testing.T) {
	for addr, want := range map[string]string{
		"10.1.2.3": "private", "172.16.0.1": "private", "172.32.0.1": "", "192.168.1.1": "private", "127.0.0.1": "the machine itself (loopback)", "169.254.1.1": "link-local",
		"::ffff:10.0.0.1": "private", "fd12::1": "private", "fe80::1": "link-local", "::1": "the machine itself (loopback)", "0.0.0.0": "no address of a machine", "100.64.0.1": "in the shared space of carriers",
		"100.128.0.1": "", "8.8.8.8": "", "2a00::1": "",
	} {
		if got := kindOf(netip.MustParseAddr(addr)); got != want {
			t.Errorf("%s: got %q, want %q", addr, got, want)
		}
	}
	if kindOf(netip.Addr{}) != "" {
		t.Error("no address is of a kind")
	}
}

func TestServices(t *testing.T) {
	for name, want := range map[string]string{"x.github.io": "GitHub Pages", "github.io": "", "x.notgithub.io": "", "a.b.azurewebsites.net": "Azure", "example.com": ""} {
		got := ""
		if s := serviceOf(name); s != nil {
			got = s.Name
		}
		if got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
	for _, s := range services {
		if s.Name == "" || len(s.Below) == 0 || !s.Vacant && s.Says == "" {
			t.Errorf("%s proves nothing", s.Name)
		}
	}
	if zoneHostOf("ns-1.awsdns-02.com") == "" || zoneHostOf("ns1.acme.test") != "" {
		t.Error("providers of name servers are told wrongly")
	}
}

// TestDelegationFaults judges what was walked to, without a server.
func TestDelegationFaults(t *testing.T) {
	a, b := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")
	server := func(host string, addrs ...netip.Addr) *dns.Server { return &dns.Server{Host: host, Addrs: addrs} }
	for _, tc := range []struct {
		name string
		d    dns.Delegation
		want string
	}{
		{"right", dns.Delegation{FromParent: []string{"a", "b"}, FromZone: []string{"a", "b"}, Servers: []*dns.Server{server("a", a), server("b", b)}}, "passed"},
		{"one too many at the registry", dns.Delegation{FromParent: []string{"a", "b", "c"}, FromZone: []string{"a", "b"}, Servers: []*dns.Server{server("a", a), server("b", b)}}, "failed harbor.test: the registry also names c"},
		{"two names, one machine", dns.Delegation{FromParent: []string{"a", "b"}, FromZone: []string{"a", "b"}, Servers: []*dns.Server{server("a", a), server("b", a)}}, "failed harbor.test: all its servers are at one address, 192.0.2.1"},
		{"glue of before", dns.Delegation{FromParent: []string{"a", "b"}, FromZone: []string{"a", "b"}, Glue: map[string][]netip.Addr{"a": {b}}, Servers: []*dns.Server{server("a", a), server("b", b)}}, "failed harbor.test: the registry's address of a is not"},
		{"nobody says", dns.Delegation{FromParent: []string{"a"}}, "unknown harbor.test"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := ""
			trial := &lr.Trial{Check: delegation, Report: func(o lr.Outcome) { got = o.Verdict.String() + " " + o.Subject + ": " + o.Message }}
			judgeDelegation(trial, &zone{Name: "harbor.test", Delegation: &tc.d})
			if !strings.HasPrefix(got, tc.want) {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

func TestTimers(t *testing.T) {
	for soa, want := range map[string]string{
		"1 7200 3600 1209600 300":   "passed",
		"1 10000 2400 604800 1800":  "passed", // as large providers have it
		"1 7200 900 1209600 86400":  "passed",
		"1 21600 3600 259200 300":   "passed",
		"1 7200 900 1800 300":       "failed harbor.test: its servers give the zone up after 30m0s",
		"1 3600 7200 1209600 300":   "failed harbor.test: a refresh that failed is tried again",
		"1 7200 3600 1209600 90000": "failed harbor.test: that a name does not exist is kept for 25h0m0s",
	} {
		rr, err := wire.NewRR("harbor.test. IN SOA a. b. " + soa)
		if err != nil {
			t.Fatal(err)
		}
		seat := &dns.Seat{Host: "a", SOA: &dns.Answer{AA: true, Records: []wire.RR{rr}}}
		got := ""
		trial := &lr.Trial{Check: zoneTimers, Report: func(o lr.Outcome) { got = o.Verdict.String() + " " + o.Subject + ": " + o.Message }}
		judgeTimers(trial, &zone{Name: "harbor.test", Delegation: &dns.Delegation{Servers: []*dns.Server{{Host: "a", Seats: []*dns.Seat{seat}}}}})
		if !strings.HasPrefix(got, want) {
			t.Errorf("%s: got %q, want %q", soa, got, want)
		}
	}
}

func TestRegistrable(t *testing.T) {
	for name, want := range map[string]string{
		"x.gone.com": "gone.com", "a.b.co.uk": "b.co.uk", "com": "", "x.azurewebsites.net": "azurewebsites.net", "bucket.s3.eu-west-1.amazonaws.com": "amazonaws.com",
		"harbor.github.io": "github.io", "x.gone.test": "gone.test", "test": "", "": "",
	} {
		if got := registrable(name); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}
