package spf_test

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/launchready/launchready/mail"
	"github.com/launchready/launchready/mail/dnstest"
	"github.com/launchready/launchready/mail/spf"
)

// published makes a zone of one domain's record and whatever it leads to.
func published(t testing.TB, text string) *mail.Zone {
	t.Helper()
	z, err := mail.ParseZone(strings.NewReader(text), ".")
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func txt(name, record string) string { return fmt.Sprintf("%s. 60 TXT %q\n", name, record) }

func TestInspect(t *testing.T) {
	const good = "mx.test. 60 A 192.0.2.1\nmx.test. 60 AAAA 2001:db8::1\n"
	long := "v=spf1"
	for i := range 40 {
		long += fmt.Sprintf(" ip4:192.0.2.%d", i)
	}
	for _, c := range []struct {
		name string
		zone string
		want []spf.Code // all of them, in any order
	}{
		{name: "clean", zone: txt("d.test", "v=spf1 a:mx.test ip4:198.51.100.0/24 -all") + good},
		{name: "softfail is clean", zone: txt("d.test", "v=spf1 ip4:198.51.100.0/24 ~all")},
		{name: "a name that sends nothing", zone: txt("d.test", "v=spf1 -all")},
		{name: "no record", zone: txt("d.test", "v=spf10 -all"), want: []spf.Code{spf.NoRecord}},
		{name: "no name", zone: "e.test. 60 A 192.0.2.1\n", want: []spf.Code{spf.NoRecord}},
		{name: "two records", zone: txt("d.test", "v=spf1 -all") + txt("d.test", "V=SPF1 ~all"), want: []spf.Code{spf.Multiple}},
		{name: "a text beside it is nobody's business", zone: txt("d.test", "v=spf1 -all") + txt("d.test", "spf2.0/pra -all")},
		{name: "syntax", zone: txt("d.test", "v=spf1 ip4:192.0.2.300 a:b/33 -all"), want: []spf.Code{spf.Syntax, spf.Syntax}},
		{name: "unknown mechanism", zone: txt("d.test", "v=spf1 ipv4:192.0.2.1 -all"), want: []spf.Code{spf.UnknownMechanism}},
		{name: "unknown modifier is allowed", zone: txt("d.test", "v=spf1 moo.cow-far_out=man:dog/cat -all")},
		{name: "+all", zone: txt("d.test", "v=spf1 +all"), want: []spf.Code{spf.PlusAll}},
		{name: "bare all", zone: txt("d.test", "v=spf1 all"), want: []spf.Code{spf.PlusAll}},
		{name: "+all of an include", zone: txt("d.test", "v=spf1 include:i.test -all") + txt("i.test", "v=spf1 +all"), want: []spf.Code{spf.PlusAll}},
		{name: "+all of an include that is no pass", zone: txt("d.test", "v=spf1 ?include:i.test -all") + txt("i.test", "v=spf1 +all")},
		{name: "+all of an include that passes the second time", zone: txt("d.test", "v=spf1 ?include:i.test include:i.test -all") + txt("i.test", "v=spf1 +all"), want: []spf.Code{spf.PlusAll, spf.Repeated}},
		{name: "+all behind an all", zone: txt("d.test", "v=spf1 -all include:i.test") + txt("i.test", "v=spf1 +all"), want: []spf.Code{spf.AfterAll}},
		{name: "?all behind a redirect that is ignored", zone: txt("d.test", "v=spf1 redirect=i.test -all") + txt("i.test", "v=spf1 ?all"), want: []spf.Code{spf.RedirectWithAll}},
		{name: "?all", zone: txt("d.test", "v=spf1 ?all"), want: []spf.Code{spf.NeutralAll}},
		{name: "?all of an include is no matter", zone: txt("d.test", "v=spf1 include:i.test -all") + txt("i.test", "v=spf1 ?all")},
		{name: "?all behind a redirect is", zone: txt("d.test", "v=spf1 redirect=i.test") + txt("i.test", "v=spf1 ?all"), want: []spf.Code{spf.NeutralAll}},
		{name: "no all", zone: txt("d.test", "v=spf1 ip4:192.0.2.1"), want: []spf.Code{spf.NoAll}},
		{name: "no all in an include is no matter", zone: txt("d.test", "v=spf1 include:i.test -all") + txt("i.test", "v=spf1 ip4:192.0.2.1")},
		{name: "a modifier called all is no all", zone: txt("d.test", "v=spf1 all=x"), want: []spf.Code{spf.NoAll}},
		{name: "after all", zone: txt("d.test", "v=spf1 -all ip4:192.0.2.1"), want: []spf.Code{spf.AfterAll}},
		{name: "redirect and all", zone: txt("d.test", "v=spf1 redirect=i.test -all") + txt("i.test", "v=spf1 -all"), want: []spf.Code{spf.RedirectWithAll}},
		{name: "twice", zone: txt("d.test", "v=spf1 ip4:192.0.2.1 +IP4:192.0.2.1 -all"), want: []spf.Code{spf.Duplicate}},
		{name: "ptr", zone: txt("d.test", "v=spf1 ptr -all"), want: []spf.Code{spf.Deprecated}},
		{name: "a host that is gone", zone: txt("d.test", "v=spf1 a:gone.test -all"), want: []spf.Code{spf.VoidTarget}},
		{name: "no MX", zone: txt("d.test", "v=spf1 mx -all"), want: []spf.Code{spf.VoidTarget}},
		{name: "three hosts that are gone", zone: txt("d.test", "v=spf1 a:g1.test a:g2.test a:g3.test -all"),
			want: []spf.Code{spf.VoidTarget, spf.VoidTarget, spf.VoidTarget, spf.TooManyVoids}},
		{name: "three hosts without IPv6", zone: txt("d.test", "v=spf1 a:h1.test a:h2.test a:h3.test -all") +
			"h1.test. 60 A 192.0.2.1\nh2.test. 60 A 192.0.2.2\nh3.test. 60 A 192.0.2.3\n", want: []spf.Code{spf.VoidsIPv6}},
		{name: "include without record", zone: txt("d.test", "v=spf1 include:mx.test -all") + good, want: []spf.Code{spf.IncludeNone}},
		{name: "include of a name that anybody may register", zone: txt("d.test", "v=spf1 include:gone.example -all"), want: []spf.Code{spf.IncludeMissing}},
		{name: "redirect to nothing", zone: txt("d.test", "v=spf1 redirect=gone.example"), want: []spf.Code{spf.IncludeMissing}},
		{name: "loop", zone: txt("d.test", "v=spf1 include:e.test -all") + txt("e.test", "v=spf1 include:d.test -all"), want: []spf.Code{spf.Loop}},
		{name: "loop onto itself", zone: txt("d.test", "v=spf1 redirect=d.test"), want: []spf.Code{spf.Loop}},
		{name: "an include twice", zone: txt("d.test", "v=spf1 include:i.test include:j.test -all") +
			txt("i.test", "v=spf1 include:k.test -all") + txt("j.test", "v=spf1 include:k.test -all") + txt("k.test", "v=spf1 -all"), want: []spf.Code{spf.Repeated}},
		{name: "half the world", zone: txt("d.test", "v=spf1 ip4:10.0.0.0/8 -all"), want: []spf.Code{spf.Broad}},
		{name: "half the world by IPv6", zone: txt("d.test", "v=spf1 ip6:2001::/16 -all"), want: []spf.Code{spf.Broad}},
		{name: "refusing half the world is sound", zone: txt("d.test", "v=spf1 -ip4:10.0.0.0/8 ip4:192.0.2.1 -all")},
		{name: "the network around a host", zone: txt("d.test", "v=spf1 a:mx.test/8 -all") + good, want: []spf.Code{spf.Broad}},
		{name: "covered", zone: txt("d.test", "v=spf1 ip4:192.0.2.0/24 ip4:192.0.2.7 -all"), want: []spf.Code{spf.Overlap}},
		{name: "covered by an include", zone: txt("d.test", "v=spf1 ip4:192.0.2.7 include:i.test -all") + txt("i.test", "v=spf1 ip4:192.0.2.0/24 -all"), want: []spf.Code{spf.Overlap}},
		{name: "an exception is no overlap", zone: txt("d.test", "v=spf1 -ip4:192.0.2.7 ip4:192.0.2.0/24 -all")},
		{name: "macro", zone: txt("d.test", "v=spf1 include:%{i}._spf.test -all"), want: []spf.Code{spf.Varies}},
		{name: "macro of the domain alone", zone: txt("d.test", "v=spf1 include:%{d2}._spf.test -all") + txt("d.test._spf.test", "v=spf1 -all")},
		{name: "type 99", zone: txt("d.test", "v=spf1 -all") + "d.test. 60 SPF \"v=spf1 -all\"\n", want: []spf.Code{spf.OldType}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := dnstest.Start(t, published(t, c.zone))
			r := spf.Inspect(context.Background(), s.Client(), "d.test")
			var got []spf.Code
			for _, p := range r.Problems {
				got = append(got, p.Code)
				if p.Text == "" || p.Clause == "" || p.Domain == "" {
					t.Errorf("a problem says too little: %+v", p)
				}
				if p.Term != "" && !strings.Contains(c.zone, p.Term) {
					t.Errorf("no such term: %+v", p)
				}
			}
			slices.Sort(got)
			slices.Sort(c.want)
			if !slices.Equal(got, c.want) || !r.Complete {
				t.Errorf("got %v, want %v (complete %v)\n%+v", got, c.want, r.Complete, r.Problems)
			}
		})
	}
	t.Run("length", func(t *testing.T) {
		for n, want := range map[int]spf.Code{255: "", 256: spf.Over255, 450: spf.Over255, 451: spf.Over450} {
			z := &mail.Zone{}
			z.Add(mail.Record{Name: "d.test", Type: mail.TXT, Text: []string{(long + strings.Repeat(" ", 500))[:n-5] + " -all"}})
			r := spf.Inspect(context.Background(), z, "d.test")
			if over := len(r.Has(spf.Over255)) + len(r.Has(spf.Over450)); (over == 1) != (want != "") || want != "" && len(r.Has(want)) != 1 {
				t.Errorf("%d bytes: %+v", n, r.Problems)
			}
		}
	})
}

// TestCost: the worst path counts all includes whole, what is behind an all not
// at all, and goes on past ten.
func TestCost(t *testing.T) {
	zone := txt("d.test", "v=spf1 a:h.test include:one.test include:two.test -all mx") +
		txt("one.test", "v=spf1 a:h.test mx:h.test redirect=three.test") +
		txt("two.test", "v=spf1 include:three.test include:four.test ip4:192.0.2.1 -all include:one.test") +
		txt("three.test", "v=spf1 a:h.test ptr -all") +
		txt("four.test", "v=spf1 ip4:192.0.2.0/24 a:none.test -all") +
		"h.test. 60 A 198.51.100.1\nh.test. 60 AAAA 2001:db8::1\nh.test. 60 MX 0 h.test.\n1.113.0.203.in-addr.arpa. 60 PTR other.test.\n"
	z := published(t, zone)
	r := spf.Inspect(context.Background(), z, "d.test")
	// a 1; one: 1 + a 1 + mx 1 + redirect 1 + (a 1 + ptr 1) = 6;
	// two: 1 + three 1 + 2 + four 1 + 1 = 6.
	if r.Lookups != 13 || r.Voids4 != 1 || r.Voids6 != 1 {
		t.Errorf("lookups %d, voids %d and %d", r.Lookups, r.Voids4, r.Voids6)
	}
	if len(r.Has(spf.TooManyLookups)) != 1 || !r.Has(spf.TooManyLookups)[0].Fatal {
		t.Errorf("%+v", r.Problems)
	}
	each := map[string]int{}
	for _, c := range r.Root.Costs {
		each[c.Term.Text] = c.Lookups
		if c.Reached == (c.Term.Text == "mx") {
			t.Errorf("%s: reached %v", c.Term.Text, c.Reached)
		}
	}
	for term, want := range map[string]int{"a:h.test": 1, "include:one.test": 6, "include:two.test": 6, "-all": 0, "mx": 1} {
		if each[term] != want {
			t.Errorf("%s costs %d, want %d", term, each[term], want)
		}
	}
	if r.Hosts4 != 256+1 {
		t.Errorf("%d addresses pass", r.Hosts4)
	}
	// The evaluation agrees: a stranger pays until the limit.
	out := spf.CheckHost(context.Background(), z, spf.Request{IP: netip.MustParseAddr("203.0.113.1"), Domain: "d.test"})
	if out.Result != spf.PermError || out.Lookups != spf.MostLookups+1 {
		t.Errorf("%s after %d: %s", out.Result, out.Lookups, out.Why)
	}
}

// TestFatal: what no sender gets to stops none.
func TestFatal(t *testing.T) {
	for _, c := range []struct {
		name, record string
		code         spf.Code
		fatal        bool
	}{
		{"a broken include", "v=spf1 include:broken.test -all", spf.Syntax, true},
		{"a broken include behind all", "v=spf1 -all include:broken.test", spf.Syntax, false},
		{"first behind nothing, then behind all", "v=spf1 include:late.test include:broken.test -all", spf.Syntax, true},
		{"a missing include", "v=spf1 include:none.test -all", spf.IncludeMissing, true},
		{"a missing include behind all", "v=spf1 -all include:none.test", spf.IncludeMissing, false},
		{"a redirect into nothing that is ignored", "v=spf1 -all redirect=none.test", spf.IncludeMissing, false},
		{"two records behind all", "v=spf1 -all include:two.test", spf.Multiple, false},
		{"two records", "v=spf1 include:two.test -all", spf.Multiple, true},
	} {
		z := published(t, txt("d.test", c.record)+txt("broken.test", "v=spf1 ip4:x -all")+txt("late.test", "v=spf1 -all include:broken.test")+
			txt("two.test", "v=spf1 -all")+txt("two.test", "v=spf1 ~all"))
		r := spf.Inspect(context.Background(), z, "d.test")
		got := r.Has(c.code)
		if len(got) != 1 || got[0].Fatal != c.fatal {
			t.Errorf("%s: %+v", c.name, r.Problems)
		}
		out := spf.CheckHost(context.Background(), z, spf.Request{IP: netip.MustParseAddr("203.0.113.1"), Domain: "d.test"})
		if (out.Result == spf.PermError) != c.fatal {
			t.Errorf("%s: a check gives %s", c.name, out.Result)
		}
	}
}

// TestInspectCannotAsk: what did not answer is never a finding about the domain.
func TestInspectCannotAsk(t *testing.T) {
	s := dnstest.Start(t, published(t, txt("d.test", "v=spf1 include:i.test a:h.test -all")+txt("i.test", "v=spf1 -all")+"h.test. 60 A 192.0.2.1\n"))
	for _, fault := range []dnstest.Fault{dnstest.ServFail, dnstest.Refused, dnstest.Garbage, dnstest.Silent, dnstest.Loop} {
		for _, name := range []string{"d.test", "i.test", "h.test"} {
			s.Fail(name, fault)
			r := spf.Inspect(context.Background(), s.Client(), "d.test")
			s.Fail(name, dnstest.None)
			if r.Complete || len(r.Has(spf.Unasked)) == 0 || len(r.Problems) != len(r.Has(spf.Unasked)) {
				t.Errorf("%s with fault %d: complete %v, %+v", name, fault, r.Complete, r.Problems)
			}
		}
	}
}

// TestBombs: records made to exhaust. All ends in bounded questions.
func TestBombs(t *testing.T) {
	doubling := &mail.Zone{}
	for i := range 60 { // 2^60 evaluations for who does not count
		doubling.Add(mail.Record{Name: fmt.Sprintf("b%d.test", i), Type: mail.TXT,
			Text: []string{fmt.Sprintf("v=spf1 include:b%d.test ?include:b%d.test -all", i+1, i+1)}})
	}
	wide, ranges, hosts := "v=spf1", "v=spf1", "v=spf1"
	for i := range 3000 {
		wide += fmt.Sprintf(" include:w%d.test", i)
		ranges += fmt.Sprintf(" ip4:10.%d.%d.0/24", i/256, i%256)
		hosts += fmt.Sprintf(" a:w%d.test", i)
	}
	flat := &mail.Zone{}
	for name, record := range map[string]string{"wide.test": wide, "ranges.test": ranges, "hosts.test": hosts, "garbage.test": "v=spf1 " + strings.Repeat("%{", 30_000)} {
		flat.Add(mail.Record{Name: name, Type: mail.TXT, Text: []string{record}})
	}
	for i := range 3000 {
		flat.Add(mail.Record{Name: fmt.Sprintf("w%d.test", i), Type: mail.TXT, Text: []string{"v=spf1 -all"}})
	}
	for _, c := range []struct {
		zone   *mail.Zone
		domain string
		result spf.Result
	}{
		{doubling, "b0.test", spf.PermError},
		{flat, "wide.test", spf.PermError},
		{flat, "ranges.test", spf.Neutral},
		{flat, "hosts.test", spf.PermError},
		{flat, "garbage.test", spf.PermError},
	} {
		t.Run(c.domain, func(t *testing.T) {
			count := &counting{Resolver: c.zone}
			out := spf.CheckHost(context.Background(), count, spf.Request{IP: netip.MustParseAddr("203.0.113.1"), Domain: c.domain})
			if out.Result != c.result || count.n > 130 {
				t.Errorf("%s after %d questions: %.200s", out.Result, count.n, out.Why)
			}
			count.n = 0
			r := spf.Inspect(context.Background(), count, c.domain)
			if count.n > 410 || len(r.Problems) > 500 {
				t.Errorf("%d questions, %d problems", count.n, len(r.Problems))
			}
			if c.result == spf.PermError && !slices.ContainsFunc(r.Problems, func(p spf.Problem) bool { return p.Fatal }) {
				t.Errorf("nothing fatal in %d problems", len(r.Problems))
			}
		})
	}
}

type counting struct {
	mail.Resolver
	n int
}

func (c *counting) Lookup(ctx context.Context, name string, t mail.Type) (mail.Answer, error) {
	c.n++
	return c.Resolver.Lookup(ctx, name, t)
}
