package nameserver_test

import (
	"errors"
	"net"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"github.com/launchready/launchready/demo/nameserver"
)

func start(t *testing.T, o nameserver.Options) *nameserver.Server {
	t.Helper()
	s, err := nameserver.Start(o)
	if errors.Is(err, nameserver.ErrNoAddress) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func flaws(ids ...string) nameserver.Options {
	return nameserver.Options{Flaws: func(id string) bool { return slices.Contains(ids, id) || slices.Contains(ids, "all") }}
}

// ask puts one question to the server at an address.
func ask(t *testing.T, s *nameserver.Server, network, host, name string, kind uint16, set ...func(*dns.Msg)) *dns.Msg {
	t.Helper()
	q := new(dns.Msg).SetQuestion(dns.Fqdn(name), kind)
	q.SetEdns0(1232, true)
	for _, f := range set {
		f(q)
	}
	c := dns.Client{Net: network, Timeout: 5 * time.Second}
	reply, _, err := c.Exchange(q, net.JoinHostPort(host, strconv.Itoa(s.Port())))
	if err != nil {
		t.Fatalf("%s %s at %s over %s: %v", name, dns.Type(kind), host, network, err)
	}
	return reply
}

func direct(q *dns.Msg) { q.RecursionDesired = false }
func plain(q *dns.Msg)  { q.Extra = nil }

// lines are records in short.
func lines(rrs []dns.RR) string {
	var out []string
	for _, rr := range rrs {
		if t := rr.Header().Rrtype; t != dns.TypeRRSIG && t != dns.TypeNSEC && t != dns.TypeOPT && t != dns.TypeDS {
			out = append(out, strings.Join(strings.Fields(rr.String()), " "))
		}
	}
	slices.Sort(out)
	return strings.Join(out, "\n")
}

const (
	resolver = "127.0.0.1"
	ns1      = "127.0.0.2"
	ns2      = "127.0.0.3"
	registry = "127.0.0.4"
)

func TestAnswers(t *testing.T) {
	s := start(t, flaws())
	for _, tc := range []struct {
		name, at, ask string
		kind          uint16
		code          int
		aa            bool
		answer, ns    string // what a line must hold; "-" for none at all
	}{
		{"the resolver walks", resolver, "www.harbor.test", dns.TypeA, dns.RcodeSuccess, false, "www.harbor.test. 3600 IN A 127.0.0.1", "-"},
		{"a chain into a stranger's zone", resolver, "help.harbor.test", dns.TypeA, dns.RcodeSuccess, false, "harbor.helpdesk.test. 3600 IN A 127.0.0.1", "-"},
		{"no such name", resolver, "nothing.harbor.test", dns.TypeA, dns.RcodeNameError, false, "-", "SOA"},
		{"no such record", resolver, "www.harbor.test", dns.TypeMX, dns.RcodeSuccess, false, "-", "SOA"},
		{"a name that nobody registered", resolver, "www.free.test", dns.TypeA, dns.RcodeNameError, false, "-", "test. 3600 IN SOA"},
		{"a child zone", resolver, "docs.harbor.test", dns.TypeA, dns.RcodeSuccess, false, "docs.harbor.test. 3600 IN A", "-"},
		{"the name of an address", resolver, "1.0.0.127.in-addr.arpa", dns.TypePTR, dns.RcodeSuccess, false, "PTR mx1.harbor.test.", "-"},
		{"the registry refers", registry, "www.harbor.test", dns.TypeA, dns.RcodeSuccess, false, "-", "harbor.test. 3600 IN NS ns1.harbor.test."},
		{"the owner's server has authority", ns1, "www.harbor.test", dns.TypeA, dns.RcodeSuccess, true, "www.harbor.test. 3600 IN A", "-"},
		{"a stranger's name", ns1, "test", dns.TypeSOA, dns.RcodeRefused, false, "-", "-"},
		{"no transfer", ns2, "harbor.test", dns.TypeAXFR, dns.RcodeRefused, false, "-", "-"},
	} {
		for _, network := range []string{"udp", "tcp"} {
			t.Run(tc.name+"/"+network, func(t *testing.T) {
				set := []func(*dns.Msg){plain}
				if tc.at != resolver {
					set = append(set, direct)
				}
				r := ask(t, s, network, tc.at, tc.ask, tc.kind, set...)
				if r.Rcode != tc.code || r.Authoritative != tc.aa {
					t.Errorf("got %s, authoritative %t", dns.RcodeToString[r.Rcode], r.Authoritative)
				}
				for got, want := range map[string]string{lines(r.Answer): tc.answer, lines(r.Ns): tc.ns} {
					if want == "-" && got != "" || want != "-" && !strings.Contains(got, want) {
						t.Errorf("got %q, want %q in it", got, want)
					}
				}
			})
		}
	}
}

// TestSigned verifies every signature, and that the resolver says what it may say.
func TestSigned(t *testing.T) {
	s := start(t, flaws())
	for _, zone := range []string{"test", "harbor.test", "docs.harbor.test", "harbor-app.test"} {
		keys := ask(t, s, "tcp", resolver, zone, dns.TypeDNSKEY)
		var key *dns.DNSKEY
		for _, rr := range keys.Answer {
			if k, ok := rr.(*dns.DNSKEY); ok {
				key = k
			}
		}
		if key == nil {
			t.Fatalf("%s has no key", zone)
		}
		for _, q := range []struct {
			name string
			kind uint16
		}{{zone, dns.TypeSOA}, {zone, dns.TypeDNSKEY}, {zone, dns.TypeNS}, {"nothing." + zone, dns.TypeA}, {zone, dns.TypeLOC}} {
			r := ask(t, s, "tcp", resolver, q.name, q.kind)
			if !r.AuthenticatedData {
				t.Errorf("%s %s is not said to be authentic", q.name, dns.Type(q.kind))
			}
			verified := 0
			for _, rr := range slices.Concat(r.Answer, r.Ns) {
				sig, ok := rr.(*dns.RRSIG)
				if !ok {
					continue
				}
				var set []dns.RR
				for _, rr := range slices.Concat(r.Answer, r.Ns) {
					if h := rr.Header(); h.Rrtype == sig.TypeCovered && strings.EqualFold(h.Name, sig.Hdr.Name) {
						set = append(set, rr)
					}
				}
				if err := sig.Verify(key, set); err != nil {
					t.Errorf("%s %s: the signature over %s: %v", q.name, dns.Type(q.kind), sig.Hdr.Name, err)
				}
				verified++
			}
			if verified == 0 {
				t.Errorf("%s %s has no signature", q.name, dns.Type(q.kind))
			}
		}
		ds := ask(t, s, "udp", registry, zone, dns.TypeDS, direct)
		if zone == "harbor.test" && (len(ds.Answer) == 0 || ds.Answer[0].(*dns.DS).Digest != key.ToDS(dns.SHA256).Digest) {
			t.Errorf("the registry does not vouch for the key of %s: %v", zone, ds.Answer)
		}
	}
	if r := ask(t, s, "udp", resolver, "harbor.helpdesk.test", dns.TypeA); r.AuthenticatedData {
		t.Error("an unsigned zone is said to be authentic")
	}
}

// TestFlaws holds each switch to what it changes.
func TestFlaws(t *testing.T) {
	has := func(r *dns.Msg, want string) bool {
		return strings.Contains(lines(slices.Concat(r.Answer, r.Ns)), want)
	}
	for _, tc := range []struct {
		flaw string
		sees func(t *testing.T, s *nameserver.Server) bool
	}{
		{"https/zone-transfer", func(t *testing.T, s *nameserver.Server) bool {
			r := ask(t, s, "tcp", ns2, "harbor.test", dns.TypeAXFR, plain)
			return has(r, "www.harbor.test.") && ask(t, s, "tcp", ns1, "harbor.test", dns.TypeAXFR, plain).Rcode == dns.RcodeRefused
		}},
		{"https/open-recursion", func(t *testing.T, s *nameserver.Server) bool {
			r := ask(t, s, "udp", ns1, "test", dns.TypeSOA)
			return r.RecursionAvailable && has(r, "SOA") && ask(t, s, "udp", ns2, "test", dns.TypeSOA).Rcode == dns.RcodeRefused
		}},
		{"https/lame-server", func(t *testing.T, s *nameserver.Server) bool {
			return has(ask(t, s, "udp", registry, "harbor.test", dns.TypeNS, direct), "NS ns4") &&
				ask(t, s, "udp", "127.0.0.6", "harbor.test", dns.TypeSOA, direct).Rcode == dns.RcodeRefused
		}},
		{"https/delegation", func(t *testing.T, s *nameserver.Server) bool {
			return has(ask(t, s, "udp", ns1, "harbor.test", dns.TypeNS, direct), "NS ns3") &&
				!has(ask(t, s, "udp", registry, "harbor.test", dns.TypeNS, direct), "NS ns3")
		}},
		{"https/name-server-takeover", func(t *testing.T, s *nameserver.Server) bool {
			return ask(t, s, "udp", resolver, "legacy.harbor.test", dns.TypeA).Rcode == dns.RcodeServerFailure
		}},
		{"https/dangling-cname", func(t *testing.T, s *nameserver.Server) bool {
			r := ask(t, s, "udp", resolver, "beta.harbor.test", dns.TypeA)
			return r.Rcode == dns.RcodeNameError && has(r, "CNAME harbor-beta.pages-host.test.")
		}},
		{"https/wildcard-record", func(t *testing.T, s *nameserver.Server) bool {
			return has(ask(t, s, "udp", resolver, "x7.api.harbor.test", dns.TypeA), "x7.api.harbor.test. 3600 IN A")
		}},
		{"https/dnssec", func(t *testing.T, s *nameserver.Server) bool {
			return !ask(t, s, "udp", resolver, "harbor.test", dns.TypeSOA).AuthenticatedData
		}},
		{"https/dnssec-chain", func(t *testing.T, s *nameserver.Server) bool {
			return !ask(t, s, "udp", resolver, "docs.harbor.test", dns.TypeSOA).AuthenticatedData
		}},
		{"https/dnssec-parameters", func(t *testing.T, s *nameserver.Server) bool {
			return has(ask(t, s, "tcp", resolver, "nothing.harbor.test", dns.TypeA), "NSEC3 1 0 100")
		}},
		{"https/cname-beside", func(t *testing.T, s *nameserver.Server) bool {
			return has(ask(t, s, "udp", ns1, "help.harbor.test", dns.TypeTXT, direct), "helpdesk-domain-verification")
		}},
	} {
		t.Run(strings.TrimPrefix(tc.flaw, "https/"), func(t *testing.T) {
			if !tc.sees(t, start(t, flaws(tc.flaw))) {
				t.Error("the flaw does not show")
			}
			if !tc.sees(t, start(t, flaws("all"))) {
				t.Error("the flaw does not show beside all others")
			}
			if tc.flaw != "" && tc.sees(t, start(t, flaws())) {
				t.Error("it shows without the flaw")
			}
		})
	}
}

func TestFaults(t *testing.T) {
	s := start(t, flaws())
	for _, tc := range []struct {
		fault nameserver.Fault
		code  int
		cut   bool
	}{{nameserver.ServFail, dns.RcodeServerFailure, false}, {nameserver.Refused, dns.RcodeRefused, false}, {nameserver.Cut, 0, true}, {nameserver.NoEDNS, dns.RcodeFormatError, false}} {
		s.Fail("www.harbor.test", tc.fault)
		r := ask(t, s, "udp", resolver, "www.harbor.test", dns.TypeA)
		if r.Rcode != tc.code || r.Truncated != tc.cut {
			t.Errorf("%s: got %s, cut %t", tc.fault, dns.RcodeToString[r.Rcode], r.Truncated)
		}
	}
	for _, f := range []nameserver.Fault{nameserver.Garbage, nameserver.Loop, nameserver.Header} {
		s.Fail("www.harbor.test", f)
		q := new(dns.Msg).SetQuestion("www.harbor.test.", dns.TypeA)
		c := dns.Client{Timeout: 5 * time.Second}
		if r, _, err := c.Exchange(q, s.Resolver()); err == nil && len(r.Answer) > 0 {
			t.Errorf("%s gave %v", f, r)
		}
	}
	s.Fail("www.harbor.test", nameserver.None)
	if r := ask(t, s, "udp", resolver, "www.harbor.test", dns.TypeA); len(r.Answer) == 0 {
		t.Error("the fault is not taken back")
	}
	if s.Asked("www.harbor.test", "A") < 8 {
		t.Errorf("counted %d questions", s.Asked("www.harbor.test", "A"))
	}
}

func TestBadZones(t *testing.T) {
	for name, text := range map[string]string{
		"no template":       "{{if",
		"an unknown word":   "; behave: well\n@ IN SOA a. b. 1 1 1 1 1\n@ IN NS a.\n",
		"no authority":      "@ IN NS a.\n",
		"no servers":        "@ IN SOA a. b. 1 1 1 1 1\n",
		"not a zone":        "hello\n",
		"a file of another": "$INCLUDE /etc/passwd\n",
	} {
		if s, err := nameserver.Start(nameserver.Options{Zones: map[string]string{"x.test": text}}); err == nil {
			t.Errorf("%s: it was taken", name)
			_ = s.Close()
		}
	}
}
