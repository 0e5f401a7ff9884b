package spf_test

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/launchready/launchready/mail"
	"github.com/launchready/launchready/mail/dnstest"
	"github.com/launchready/launchready/mail/spf"
)

// TestMacros are the examples of RFC 7208 section 7.4, and what the text before
// them says. Names are compared without case, as the DNS does.
func TestMacros(t *testing.T) {
	for _, c := range []struct{ macro, ip, want string }{
		{"%{s}", "192.0.2.3", "strong-bad@email.example.com"},
		{"%{o}", "192.0.2.3", "email.example.com"},
		{"%{d}", "192.0.2.3", "email.example.com"},
		{"%{d4}", "192.0.2.3", "email.example.com"},
		{"%{d3}", "192.0.2.3", "email.example.com"},
		{"%{d2}", "192.0.2.3", "example.com"},
		{"%{d1}", "192.0.2.3", "com"},
		{"%{dr}", "192.0.2.3", "com.example.email"},
		{"%{d2r}", "192.0.2.3", "example.email"},
		{"%{l}", "192.0.2.3", "strong-bad"},
		{"%{l-}", "192.0.2.3", "strong.bad"},
		{"%{lr}", "192.0.2.3", "strong-bad"},
		{"%{lr-}", "192.0.2.3", "bad.strong"},
		{"%{l1r-}", "192.0.2.3", "strong"},
		{"%{ir}.%{v}._spf.%{d2}", "192.0.2.3", "3.2.0.192.in-addr._spf.example.com"},
		{"%{lr-}.lp._spf.%{d2}", "192.0.2.3", "bad.strong.lp._spf.example.com"},
		{"%{lr-}.lp.%{ir}.%{v}._spf.%{d2}", "192.0.2.3", "bad.strong.lp.3.2.0.192.in-addr._spf.example.com"},
		{"%{ir}.%{v}.%{l1r-}.lp._spf.%{d2}", "192.0.2.3", "3.2.0.192.in-addr.strong.lp._spf.example.com"},
		{"%{d2}.trusted-domains.example.net", "192.0.2.3", "example.com.trusted-domains.example.net"},
		{"%{ir}.%{v}._spf.%{d2}", "2001:db8::cb01", "1.0.b.c.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6._spf.example.com"},
		{"%{c}", "2001:db8::cb01", "2001:db8::cb01"},
		{"%{h}", "192.0.2.3", "helo.example.com"},
		{"%{r}", "192.0.2.3", "mx.example.org"},
		{"%{t}", "192.0.2.3", "1700000000"},
		{"%{p}", "192.0.2.3", "unknown"},
		{"%{S}", "192.0.2.3", "strong-bad%40email.example.com"},
		{"%%%_%-", "192.0.2.3", "% %20"},
		{"%{d99999999999999999999}", "192.0.2.3", "email.example.com"},
	} {
		t.Run(c.macro, func(t *testing.T) {
			z := published(t, txt("email.example.com", "v=spf1 exp=why.example.com -all")+txt("why.example.com", c.macro))
			out := spf.CheckHost(context.Background(), z, spf.Request{IP: netip.MustParseAddr(c.ip), Sender: "strong-bad@email.example.com",
				HELO: "helo.example.com", Receiver: "mx.example.org", Now: time.Unix(1700000000, 0)})
			if out.Result != spf.Fail || !strings.EqualFold(out.Explanation, c.want) {
				t.Errorf("%s: %q, want %q", out.Result, out.Explanation, c.want)
			}
		})
	}
}

// TestClientName is %{p} with names that lead back and one that does not.
func TestClientName(t *testing.T) {
	z := published(t, txt("example.com", "v=spf1 exists:%{p}.allow.test exp=why.test -all")+txt("why.test", "%{p}")+`
3.2.0.192.in-addr.arpa. 60 PTR liar.example.com.
3.2.0.192.in-addr.arpa. 60 PTR far.test.
3.2.0.192.in-addr.arpa. 60 PTR mx.example.com.
liar.example.com. 60 A 192.0.2.99
far.test. 60 A 192.0.2.3
mx.example.com. 60 A 192.0.2.3
`)
	out := spf.CheckHost(context.Background(), z, spf.Request{IP: netip.MustParseAddr("192.0.2.3"), Sender: "a@example.com"})
	if out.Explanation != "mx.example.com" {
		t.Errorf("%q", out.Explanation)
	}
	if out.Lookups != 1 || out.Voids != 1 { // %{p} is no term of its own
		t.Errorf("%d lookups, %d voids", out.Lookups, out.Voids)
	}
}

func TestPositions(t *testing.T) {
	for _, c := range []struct {
		record string
		at     []int
	}{
		{"v=spf1 ip4:1.2.3.4 -all", nil},
		{"v=spf1 -all x", []int{12}},
		{"v=spf1 ip4:1.2.3 ip4:1.2.3.4/33", []int{11, 29}},
		{"v=spf1 a:%{z}.test -all", []int{9}},
		{"v=spf1 include: -all", []int{15 + 0}},
		{"v=spf1 include -all", []int{14}},
		{"v=spf1 all:x", []int{10}},
		{"v=spf1 \ta -all", []int{7}},
		{"v=spf1 redirect=a.test redirect=b.test", []int{23}},
		{"v=spf1 exp=%{q}.test", []int{11}},
		{"v=spf1 a//129 mx/032", []int{10, 17}},
		{"v=spf1 a:\xc3\xbc.test", []int{9}},
		{"v=spf1 exists:%{c}.test", []int{14}},
		{"v=spf1 a:%{d0}.test a:%{d%{d}}.test a:%x.test a:test%", []int{9, 22, 38, 52}},
	} {
		_, errs := spf.Parse(c.record)
		var got []int
		for _, e := range errs {
			got = append(got, e.At)
			if e.Text == "" || e.Term == "" || !strings.Contains(c.record, e.Term) {
				t.Errorf("%q: %+v", c.record, e)
			}
		}
		if fmt.Sprint(got) != fmt.Sprint(c.at) {
			t.Errorf("%q: at %v, want %v (%v)", c.record, got, c.at, errs)
		}
	}
}

// TestTrace: every term that was looked at is there, with questions and cost.
func TestTrace(t *testing.T) {
	z := published(t, txt("d.test", "v=spf1 ip4:198.51.100.1 mx include:i.test ~all")+txt("i.test", "v=spf1 a:gone.test ip4:192.0.2.0/24 -all")+
		"d.test. 60 MX 1 h.test.\nh.test. 60 A 198.51.100.2\n")
	out := spf.CheckHost(context.Background(), dnstest.Start(t, z).Client(), spf.Request{IP: netip.MustParseAddr("192.0.2.3"), Sender: "a@d.test"})
	var lines []string
	var show func(tr *spf.Trace, in string)
	show = func(tr *spf.Trace, in string) {
		for _, s := range tr.Steps {
			line := fmt.Sprintf("%s%s matched=%v lookups=%d voids=%d", in, s.Term.Text, s.Matched, s.Lookups, s.Voids)
			for _, q := range s.Questions {
				line += fmt.Sprintf(" [%s %s: %s]", q.Type, q.Name, q.Answer)
			}
			lines = append(lines, line)
			if s.Below != nil {
				show(s.Below, in+"  ")
			}
		}
	}
	show(out.Trace, "")
	want := []string{
		"ip4:198.51.100.1 matched=false lookups=0 voids=0",
		"mx matched=false lookups=1 voids=0 [MX d.test: 1 record] [A h.test: 1 record]",
		"include:i.test matched=true lookups=2 voids=1",
		"  a:gone.test matched=false lookups=1 voids=1 [A gone.test: NXDOMAIN]",
		"  ip4:192.0.2.0/24 matched=true lookups=0 voids=0",
	}
	if got := strings.Join(lines, "\n"); got != strings.Join(want, "\n") {
		t.Errorf("got\n%s", got)
	}
	if out.Result != spf.Pass || out.Lookups != 3 || out.Voids != 1 || out.Why == "" {
		t.Errorf("%+v", out)
	}
}

// TestClauses are decisions that the public suite does not make.
func TestClauses(t *testing.T) {
	base := "h.test. 60 A 192.0.2.3\nnull.test. 60 MX 0 .\n"
	for i := range 11 {
		base += fmt.Sprintf("many.test. 60 MX %d h.test.\n", i)
	}
	base = strings.ReplaceAll(base, "many.test. 60 MX 5 h.test.", "many.test. 60 MX 5 other.test.")
	for _, c := range []struct {
		name, record, sender, helo string
		ip                         string
		want                       spf.Result
	}{
		{name: "2.4 an empty sender is postmaster at HELO", record: "v=spf1 exists:%{l}.%{o}.test -all", helo: "d.test", want: spf.Fail},
		{name: "4.3 an IPv6 client with a mapped address is an IPv4 client", record: "v=spf1 ip4:192.0.2.3 -all", ip: "::ffff:192.0.2.3", want: spf.Pass},
		{name: "4.3 an address with a zone", record: "v=spf1 ip6:fe80::1 -all", ip: "fe80::1%eth0", want: spf.Pass},
		{name: "4.3 an internationalised sender domain", record: "v=spf1 -all", sender: "a@d\u2024test", want: spf.None},
		{name: "4.6.4 eleven MX", record: "v=spf1 mx:many.test -all", ip: "203.0.113.9", want: spf.PermError},
		{name: "7505 null MX has no host to ask for", record: "v=spf1 mx:null.test -all", want: spf.Fail},
		{name: "6.1 redirect into the void", record: "v=spf1 redirect=gone.test", want: spf.PermError},
		{name: "5.2 an include that fails is no match", record: "v=spf1 include:no.test ~all", want: spf.SoftFail},
		{name: "4.8 a name that expands too long loses labels from the left", record: "v=spf1 exists:" + strings.Repeat("%{d}.", 60) + "h.test -all", want: spf.Fail},
		{name: "5.3 a name that expands to an empty label is no match", record: "v=spf1 a:%{h}..h.test ?all", want: spf.Neutral},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.ip == "" {
				c.ip = "192.0.2.3"
			}
			if c.sender == "" && c.helo == "" {
				c.sender = "a@d.test"
			}
			z := published(t, base+txt("no.test", "v=spf1 -all"))
			z.Add(mail.Record{Name: "d.test", Type: mail.TXT, Text: []string{c.record}})
			out := spf.CheckHost(context.Background(), dnstest.Start(t, z).Client(), spf.Request{IP: netip.MustParseAddr(c.ip), Sender: c.sender, HELO: c.helo})
			if out.Result != c.want {
				t.Errorf("%s: %s", out.Result, out.Why)
			}
		})
	}
}

// TestTemporary: a server that fails is temperror, whichever way it fails
// (sections 2.6.6 and 4.4); no address at all is none.
func TestTemporary(t *testing.T) {
	s := dnstest.Start(t, published(t, txt("d.test", "v=spf1 a:h.test -all")+"h.test. 60 A 192.0.2.1\n"))
	req := spf.Request{IP: netip.MustParseAddr("192.0.2.3"), Sender: "a@d.test"}
	for _, f := range []dnstest.Fault{dnstest.ServFail, dnstest.Refused, dnstest.Silent, dnstest.Garbage, dnstest.Loop, dnstest.Cut, dnstest.Header, dnstest.Other, dnstest.CloseTCP} {
		for _, name := range []string{"d.test", "h.test"} {
			s.Fail(name, f)
			out := spf.CheckHost(context.Background(), s.Client(), req)
			s.Fail(name, dnstest.None)
			if out.Result != spf.TempError || out.Why == "" {
				t.Errorf("fault %d at %s: %s, %s", f, name, out.Result, out.Why)
			}
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if out := spf.CheckHost(ctx, s.Client(), req); out.Result != spf.TempError {
		t.Errorf("cancelled: %s", out.Result)
	}
	s.Fail("d.test", dnstest.Silent)
	req.Timeout = 100 * time.Millisecond
	if out := spf.CheckHost(context.Background(), &mail.Client{Server: s.Addr, Timeout: time.Hour}, req); out.Result != spf.TempError {
		t.Errorf("timeout: %s", out.Result)
	}
	if out := spf.CheckHost(context.Background(), s.Client(), spf.Request{Sender: "a@d.test"}); out.Result != spf.None || out.Trace == nil {
		t.Errorf("no address: %+v", out)
	}
}

// TestExplanationIsOneLine: what the sender writes cannot break the reply.
func TestExplanationIsOneLine(t *testing.T) {
	z := published(t, txt("d.test", "v=spf1 exp=e.test -all")+txt("e.test", "%{l} may not"))
	out := spf.CheckHost(context.Background(), z, spf.Request{IP: netip.MustParseAddr("192.0.2.3"), Sender: "a\r\n250 ok\x00\"@d.test"})
	if out.Result != spf.Fail || strings.ContainsAny(out.Explanation, "\r\n\x00") || !strings.HasSuffix(out.Explanation, " may not") {
		t.Errorf("%s %q", out.Result, out.Explanation)
	}
}

// FuzzCheck: any record, sender and name end in a result within the limits.
func FuzzCheck(f *testing.F) {
	f.Add("v=spf1 a:%{l1r-}.%{d2} include:d.test -all", "a-b@d.test", "h.test")
	f.Add("v=spf1 redirect=%{d}", "@", "")
	f.Add("v=spf1 exp=%{p} mx/0//0 ptr:%{ir}.x.y", "é@d.test", "[1]")
	f.Fuzz(func(t *testing.T, record, sender, helo string) {
		if len(record) > 4000 || len(sender) > 2000 {
			return
		}
		z := published(t, "h.test. 60 A 192.0.2.3\n3.2.0.192.in-addr.arpa. 60 PTR h.test.\n")
		z.Add(mail.Record{Name: "d.test", Type: mail.TXT, Text: []string{record}})
		count := &counting{Resolver: z}
		out := spf.CheckHost(context.Background(), count, spf.Request{IP: netip.MustParseAddr("192.0.2.3"), Domain: "d.test", Sender: sender, HELO: helo})
		if out.Result == "" || out.Why == "" || count.n > 250 || strings.ContainsAny(out.Explanation, "\r\n") {
			t.Errorf("%+v after %d questions", out, count.n)
		}
		_, errs := spf.Parse(record)
		if spf.IsRecord(record) && len(errs) > 0 != (out.Result == spf.PermError && len(out.Trace.Steps) == 0) {
			t.Errorf("%d errors, but %s: %s", len(errs), out.Result, out.Why)
		}
		for _, e := range errs {
			if e.At < 0 || e.At > len(record) {
				t.Errorf("%+v is outside", e)
			}
		}
		spf.Inspect(context.Background(), count, "d.test")
	})
}
