package edgetest_test

import (
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"github.com/launchready/launchready/edge/edgetest"
)

const (
	text = `$TTL 3600
@ IN SOA ns1 hostmaster 1 7200 3600 1209600 3600
@ IN NS ns1
ns1 IN A 127.0.0.1
@ IN TXT "one"
@ IN TXT "two"
www IN CNAME harbor.test.
deep.below IN A 127.0.0.1
`
	secret = "c2VjcmV0IG9mIHRoZSB0ZXN0"
)

func rr(t *testing.T, s string) dns.RR {
	t.Helper()
	out, err := dns.NewRR(s)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestQuestions are answered with authority, over both transports.
func TestQuestions(t *testing.T) {
	s := edgetest.Start(t, "harbor.test", text, edgetest.Options{Beyond: "other.test. IN A 192.0.2.7\n"})
	for _, transport := range []string{"udp", "tcp"} {
		for ask, want := range map[string]struct {
			kind  uint16
			rcode int
			n     int
		}{
			"harbor.test.":       {dns.TypeTXT, dns.RcodeSuccess, 2},
			"HARBOR.test.":       {dns.TypeTXT, dns.RcodeSuccess, 2},
			"www.harbor.test.":   {dns.TypeA, dns.RcodeSuccess, 1}, // the alias
			"below.harbor.test.": {dns.TypeA, dns.RcodeSuccess, 0}, // a name with names below it exists (RFC 8020)
			"none.harbor.test.":  {dns.TypeA, dns.RcodeNameError, 0},
			"other.test.":        {dns.TypeA, dns.RcodeSuccess, 1},
		} {
			r, _, err := (&dns.Client{Net: transport}).Exchange(new(dns.Msg).SetQuestion(ask, want.kind), s.Addr)
			if err != nil || r.Rcode != want.rcode || len(r.Answer) != want.n || !r.Authoritative {
				t.Errorf("%s %s: %v %v", transport, ask, r, err)
			}
		}
	}
}

// TestTransfer gives the zone to whoever has the key, and to nobody else.
func TestTransfer(t *testing.T) {
	for name, c := range map[string]struct {
		o      edgetest.Options
		signed bool
		n      int
	}{
		"open":            {edgetest.Options{}, false, 8},
		"refused":         {edgetest.Options{NoTransfer: true}, false, 0},
		"without its key": {edgetest.Options{Key: "k", Secret: secret}, false, 0},
		"by its key":      {edgetest.Options{Key: "k", Secret: secret}, true, 8},
	} {
		t.Run(name, func(t *testing.T) {
			s := edgetest.Start(t, "harbor.test", text, c.o)
			m := new(dns.Msg).SetAxfr("harbor.test.")
			tr := &dns.Transfer{}
			if c.signed {
				m.SetTsig("k.", dns.HmacSHA256, 300, time.Now().Unix())
				tr.TsigSecret = map[string]string{"k.": secret}
			}
			in, err := tr.In(m, s.Addr)
			if err != nil {
				t.Fatal(err)
			}
			n := 0
			for e := range in {
				n += len(e.RR)
			}
			if n != c.n {
				t.Errorf("%d records, want %d", n, c.n)
			}
		})
	}
}

// TestUpdates follow RFC 2136 section 3, clause by clause.
func TestUpdates(t *testing.T) {
	for name, c := range map[string]struct {
		with        func(t *testing.T, m *dns.Msg)
		zone        string
		want        int
		has, hasNot string
	}{
		"2.5.1 a record is added":            {func(t *testing.T, m *dns.Msg) { m.Insert([]dns.RR{rr(t, `new.harbor.test. 60 IN A 192.0.2.1`)}) }, "", dns.RcodeSuccess, "new.harbor.test.", ""},
		"2.5.2 a set is taken":               {func(t *testing.T, m *dns.Msg) { m.RemoveRRset([]dns.RR{rr(t, `harbor.test. 0 IN TXT ""`)}) }, "", dns.RcodeSuccess, "SOA", `"one"`},
		"2.5.3 a name is taken":              {func(t *testing.T, m *dns.Msg) { m.RemoveName([]dns.RR{rr(t, `www.harbor.test. 0 IN A 0.0.0.0`)}) }, "", dns.RcodeSuccess, `"one"`, "www"},
		"2.5.4 a record is taken":            {func(t *testing.T, m *dns.Msg) { m.Remove([]dns.RR{rr(t, `harbor.test. 0 IN TXT "one"`)}) }, "", dns.RcodeSuccess, `"two"`, `"one"`},
		"3.4.2.2 the apex keeps SOA and NS":  {func(t *testing.T, m *dns.Msg) { m.RemoveName([]dns.RR{rr(t, `harbor.test. 0 IN A 0.0.0.0`)}) }, "", dns.RcodeSuccess, "NS	ns1", `"one"`},
		"3.4.2.2 beside an alias is ignored": {func(t *testing.T, m *dns.Msg) { m.Insert([]dns.RR{rr(t, `www.harbor.test. 60 IN A 192.0.2.1`)}) }, "", dns.RcodeSuccess, "CNAME", "192.0.2.1"},
		"2.4.1 a set that must be":           {func(t *testing.T, m *dns.Msg) { m.RRsetUsed([]dns.RR{rr(t, `none.harbor.test. 0 IN A 0.0.0.0`)}) }, "", dns.RcodeNXRrset, "", ""},
		"2.4.2 a set with its records": {func(t *testing.T, m *dns.Msg) {
			m.Used([]dns.RR{rr(t, `harbor.test. 0 IN TXT "one"`), rr(t, `harbor.test. 0 IN TXT "two"`)})
		}, "", dns.RcodeSuccess, "", ""},
		"2.4.2 a set with another record": {func(t *testing.T, m *dns.Msg) { m.Used([]dns.RR{rr(t, `harbor.test. 0 IN TXT "one"`)}) }, "", dns.RcodeNXRrset, "", ""},
		"2.4.3 a set that must not be":    {func(t *testing.T, m *dns.Msg) { m.RRsetNotUsed([]dns.RR{rr(t, `harbor.test. 0 IN TXT ""`)}) }, "", dns.RcodeYXRrset, "", ""},
		"3.1.1 another zone":              {func(*testing.T, *dns.Msg) {}, "other.test.", dns.RcodeNotAuth, "", ""},
		"3.4.1.3 a name outside":          {func(t *testing.T, m *dns.Msg) { m.Insert([]dns.RR{rr(t, `a.other.test. 60 IN A 192.0.2.1`)}) }, "", dns.RcodeNotZone, "", "other"},
		"3.2.5 nothing is done where one fails": {func(t *testing.T, m *dns.Msg) {
			m.RRsetUsed([]dns.RR{rr(t, `none.harbor.test. 0 IN A 0.0.0.0`)})
			m.Insert([]dns.RR{rr(t, `new.harbor.test. 60 IN A 192.0.2.1`)})
		}, "", dns.RcodeNXRrset, "", "new"},
	} {
		t.Run(name, func(t *testing.T) {
			s := edgetest.Start(t, "harbor.test", text, edgetest.Options{})
			before := s.Dump()
			zone := c.zone
			if zone == "" {
				zone = "harbor.test."
			}
			m := new(dns.Msg).SetUpdate(zone)
			c.with(t, m)
			r, _, err := (&dns.Client{Net: "tcp"}).Exchange(m, s.Addr)
			if err != nil || r.Rcode != c.want {
				t.Fatalf("got %v %v, want %s", r, err, dns.RcodeToString[c.want])
			}
			after := s.Dump()
			if !strings.Contains(after, c.has) || c.hasNot != "" && strings.Contains(after, c.hasNot) {
				t.Errorf("the zone is\n%s", after)
			}
			if c.want != dns.RcodeSuccess && (after != before || s.Refused != 1) {
				t.Errorf("refused %d times, and the zone is\n%s", s.Refused, after)
			}
		})
	}
}

// TestSigned refuses an update without the key, and with another.
func TestSigned(t *testing.T) {
	s := edgetest.Start(t, "harbor.test", text, edgetest.Options{Key: "k", Secret: secret})
	before := s.Dump()
	for name, key := range map[string]string{"": "", "k.": "b3RoZXI=", "other.": secret} {
		m := new(dns.Msg).SetUpdate("harbor.test.")
		m.Insert([]dns.RR{rr(t, `new.harbor.test. 60 IN A 192.0.2.1`)})
		c := &dns.Client{Net: "tcp"}
		if name != "" {
			m.SetTsig(name, dns.HmacSHA256, 300, time.Now().Unix())
			c.TsigSecret = map[string]string{name: key}
		}
		r, _, err := c.Exchange(m, s.Addr)
		if err == nil && r.Rcode == dns.RcodeSuccess || s.Dump() != before {
			t.Errorf("key %q: %v %v", name, r, err)
		}
	}
}
