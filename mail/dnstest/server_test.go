package dnstest_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/miekg/dns"

	"github.com/launchready/launchready/mail"
	"github.com/launchready/launchready/mail/dnstest"
)

const zone = `www.acme.test. 60 IN A 127.0.0.9
old.acme.test. 60 IN CNAME www.acme.test.
`

// TestServes: it answers as an authoritative server does, over both transports.
func TestServes(t *testing.T) {
	s := dnstest.Zone(t, zone)
	for _, transport := range []string{"udp", "tcp"} {
		c := &dns.Client{Net: transport, Timeout: 2 * time.Second}
		for _, tc := range []struct {
			name    string
			kind    uint16
			code    int
			answers int
		}{
			{"www.acme.test.", dns.TypeA, dns.RcodeSuccess, 1},
			{"old.acme.test.", dns.TypeA, dns.RcodeSuccess, 2},
			{"www.acme.test.", dns.TypeTXT, dns.RcodeSuccess, 0},
			{"none.acme.test.", dns.TypeA, dns.RcodeNameError, 0},
		} {
			m, _, err := c.ExchangeContext(t.Context(), new(dns.Msg).SetQuestion(tc.name, tc.kind), s.Addr)
			if err != nil || m.Rcode != tc.code || len(m.Answer) != tc.answers || !m.Authoritative {
				t.Errorf("%s %s: got %v, %v", transport, tc.name, m, err)
			}
		}
	}
	if asked := s.Asked(); len(asked) != 8 || !slices.Contains(asked, "A old.acme.test") {
		t.Errorf("asked: got %v", asked)
	}
}

// TestFaults: each fault is what its name says, by what a client of its own sees.
func TestFaults(t *testing.T) {
	for name, tc := range map[string]struct {
		fault    dnstest.Fault
		udp, tcp func(*dns.Msg, error) bool
	}{
		"none":      {dnstest.None, answered, answered},
		"servfail":  {dnstest.ServFail, coded(dns.RcodeServerFailure), coded(dns.RcodeServerFailure)},
		"refused":   {dnstest.Refused, coded(dns.RcodeRefused), coded(dns.RcodeRefused)},
		"silent":    {dnstest.Silent, late, late},
		"garbage":   {dnstest.Garbage, unread, unread},
		"loop":      {dnstest.Loop, unread, unread},
		"header":    {dnstest.Header, bare, bare},
		"wrong id":  {dnstest.WrongID, failed, failed},
		"cut":       {dnstest.Cut, cut, cut},
		"cut udp":   {dnstest.CutUDP, cut, answered},
		"close tcp": {dnstest.CloseTCP, cut, failed},
		"no edns":   {dnstest.NoEDNS, answered, answered},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := dnstest.Zone(t, zone)
			s.Fail("WWW.acme.test", tc.fault)
			for transport, right := range map[string]func(*dns.Msg, error) bool{"udp": tc.udp, "tcp": tc.tcp} {
				c := &dns.Client{Net: transport, Timeout: 300 * time.Millisecond}
				if m, _, err := c.ExchangeContext(t.Context(), new(dns.Msg).SetQuestion("www.acme.test.", dns.TypeA), s.Addr); !right(m, err) {
					t.Errorf("%s: got %v, %v", transport, m, err)
				}
			}
		})
	}
}

// TestOfEDNS: what is spoken to without EDNS alone refuses it.
func TestOfEDNS(t *testing.T) {
	s := dnstest.Zone(t, zone)
	s.Fail("www.acme.test", dnstest.NoEDNS)
	q := new(dns.Msg).SetQuestion("www.acme.test.", dns.TypeA).SetEdns0(1232, false)
	m, _, err := new(dns.Client).ExchangeContext(t.Context(), q, s.Addr)
	if !coded(dns.RcodeFormatError)(m, err) {
		t.Errorf("got %v, %v, want FORMERR", m, err)
	}
}

// TestClient asks the server that it comes from.
func TestClient(t *testing.T) {
	s := dnstest.Zone(t, zone)
	a, err := s.Client().Lookup(t.Context(), "www.acme.test", mail.A)
	if err != nil || len(a.Records) != 1 || a.Records[0].Addr.String() != "127.0.0.9" {
		t.Errorf("got %+v, %v", a, err)
	}
}

func failed(_ *dns.Msg, err error) bool { return err != nil }
func late(_ *dns.Msg, err error) bool   { return err != nil && !errors.Is(err, context.Canceled) }
func cut(m *dns.Msg, err error) bool    { return err == nil && m.Truncated && len(m.Answer) == 0 }
func unread(m *dns.Msg, err error) bool { return err != nil || len(m.Answer) == 0 }
func bare(m *dns.Msg, err error) bool   { return err != nil || len(m.Question) == 0 }
func answered(m *dns.Msg, err error) bool {
	return err == nil && m.Rcode == dns.RcodeSuccess && !m.Truncated && len(m.Answer) == 1
}

func coded(want int) func(*dns.Msg, error) bool {
	return func(m *dns.Msg, err error) bool { return err == nil && m.Rcode == want && len(m.Answer) == 0 }
}
