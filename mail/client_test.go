package mail_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/launchready/launchready/mail"
	"github.com/launchready/launchready/mail/dnstest"
)

const zone = `
example.test.       60 TXT "v=spf1 " "-all"
example.test.       60 MX 10 mx.example.test.
mx.example.test.    60 A 192.0.2.1
mx.example.test.    60 AAAA 2001:db8::1
www.example.test.   60 CNAME mx.example.test.
out.example.test.   60 CNAME nowhere.example.test.
loop.example.test.  60 CNAME pool.example.test.
pool.example.test.  60 CNAME loop.example.test.
a.b.example.test.   60 TXT "below"
*.wild.example.test. 60 TXT "any"
odd\.dot.example.test. 60 TXT "a dot in a label"
`

func TestLookup(t *testing.T) {
	s := dnstest.Zone(t, zone)
	for _, c := range []struct {
		name, ask string
		t         mail.Type
		code      mail.Code
		records   int
		chain     int
		void      bool
		missing   bool
	}{
		{name: "a record", ask: "example.test", t: mail.TXT, records: 1},
		{name: "case does not matter", ask: "EXAMPLE.Test.", t: mail.TXT, records: 1},
		{name: "NODATA is void and not missing", ask: "example.test", t: mail.A, void: true},
		{name: "NXDOMAIN is void and missing", ask: "none.example.test", t: mail.A, code: mail.NXDomain, void: true, missing: true},
		{name: "an empty non-terminal exists (RFC 8020)", ask: "b.example.test", t: mail.TXT, void: true},
		{name: "CNAME", ask: "www.example.test", t: mail.A, records: 1, chain: 1},
		{name: "CNAME to a name without the type", ask: "www.example.test", t: mail.TXT, chain: 1, void: true},
		{name: "dangling CNAME (RFC 6604 section 3)", ask: "out.example.test", t: mail.A, code: mail.NXDomain, chain: 1, void: true, missing: true},
		{name: "wildcard (RFC 4592)", ask: "x.y.wild.example.test", t: mail.TXT, records: 1},
		{name: "a dot in a label", ask: `odd\.dot.example.test`, t: mail.TXT, records: 1},
		{name: "bytes that zone files escape", ask: `a"b;c(d)@e f\g.example.test`, t: mail.TXT, code: mail.NXDomain, void: true, missing: true},
		{name: "MX", ask: "example.test", t: mail.MX, records: 1},
		{name: "AAAA", ask: "mx.example.test", t: mail.AAAA, records: 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			a, err := s.Client().Lookup(context.Background(), c.ask, c.t)
			if err != nil {
				t.Fatal(err)
			}
			if a.Code != c.code || len(a.Records) != c.records || len(a.Chain) != c.chain || a.Void() != c.void || a.Missing() != c.missing {
				t.Errorf("got %+v", a)
			}
			if a.Err() != nil {
				t.Errorf("an answer with certainty is an error: %v", a.Err())
			}
		})
	}
}

func TestRecordsAsTheyAre(t *testing.T) {
	z := &mail.Zone{}
	all := make([]byte, 0, 256)
	for i := range 256 {
		all = append(all, byte(i))
	}
	z.Add(mail.Record{Name: "bytes.test", Type: mail.TXT, TTL: 7, Text: []string{string(all[:255]), string(all[255:]), ""}})
	s := dnstest.Start(t, z)
	a, err := s.Client().Lookup(context.Background(), "bytes.test", mail.TXT)
	if err != nil || len(a.Records) != 1 {
		t.Fatalf("%+v %v", a, err)
	}
	r := a.Records[0]
	if r.Joined() != string(all) || len(r.Text) != 3 || r.TTL != 7 || r.Name != "bytes.test" {
		t.Errorf("got %+v", r)
	}
}

// TestFaults asks servers as they are met: each ends in an answer or in an error,
// never in a wrong answer.
func TestFaults(t *testing.T) {
	s := dnstest.Zone(t, zone)
	for _, c := range []struct {
		name  string
		fault dnstest.Fault
		code  mail.Code
		ok    bool
		err   bool
	}{
		{name: "SERVFAIL", fault: dnstest.ServFail, code: mail.ServFail},
		{name: "REFUSED", fault: dnstest.Refused, code: mail.Refused},
		{name: "silence", fault: dnstest.Silent, err: true},
		{name: "garbage", fault: dnstest.Garbage, err: true},
		{name: "a compressed name that points at itself", fault: dnstest.Loop, err: true},
		{name: "a header alone", fault: dnstest.Header, err: true},
		{name: "cut over UDP, whole over TCP", fault: dnstest.CutUDP, ok: true},
		{name: "cut over TCP too", fault: dnstest.Cut, err: true},
		{name: "TCP closes", fault: dnstest.CloseTCP, err: true},
		{name: "an answer to another identifier", fault: dnstest.WrongID, err: true},
		{name: "an answer to another name", fault: dnstest.Other, err: true},
		{name: "a server older than EDNS", fault: dnstest.NoEDNS, ok: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			name := "example.test"
			s.Fail(name, c.fault)
			defer s.Fail(name, dnstest.None)
			a, err := s.Client().Lookup(context.Background(), name, mail.TXT)
			if (err != nil) != c.err {
				t.Fatalf("error %v, want one: %v", err, c.err)
			}
			if c.ok != (err == nil && len(a.Records) == 1) || a.Code != c.code && err == nil {
				t.Errorf("got %+v", a)
			}
			if _, failed := mail.Ask(context.Background(), s.Client(), name, mail.TXT); (failed == nil) != c.ok {
				t.Errorf("Ask: %v", failed)
			}
			var code *mail.CodeError
			if c.code != mail.NoError && (!errors.As(a.Err(), &code) || code.Code != c.code) {
				t.Errorf("the code is not told: %v", a.Err())
			}
		})
	}
}

func TestLookupEnds(t *testing.T) {
	s := dnstest.Zone(t, zone)
	t.Run("a CNAME loop is an error", func(t *testing.T) {
		if a, err := mail.Ask(context.Background(), s.Client(), "loop.example.test", mail.A); err == nil {
			t.Errorf("got %+v", a)
		}
	})
	t.Run("a name that no message holds is not asked", func(t *testing.T) {
		before := len(s.Asked())
		for _, name := range []string{"", "a..b", strings.Repeat("a", 64) + ".test", strings.Repeat("a.", 127) + "test"} {
			if _, err := s.Client().Lookup(context.Background(), name, mail.A); !errors.Is(err, mail.ErrName) {
				t.Errorf("%q: %v", name, err)
			}
		}
		if len(s.Asked()) != before {
			t.Errorf("asked %v", s.Asked()[before:])
		}
	})
	t.Run("a cancelled context asks nobody", func(t *testing.T) {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		if _, err := s.Client().Lookup(ctx, "example.test", mail.TXT); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("nobody listens", func(t *testing.T) {
		l, err := net.ListenPacket("udp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		addr := l.LocalAddr().String()
		l.Close()
		c := &mail.Client{Server: addr, Timeout: 300 * time.Millisecond}
		if _, err := c.Lookup(context.Background(), "example.test", mail.TXT); err == nil {
			t.Error("an answer from nobody")
		}
	})
}

func TestLargeText(t *testing.T) {
	z := &mail.Zone{}
	z.Add(mail.Record{Name: "big.test", Type: mail.TXT, Text: []string{strings.Repeat("x", 60_000)}})
	s := dnstest.Start(t, z)
	a, err := s.Client().Lookup(context.Background(), "big.test", mail.TXT)
	if err != nil || len(a.Texts()) != 1 || len(a.Texts()[0]) != 60_000 {
		t.Errorf("got %d records, %v", len(a.Records), err)
	}
}

// TestOversize: a server that sends more than was asked for is not half read.
func TestOversize(t *testing.T) {
	z := &mail.Zone{}
	for i := range 40 {
		z.Add(mail.Record{Name: "big.test", Type: mail.TXT, Text: []string{fmt.Sprint(i, strings.Repeat("x", 100))}})
	}
	s := dnstest.Start(t, z)
	s.Fail("big.test", dnstest.Oversize)
	a, err := s.Client().Lookup(context.Background(), "big.test", mail.TXT)
	if err != nil || len(a.Records) != 40 {
		t.Errorf("got %d records, %v", len(a.Records), err)
	}
}

// TestChainAcrossMessages: an authoritative server tells only its own part of a chain.
func TestChainAcrossMessages(t *testing.T) {
	z := &mail.Zone{}
	for i := range 30 {
		z.Add(mail.Record{Name: fmt.Sprintf("c%d.test", i), Type: mail.CNAME, Host: fmt.Sprintf("c%d.test", i+1)})
	}
	z.Add(mail.Record{Name: "c30.test", Type: mail.A, Addr: netip.MustParseAddr("192.0.2.9")})
	s := dnstest.Start(t, parts{z})
	a, err := s.Client().Lookup(context.Background(), "c25.test", mail.A)
	if err != nil || len(a.Records) != 1 || len(a.Chain) != 5 {
		t.Errorf("got %+v %v", a, err)
	}
	if _, err := s.Client().Lookup(context.Background(), "c0.test", mail.A); !errors.Is(err, mail.ErrChain) {
		t.Errorf("a chain of thirty: %v", err)
	}
}

// parts answers with one CNAME at a time and no SOA.
type parts struct{ z *mail.Zone }

func (p parts) Lookup(ctx context.Context, name string, t mail.Type) (mail.Answer, error) {
	a, err := p.z.Lookup(ctx, name, mail.CNAME)
	if err != nil || len(a.Records) == 0 {
		return p.z.Lookup(ctx, name, t)
	}
	return mail.Answer{Name: name, Type: t, Records: a.Records}, nil
}
