package mail_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/miekg/dns"

	"github.com/launchready/launchready/mail"
)

func TestDomain(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"Example.COM", "example.com"},
		{"example.com.", "example.com"},
		{"bücher.example", "xn--bcher-kva.example"},
		{"_dmarc.example.com", "_dmarc.example.com"},
		{"", ""},
		{".", ""},
		{"a..b", ""},
		{strings.Repeat("a", 64) + ".com", ""},
		{strings.Repeat("abcdefg.", 32) + "com", ""},
		{"\xff\xfe.com", ""},
	} {
		got, err := mail.Domain(c.in)
		if got != c.want || (err == nil) != (c.want != "") || err != nil && !errors.Is(err, mail.ErrName) {
			t.Errorf("Domain(%q) = %q, %v; want %q", c.in, got, err, c.want)
		}
	}
}

func TestReverse(t *testing.T) {
	for in, want := range map[string]string{
		"192.0.2.1":        "1.2.0.192.in-addr.arpa",
		"::ffff:192.0.2.1": "1.2.0.192.in-addr.arpa",
		"2001:db8::cb01":   "1.0.b.c.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa",
	} {
		if got := mail.Reverse(netip.MustParseAddr(in)); got != want {
			t.Errorf("Reverse(%s) = %s", in, got)
		}
	}
}

func TestZoneBeyond(t *testing.T) {
	outer, err := mail.ParseZone(strings.NewReader("plan.test. 60 TXT \"old\"\nother.test. 60 TXT \"theirs\"\n"), ".")
	if err != nil {
		t.Fatal(err)
	}
	plan, err := mail.ParseZone(strings.NewReader("@ 60 TXT \"new\"\nto 60 CNAME other.test.\n"), "plan.test")
	if err != nil {
		t.Fatal(err)
	}
	plan.Beyond = outer
	for _, c := range []struct {
		ask  string
		want string
		code mail.Code
	}{
		{"plan.test", "new", mail.NoError},
		{"other.test", "theirs", mail.NoError},
		{"to.plan.test", "theirs", mail.NoError},
		{"gone.plan.test", "", mail.NXDomain},
		{"notplan.test", "", mail.NXDomain},
	} {
		a, err := plan.Lookup(context.Background(), c.ask, mail.TXT)
		if err != nil || a.Code != c.code || strings.Join(a.Texts(), "|") != c.want || a.Name != c.ask {
			t.Errorf("%s: got %+v %v", c.ask, a, err)
		}
	}
}

func TestParseZoneRefuses(t *testing.T) {
	for name, text := range map[string]string{
		"garbage":     "this is no zone \x00",
		"an include":  "$INCLUDE /etc/passwd\n",
		"a bad owner": "a..b. 60 TXT \"x\"\n",
	} {
		if z, err := mail.ParseZone(strings.NewReader(text), "test"); err == nil {
			t.Errorf("%s: got %+v", name, z)
		}
	}
}

type counted struct {
	mail.Resolver
	n    atomic.Int32
	fail atomic.Bool
}

func (c *counted) Lookup(ctx context.Context, name string, t mail.Type) (mail.Answer, error) {
	c.n.Add(1)
	if c.fail.Load() {
		return mail.Answer{Name: name, Type: t, Code: mail.ServFail}, nil
	}
	return c.Resolver.Lookup(ctx, name, t)
}

func TestMemo(t *testing.T) {
	z := &mail.Zone{}
	z.Add(mail.Record{Name: "a.test", Type: mail.TXT, Text: []string{"x"}})
	under := &counted{Resolver: z}
	m := mail.NewMemo(under)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if a, err := m.Lookup(context.Background(), "A.test", mail.TXT); err != nil || len(a.Records) != 1 {
				t.Errorf("%+v %v", a, err)
			}
		})
	}
	wg.Wait()
	if n := under.n.Load(); n != 1 {
		t.Errorf("asked %d times", n)
	}
	under.fail.Store(true)
	if a, _ := m.Lookup(context.Background(), "a.test", mail.A); a.Code != mail.ServFail {
		t.Errorf("got %+v", a)
	}
	under.fail.Store(false)
	if a, _ := m.Lookup(context.Background(), "a.test", mail.A); a.Code != mail.NoError {
		t.Errorf("a failure was kept: %+v", a)
	}
}

func ExampleZone() {
	zone, err := mail.ParseZone(strings.NewReader(`example.test. 300 TXT "v=spf1 -all"`), ".")
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, name := range []string{"example.test", "www.example.test"} {
		a, err := mail.Ask(context.Background(), zone, name, mail.TXT)
		fmt.Println(name, a.Code, a.Texts(), err)
	}
	// Output:
	// example.test NOERROR [v=spf1 -all] <nil>
	// www.example.test NXDOMAIN [] <nil>
}

// FuzzMessage: whatever a server sends, a record that is read can be written and
// is then read the same.
func FuzzMessage(f *testing.F) {
	for _, r := range []mail.Record{
		{Name: "a.test", Type: mail.TXT, Text: []string{"\x00\"\\", "é"}},
		{Name: `a\.b.test`, Type: mail.MX, Host: "m x.test", Preference: 1},
		{Name: "a.test", Type: mail.A, Addr: netip.MustParseAddr("192.0.2.1")},
		{Name: "a.test", Type: mail.AAAA, Addr: netip.MustParseAddr("2001:db8::1")},
	} {
		m := new(dns.Msg)
		m.Answer = append(m.Answer, r.RR())
		b, err := m.Pack()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		m := new(dns.Msg)
		if m.Unpack(b) != nil {
			return
		}
		for _, rr := range m.Answer {
			r, ok := mail.FromRR(rr)
			if !ok {
				continue
			}
			again, ok := mail.FromRR(r.RR())
			if !ok || again.Joined() != r.Joined() || !strings.EqualFold(again.Name, r.Name) || again.Host != r.Host || again.Addr.Unmap() != r.Addr.Unmap() {
				t.Errorf("%+v became %+v", r, again)
			}
		}
	})
}

func FuzzZone(f *testing.F) {
	f.Add("a 60 TXT \"x\"\n* 60 CNAME a\n", "b")
	f.Add("$GENERATE 1-9 a$ 60 A 192.0.2.$\n", "a1")
	f.Fuzz(func(t *testing.T, text, name string) {
		if len(text) > 2000 || strings.Contains(text, "$GENERATE") {
			return
		}
		z, err := mail.ParseZone(strings.NewReader(text), "test")
		if err != nil {
			return
		}
		a, err := z.Lookup(context.Background(), name+".test", mail.TXT)
		if err == nil && len(a.Chain) > 10 {
			t.Errorf("%+v", a)
		}
	})
}
