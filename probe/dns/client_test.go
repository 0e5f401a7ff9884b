package dns_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	wire "github.com/miekg/dns"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/demo/nameserver"
	"github.com/launchready/launchready/probe"
	"github.com/launchready/launchready/probe/dns"
)

// root and test are zones above the one that a case is about.
const (
	rootZone = `; ds: test.
@ IN SOA ns.test. h.test. 1 7200 3600 1209600 300
@ IN NS ns.test.
test. IN NS ns.test.
ns.test. IN A 127.0.0.4
`
	testZone = `; ds: acme.test
@ IN SOA ns.test. h.test. 1 7200 3600 1209600 300
@ IN NS ns.test.
ns IN A 127.0.0.4
acme IN NS ns1.acme.test.
acme IN NS ns2.acme.test.
ns1.acme IN A 127.0.0.2
ns2.acme IN A 127.0.0.3
`
	acmeZone = `@ IN SOA ns1 h 7 7200 3600 1209600 300
@ IN NS ns1
@ IN NS ns2
@ IN A 192.0.2.1
@ IN MX 10 mx
ns1 IN A 127.0.0.2
ns2 IN A 127.0.0.3
mx IN A 192.0.2.2
www IN CNAME @
six IN AAAA 2a00::1
long IN TXT "%s"
`
)

// zones are those of a case, with what is put in the place of a default.
func zones(with map[string]string) map[string]string {
	out := map[string]string{".": rootZone, "test": testZone, "acme.test": fmt.Sprintf(acmeZone, strings.Repeat("x", 200))}
	for origin, text := range with {
		out[origin] = text
	}
	return out
}

// start serves zones and asks through a network with a budget.
func start(t testing.TB, with map[string]string, requests int) (*nameserver.Server, *dns.Client) {
	t.Helper()
	s, err := nameserver.Start(nameserver.Options{Zones: zones(with)})
	if errors.Is(err, nameserver.ErrNoAddress) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s, dns.New(network(t, s.Resolver(), s.Port(), requests))
}

func network(t testing.TB, resolver string, port, requests int) lr.Network {
	t.Helper()
	base, err := url.Parse("http://127.0.0.1:1")
	if err != nil {
		t.Fatal(err)
	}
	c, err := probe.New(probe.Options{Base: base, Budget: lr.Budget{Requests: requests}})
	if err != nil {
		t.Fatal(err)
	}
	n, err := c.Network(probe.NetworkOptions{Domains: []string{"acme.test"}, Resolver: resolver, Ports: map[int]int{53: port}})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestAsk(t *testing.T) {
	_, c := start(t, nil, 0)
	for _, tc := range []struct {
		name, ask string
		kind      uint16
		want      string // the lines of the answer, joined
		missing   bool
	}{
		{"records", "acme.test", wire.TypeA, "acme.test. A 192.0.2.1", false},
		{"case and final dot do not matter", "ACME.test.", wire.TypeA, "acme.test. A 192.0.2.1", false},
		{"a chain", "www.acme.test", wire.TypeA, "www.acme.test. CNAME acme.test. | acme.test. A 192.0.2.1", false},
		{"no such name", "nobody.acme.test", wire.TypeA, "nobody.acme.test. A: NXDOMAIN, the name does not exist", true},
		{"no such record", "acme.test", wire.TypeTXT, "acme.test. TXT: no such record", false},
		{"IPv6 alone", "six.acme.test", wire.TypeA, "six.acme.test. A: no such record", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a, err := c.Ask(t.Context(), tc.ask, tc.kind)
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(a.Lines(), " | "); got != tc.want || a.Missing() != tc.missing || a.Err() != nil {
				t.Errorf("got %q, missing %t, %v", got, a.Missing(), a.Err())
			}
			if !a.AD {
				t.Error("the resolver's word that it validated is lost")
			}
		})
	}
}

// TestFaults holds what comes of a server that misbehaves: an error or its code, in
// bounded time, and never absence.
func TestFaults(t *testing.T) {
	for _, tc := range []struct {
		fault nameserver.Fault
		ok    bool
		code  int
		says  string
	}{
		{nameserver.ServFail, true, wire.RcodeServerFailure, ""},
		{nameserver.Refused, true, wire.RcodeRefused, ""},
		{nameserver.Silent, false, 0, "timeout"},
		{nameserver.Garbage, false, 0, ""},
		{nameserver.Loop, false, 0, ""},
		{nameserver.Cut, false, 0, "cut off"},
		{nameserver.CutUDP, true, wire.RcodeSuccess, ""},
		{nameserver.WrongID, false, 0, ""},
		{nameserver.Other, false, 0, "another question"},
		{nameserver.Header, false, 0, ""},
		{nameserver.NoEDNS, true, wire.RcodeSuccess, ""},
		{nameserver.CloseTCP, false, 0, ""},
	} {
		t.Run(string(tc.fault), func(t *testing.T) {
			t.Parallel()
			s, c := start(t, nil, 0)
			s.Fail("acme.test", tc.fault)
			ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second)
			defer cancel()
			a, err := c.Ask(ctx, "acme.test", wire.TypeA)
			switch {
			case (err == nil) != tc.ok:
				t.Fatalf("got %+v, %v", a, err)
			case err != nil && !strings.Contains(err.Error(), tc.says):
				t.Errorf("got %v, want %q in it", err, tc.says)
			case err == nil && a.Code != tc.code:
				t.Errorf("got %s", dns.Code(a.Code))
			case err == nil && tc.code != wire.RcodeSuccess && (a.Err() == nil || a.Void()):
				t.Error("a failure is taken for an answer")
			case ctx.Err() != nil:
				t.Error("it took longer than anybody waits")
			}
		})
	}
}

// TestOversize reads an answer that is larger than it may be, and does not trust it
// more than others.
func TestOversize(t *testing.T) {
	s, c := start(t, nil, 0)
	s.Fail("acme.test", nameserver.Oversize)
	a, err := c.Ask(t.Context(), "acme.test", wire.TypeTXT)
	if err == nil && len(a.Records) == 0 {
		t.Error("an answer that is too large is taken for absence")
	}
}

func TestLongText(t *testing.T) {
	var text strings.Builder
	for range 250 { // 64 KB of it, which only TCP carries
		fmt.Fprintf(&text, " %q", strings.Repeat("y", 250))
	}
	_, c := start(t, map[string]string{"acme.test": fmt.Sprintf(acmeZone, "x") + "big IN TXT" + text.String() + "\n"}, 0)
	a, err := c.Ask(t.Context(), "big.acme.test", wire.TypeTXT)
	if err != nil {
		t.Fatal(err)
	}
	txt, ok := a.Records[0].(*wire.TXT)
	if !ok || len(strings.Join(txt.Txt, "")) != 250*250 {
		t.Fatalf("got %T of %d parts", a.Records[0], len(a.Records))
	}
	if line := a.Lines()[0]; len(line) > 310 {
		t.Errorf("a report would show %d bytes of it", len(line))
	}
}

func TestChains(t *testing.T) {
	var chain strings.Builder
	for i := range 40 {
		fmt.Fprintf(&chain, "c%d IN CNAME c%d\n", i, i+1)
	}
	_, c := start(t, map[string]string{"acme.test": fmt.Sprintf(acmeZone, "x") + chain.String() + "a IN CNAME b\nb IN CNAME a\n"}, 0)
	for _, name := range []string{"a.acme.test", "c0.acme.test"} {
		a, err := c.Ask(t.Context(), name, wire.TypeA)
		if err == nil && a.Err() == nil && a.Void() {
			t.Errorf("%s: a chain that leads nowhere is taken for absence: %v", name, a.Lines())
		}
	}
}

func TestNames(t *testing.T) {
	s, c := start(t, nil, 0)
	for _, name := range []string{"..", "a..b", strings.Repeat("a.", 130) + "test", strings.Repeat("a", 64) + ".test", "a b.test", "a\x00.test", "(.test", "münchen.test", `a\.b`} {
		if a, err := c.Ask(t.Context(), name, wire.TypeA); err == nil {
			t.Errorf("%q was asked for: %v", name, a.Lines())
		}
	}
	if _, err := c.Ask(t.Context(), "xn--mnchen-3ya.acme.test", wire.TypeA); err != nil {
		t.Errorf("an A-label is a name: %v", err)
	}
	if s.Asked("xn--mnchen-3ya.acme.test", "A") != 1 {
		t.Error("it was not asked for once")
	}
}

// TestMemory asks once what several want to know.
func TestMemory(t *testing.T) {
	t.Parallel()
	s, c := start(t, nil, 0)
	done := make(chan error)
	for range 20 {
		go func() {
			_, err := c.Ask(t.Context(), "acme.test", wire.TypeA)
			done <- err
		}()
	}
	for range 20 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if n := s.Asked("acme.test", "A"); n != 1 {
		t.Errorf("asked %d times", n)
	}
}

// TestSilentServer gives a server up that answers nothing, so that a domain with
// hundreds of names is not waited for a name at a time.
func TestSilentServer(t *testing.T) {
	t.Parallel()
	var listen net.ListenConfig
	p, err := listen.ListenPacket(t.Context(), "udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	c := dns.New(network(t, p.LocalAddr().String(), 1, 0))
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second)
	defer cancel()
	errs := make(chan error)
	for i := range 200 {
		go func() {
			_, err := c.Ask(ctx, fmt.Sprintf("n%d.acme.test", i), wire.TypeA)
			errs <- err
		}()
	}
	up := 0
	for range 200 {
		switch err := <-errs; {
		case err == nil:
			t.Error("silence is an answer")
		case errors.Is(err, dns.ErrSilent):
			up++
		}
	}
	if ctx.Err() != nil || up < 100 {
		t.Errorf("%d of 200 were given up, %v", up, ctx.Err())
	}
}

func TestBudgetEndsTheRun(t *testing.T) {
	_, c := start(t, nil, 2)
	var err error
	for i := 0; err == nil && i < 5; i++ {
		_, err = c.Ask(t.Context(), fmt.Sprintf("n%d.acme.test", i), wire.TypeA)
	}
	if !errors.Is(err, lr.ErrBudget) || !dns.Stops(t.Context(), err) {
		t.Errorf("got %v", err)
	}
}

func TestAddresses(t *testing.T) {
	_, c := start(t, nil, 0)
	for host, want := range map[string]struct {
		addrs string
		gone  bool
	}{"six.acme.test": {"[2a00::1]", false}, "www.acme.test": {"[192.0.2.1]", false}, "nobody.acme.test": {"[]", true}, "long.acme.test": {"[]", false}} {
		addrs, gone, err := c.Addresses(t.Context(), host)
		if err != nil || gone != want.gone || fmt.Sprint(addrs) != want.addrs {
			t.Errorf("%s: got %v, gone %t, %v", host, addrs, gone, err)
		}
	}
}

// FuzzRead wants that any message is taken apart, and that no failure is absence.
func FuzzRead(f *testing.F) {
	add := func(m *wire.Msg) {
		b, err := m.Pack()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b, "www.acme.test", wire.TypeA)
	}
	q := new(wire.Msg).SetQuestion("www.acme.test.", wire.TypeA)
	r := new(wire.Msg).SetReply(q)
	for _, line := range []string{"www.acme.test. 60 IN CNAME acme.test.", "acme.test. 60 IN A 192.0.2.1", "acme.test. 60 IN HTTPS 1 . ipv4hint=192.0.2.1", "acme.test. 60 IN CAA 0 issue \"x\""} {
		rr, err := wire.NewRR(line)
		if err != nil {
			f.Fatal(err)
		}
		r.Answer = append(r.Answer, rr)
	}
	add(r)
	add(new(wire.Msg).SetRcode(q, wire.RcodeNameError))
	loop := new(wire.Msg).SetReply(q)
	for _, line := range []string{"www.acme.test. 60 IN CNAME b.acme.test.", "b.acme.test. 60 IN CNAME www.acme.test."} {
		rr, err := wire.NewRR(line)
		if err != nil {
			f.Fatal(err)
		}
		loop.Answer = append(loop.Answer, rr)
	}
	add(loop)
	f.Fuzz(func(t *testing.T, b []byte, name string, kind uint16) {
		m := new(wire.Msg)
		if m.Unpack(b) != nil {
			return
		}
		a := dns.Read(m, name, kind)
		if a.Err() != nil && a.Void() && len(a.Records) == 0 && !a.Missing() && a.Code != wire.RcodeSuccess {
			t.Errorf("%s is taken for absence", dns.Code(a.Code))
		}
		if len(a.Chain) > 14 {
			t.Errorf("a chain of %d", len(a.Chain))
		}
		for _, line := range a.Lines() {
			if len(line) > 2000 || strings.ContainsAny(line, "\n\r") {
				t.Errorf("a line of a report is %q", line)
			}
		}
		_ = a.End()
		for _, addr := range a.Addrs() {
			if !addr.IsValid() || addr == (netip.Addr{}) {
				t.Errorf("no address: %v", addr)
			}
		}
	})
}
